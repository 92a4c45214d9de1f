import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';

/** Milliseconds from the last sign of life to the end of a command: 8 s of silence, 2 s to end well, and some. */
const LEASE = 12_000;

describe('a command whose client is gone', function () {
	this.timeout(90_000);
	let cluster: TestCluster;
	let namespace: string;
	let container: string;
	let count = 0;
	const clients: ChildProcess[] = [];

	before(async function () {
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
		assert.equal((await ke(cluster, ['net', 'web', '-n', namespace, '-q', '--', 'true'])).code, 0);
		const words = ['get', 'pod', 'web', '-n', namespace, '-o', 'jsonpath={.spec.ephemeralContainers[0].name}'];
		container = (await cluster.kubectl(...words)).stdout;
	});

	afterEach(() => {
		for (const client of clients.splice(0)) client.kill('SIGKILL');
		if (cluster?.sandbox) cluster.sandbox.misbehaviour.silentStreams = false;
	});

	/** Runs something in our container beside the program under test. */
	const inside = async (script: string): Promise<{ code: number; stdout: string }> =>
		cluster.sandbox
			? cluster.sandbox.run(namespace, 'web', container, ['sh', '-c', script])
			: cluster.kubectl('exec', 'web', '-n', namespace, '-c', container, '--', 'sh', '-c', script);
	const there = async (command: string): Promise<boolean> => (await inside(`pgrep -fx '${command}'`)).code === 0;
	/** A command of its own name. */
	const sleep = (): string => `sleep ${4_000_000 + count++}`;
	/** Start the program; `command` is what is awaited in the container. */
	const start = async (words: string[], command: string): Promise<ChildProcess> => {
		const client = spawn(executable(), ['net', 'web', '-n', namespace, '-q', ...words], {
			env: programEnv(cluster.kubeconfig),
			stdio: [words.includes('-i') ? 'pipe' : 'ignore', 'ignore', 'ignore'],
		});
		clients.push(client);
		await eventually(() => there(command));
		return client;
	};
	/** Milliseconds until a command is gone. */
	const gone = async (command: string, within = LEASE): Promise<number> => {
		const began = Date.now();
		await eventually(async () => !(await there(command)), within);
		return Date.now() - began;
	};

	it('is ended when the client stands still', async () => {
		const command = sleep();
		const client = await start(['--', ...command.split(' ')], command);
		client.kill('SIGSTOP');
		assert.ok((await gone(command)) > 3000, 'it had its lease');
	});

	it('is ended when the line is dead both ways', async function () {
		if (!cluster.sandbox) this.skip();
		const command = sleep();
		await start(['--', ...command.split(' ')], command);
		cluster.sandbox.misbehaviour.silentStreams = true;
		await gone(command);
	});

	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
		it(`is ended at once when the client gets ${signal}`, async () => {
			const command = sleep();
			const client = await start(['--', ...command.split(' ')], command);
			client.kill(signal);
			await gone(command, 5000);
		});
	}

	it('is ended in the target’s root too, with all that it began', async () => {
		const [one, other] = [sleep(), sleep()];
		const client = await start(['--root', 'target', '--', 'sh', '-c', `setsid ${one} & ${other} | cat`], `.*${one}`);
		await eventually(() => there(`.*${other}`));
		client.kill('SIGKILL');
		await gone(`.*(${one}|${other})`, 5000);
	});

	it('is killed when it minds no TERM', async () => {
		const command = sleep();
		const client = await start(['--', 'sh', '-c', `trap "" TERM INT HUP; ${command}; ${command}`], command);
		client.kill('SIGKILL');
		await gone(command);
	});

	it('that reads input sees the end of it', async () => {
		const command = sleep();
		const mark = `/tmp/seen-${process.pid}`;
		const client = await start(['-i', '--', 'sh', '-c', `${command} & cat >/dev/null; : >${mark}; kill $!`], command);
		client.kill('SIGKILL');
		await eventually(async () => (await inside(`test -e ${mark}`)).code === 0, 5000);
		await gone(command);
	});

	it('and traces the target lets go of it, which lives on', async function () {
		const tracer = async (): Promise<string> => (await inside('grep ^TracerPid: /proc/1/status')).stdout.trim();
		if ((await inside('command -v strace && kill -0 1')).code !== 0) this.skip();
		const client = await start(['--', 'sh', '-c', 'strace -o /dev/null -p $TARGET_PID'], 'strace -o /dev/null -p 1');
		await eventually(async () => !(await tracer()).endsWith('\t0'));
		client.kill('SIGKILL');
		await eventually(async () => (await tracer()).endsWith('\t0'), LEASE);
		const alive = await ke(cluster, ['net', 'web', '-n', namespace, '-q', '--', 'curl', '-s', 'localhost:8080']);
		assert.equal(alive.code, 0);
		const words = ['get', 'pod', 'web', '-n', namespace, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'];
		assert.equal((await cluster.kubectl(...words)).stdout, '0');
	});
});
