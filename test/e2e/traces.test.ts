import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { ke, programEnv, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal } from '../support/terminal.ts';

/** Host ids of all processes in the PID namespace of a process. */
function processesBeside(pid: number): string[] {
	const namespaceOf = (one: string): string | undefined => {
		try {
			return readlinkSync(`/proc/${one}/ns/pid`);
		} catch {
			return undefined;
		}
	};
	const wanted = namespaceOf(String(pid));
	assert.ok(wanted);
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && namespaceOf(name) === wanted);
}

/** Each by the words of its pod. The last two wait for no child, so that none of ours can be missed. */
const TARGETS = {
	'an empty image': { holds: 'etc' },
	'an image with one program': { holds: 'lib', image: 'registry.test/musltarget:1' },
	'a distribution': { holds: 'usr', image: 'docker.io/nicolaka/netshoot:latest', command: ['/bin/sleep', '1d'] },
};

describe('a target after a visit', function () {
	this.timeout(120_000);
	let cluster: TestCluster;
	let sandbox: Sandbox;
	let namespace: string;

	before(async function () {
		cluster = await useCluster(this);
		// Only the stand-in can be asked what was written in a container and what its children were.
		if (!cluster.sandbox) this.skip();
		sandbox = cluster.sandbox;
		namespace = await cluster.namespace();
	});

	for (const [what, { holds, ...options }] of Object.entries(TARGETS)) {
		it(`is what it was: ${what}`, async () => {
			const pod = `visited-${holds}`;
			await cluster.apply(namespace, podYaml(pod, options), pod);
			const main = sandbox.mainProcess(namespace, pod, 'app') ?? 0;
			const files = sandbox.changes(namespace, pod, 'app');
			const processes = processesBeside(main);
			const watch = sandbox.watchChildren(namespace, pod, 'app');

			await visit(pod, holds);
			const stopped = await ke(cluster, ['stop', pod, '-n', namespace, '-q']);
			assert.deepEqual([stopped.code, stopped.stderr], [0, '']);

			assert.deepEqual(processesBeside(main), processes, 'a process of ours goes on');
			assert.deepEqual(
				watch.stop().filter(({ container }) => container !== 'app'),
				[],
				'the application was given a child of ours',
			);
			assert.deepEqual(sandbox.changes(namespace, pod, 'app'), files);
		});
	}

	/** All that one does there, some of it badly. */
	async function visit(pod: string, holds: string): Promise<void> {
		const well = async (ran: Promise<Ran>): Promise<string> => {
			const { code, stdout, stderr } = await ran;
			assert.deepEqual([code, stderr], [0, '']);
			return stdout;
		};
		const net = (...words: string[]): Promise<string> =>
			well(ke(cluster, ['net', pod, '-n', namespace, '-q', ...words]));
		assert.match(await net('--root', 'target', '--', 'ls', '/'), new RegExp(`^${holds}$`, 'm'));
		await shell(['net', pod, '-n', namespace, '--root', 'target'], '/', holds);
		await shell(['net', pod, '-n', namespace], '$TARGET_ROOT', holds);
		assert.match(await net('--env-from', 'target', '--', 'env'), /^PATH=/m);
		assert.match(await well(ke(cluster, ['cp', `${pod}:/etc/hostname`, '-', '-n', namespace, '-q'])), new RegExp(pod));
		assert.match(await well(ke(cluster, ['ls', `${pod}:/`, '-n', namespace])), new RegExp(`\\b${holds}\\b`));
		// A command that leaves something behind, and a tool inside that does.
		await net('--', 'sh', '-c', 'sleep 4321 >/dev/null 2>&1 &');
		await net('--root', 'target', '--', 'sh', '-c', 'sleep 4321 >/dev/null 2>&1 &');
		await net('--', 'sh', '-c', 'setsid sh -c "setsid sleep 4321 & setsid sleep 4321" >/dev/null 2>&1 &');
	}

	/** At a terminal: completion, history, a job that is left behind. */
	async function shell(words: string[], root: string, holds: string): Promise<void> {
		const terminal = openTerminal(executable(), words, programEnv(cluster.kubeconfig));
		try {
			await terminal.see(/[#$] $/);
			terminal.type('sleep 4321 &\r');
			await terminal.see(/\[1\] \d+\r\n/);
			terminal.type(`cd ${root}\r`);
			await terminal.see(/[#$] $/);
			terminal.type(`ls -d ./${holds.slice(0, -1)}\t | cat\r`);
			await terminal.see(new RegExp(`\\n\\./${holds}/?\\r\\n`));
			terminal.type('history | grep -c 4321\r');
			await terminal.see(/\n[1-9]\r\n/);
			terminal.type('exit 3\r');
			assert.equal(await terminal.ended, 3);
		} finally {
			terminal.kill('SIGKILL');
		}
	}
});

describe('an application that waits for no child', function () {
	this.timeout(120_000);

	it('is given none where sh does what the launcher would', async function () {
		const cluster = await useCluster(this);
		const namespace = await cluster.namespace();
		const user = 'securityContext: {runAsUser: 1234, runAsGroup: 2345}';
		await cluster.apply(namespace, podYaml('by-sh', { ...TARGETS['a distribution'], spec: user }), 'by-sh');
		const folder = mkdtempSync(join(tmpdir(), 'ke-traces-'));
		const custom = join(folder, 'custom.yaml');
		try {
			// A read-only root leaves only /dev/shm, which permits no execution.
			writeFileSync(custom, 'securityContext: {readOnlyRootFilesystem: true}\n');
			const words = ['net', 'by-sh', '-n', namespace, '-q', '--custom', custom, '--root', 'target', '--', 'ls', '/'];
			const { code, stdout, stderr } = await ke(cluster, words);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^usr$/m);
		} finally {
			rmSync(folder, { recursive: true });
		}
		const look = ['exec', '-n', namespace, 'by-sh', '-c', 'app', '--', 'cat', '/proc/1/task/1/children'];
		assert.equal((await cluster.kubectl(...look)).stdout, '');
	});
});
