import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';

describe('a shell at a terminal', () => {
	let cluster: TestCluster;
	let namespace: string;
	const terminals: TestTerminal[] = [];

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
	});

	afterEach(() => {
		for (const { kill } of terminals.splice(0)) kill('SIGKILL');
	});

	/** A shell script under a terminal, so that the state of the terminal can be looked at before and after. */
	const script = (text: string): TestTerminal => {
		const terminal = openTerminal(
			'sh',
			['-c', text],
			programEnv(cluster.kubeconfig, { KE: executable(), NS: namespace }),
		);
		terminals.push(terminal);
		return terminal;
	};
	const shell = (words = 'net web'): TestTerminal => script(`exec "$KE" ${words} -n "$NS"`);
	const prompt = /web:app [^\n]*[#$] $/;

	it('says where one is, and prompts with pod and container', async () => {
		const terminal = shell();
		await terminal.see(
			/You are root beside app, with its network and processes; its files: cd \$TARGET_ROOT, or in-target COMMAND\. exit or Ctrl-D leaves\./,
		);
		await terminal.see(prompt);
		terminal.type('cat /proc/$TARGET_PID/comm\r');
		await terminal.see(/\n(app|busybox|httpd)\r?\n/);
		terminal.type('exit 5\r');
		assert.equal(await terminal.ended, 5);
	});

	it('passes TERM, the size, each change of the size, and colours as they are', async () => {
		const terminal = shell();
		await terminal.see(prompt);
		terminal.type('stty size; echo $TERM; printf "\\033[31mred\\033[0m\\n"\r');
		await terminal.see(/24 80\r\n/);
		await terminal.see(/xterm-256color\r\n/);
		await terminal.see(/\x1b\[31mred\x1b\[0m\r\n/);
		terminal.resize(132, 43);
		terminal.type('until [ "$(stty size)" = "43 132" ]; do :; done; echo resized\r');
		await terminal.see(/\nresized\r\n/);
		assert.doesNotMatch(terminal.screen(), /\r\r\n/);
	});

	it('sends Ctrl-C to the command there, and ends with Ctrl-D', async () => {
		const terminal = shell();
		await terminal.see(prompt);
		terminal.type('sh -c "echo begun; exec sleep 1000"\r');
		await terminal.see(/\nbegun\r\n/);
		terminal.type('\x03');
		await terminal.see(prompt);
		terminal.type('echo "code $?"\r');
		await terminal.see(/code 130\r\n/);
		await terminal.see(prompt);
		terminal.type('\x04');
		assert.equal(await terminal.ended, 0);
	});

	it('leaves the terminal as it was, however it ends', async function () {
		this.timeout(120_000);
		const around = (how: string): TestTerminal =>
			script(`stty -a > /tmp/ke-$$.before; "$KE" net web -n "$NS" ${how}; code=$?
				stty -a | cmp -s - /tmp/ke-$$.before && echo "sane, code $code" || echo "changed, code $code"; rm -f /tmp/ke-$$.before`);
		const ended = around('-it -- sh -c "exit 3"');
		await ended.see(/sane, code 3/);
		for (const [signal, code] of [
			['TERM', 143],
			['HUP', 129],
		] as const) {
			const terminal = around('');
			await terminal.see(prompt);
			signalClient(terminal.pid, signal);
			await terminal.see(new RegExp(`sane, code ${code}`));
		}
	});

	it('gives the terminal back when the connection is lost, and says what still runs', async function () {
		if (!cluster.sandbox) this.skip();
		const terminal = script('"$KE" net web -n "$NS"; echo "code $?"; stty -a | grep -q " icanon" && echo sane');
		await terminal.see(prompt);
		cluster.sandbox.cutStreams();
		await terminal.see(/error: .*; ke-net-\w+ still runs in the pod\r?\nThe same command opens a new shell in it/);
		await terminal.see(/code 125\r\nsane/);
	});

	it('gives the terminal back when the line goes dead, and the shell there ends by HUP at the TTL', async function () {
		if (!cluster.sandbox) this.skip();
		this.timeout(150_000);
		await cluster.apply(namespace, podYaml('dead'), 'dead');
		// What carries the launcher is much to send, and behind much that was sent silence is borne for longer.
		await ke(cluster, ['net', 'dead', '--ttl', '10s', '-n', namespace, '--', 'true']);
		const terminal = script(
			'"$KE" net dead --ttl 10s -n "$NS"; echo "code $?"; stty -a | grep -q " icanon" && echo sane',
		);
		await terminal.see(/dead:app [^\n]*[#$] $/);
		cluster.sandbox.misbehaviour.silentStreams = true;
		try {
			await terminal.see(
				/error: ke-net-\w+ has ended: its target ended, it was idle for its TTL, or it was stopped/,
				60_000,
			);
			await terminal.see(/code 125\r\nsane/);
			await cluster.sandbox.until(
				'pods',
				namespace,
				'dead',
				(pod) =>
					(pod as { status?: { ephemeralContainerStatuses?: { state?: { terminated?: object } }[] } } | undefined)
						?.status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined,
				60_000,
			);
		} finally {
			cluster.sandbox.misbehaviour.silentStreams = false;
		}
	});

	it('says on Ctrl-C while it waits what stays in the pod, and gives the cursor back', async function () {
		if (!cluster.sandbox) this.skip();
		cluster.sandbox.misbehaviour.pulls.set('registry.test/never:1', { delayMs: Number.POSITIVE_INFINITY });
		const terminal = script('exec "$KE" shell web --image registry.test/never:1 -n "$NS" -- true');
		await terminal.see(/registry\.test\/never:1 {2}pulling, \d s/);
		terminal.type('\x03');
		await terminal.see(/\x1b\[\?25h/);
		await terminal.see(/ke-shell-\w+ stays in pod web; the same command joins it\r\n/);
		assert.equal(await terminal.ended, 130);
	});

	it('goes when its terminal goes', async () => {
		const words = [
			fileURLToPath(new URL('../support/hang-up.ts', import.meta.url)),
			executable(),
			'net',
			'web',
			'-n',
			namespace,
		];
		const { stdout } = await promisify(execFile)(process.execPath, words, { env: programEnv(cluster.kubeconfig) });
		await eventually(() => !isAlive(Number(stdout)), 10_000);
	});

	it('gives --env there too, without showing it', async () => {
		const terminal = shell("net web --env 'A=one two'");
		await terminal.see(prompt);
		terminal.type('echo "[$A]"; stty -a | grep -o " icanon"\r');
		await terminal.see(/\n\[one two\]\r\n icanon\r\n/);
		assert.doesNotMatch(terminal.screen(), /ke;ready|3 n/);
	});

	it('runs standard input as a script with -i, and asks for -i without it', async () => {
		const run = (...words: string[]) =>
			ke(cluster, ['net', 'web', '-n', namespace, '-q', ...words], { input: 'echo from a script\nexit 6\n' });
		assert.deepEqual(await run('-i'), { code: 6, stdout: 'from a script\n', stderr: '' });
		const refused = await run();
		assert.equal(refused.code, 125);
		assert.match(
			refused.stderr,
			/a shell needs a terminal, and standard input is none\n-i runs standard input as a script/,
		);
	});

	it('takes a shell of its own image, by name', async () => {
		const terminal = shell('shell web --image busybox');
		await terminal.see(prompt);
		terminal.type('echo $0\r');
		await terminal.see(/\nash\r\n/);
	});

	it('offers a list with --pick', async () => {
		const terminal = shell('net --pick');
		await terminal.see(/1 {2}web +Running/);
		await terminal.see(/Which pod\? /);
		terminal.type('1\r');
		await terminal.see(prompt);
	});

	it('ends by HUP at the TTL when the client no longer moves', async function () {
		this.timeout(120_000);
		await cluster.apply(namespace, podYaml('idle'), 'idle');
		const terminal = script('exec "$KE" net idle --ttl 10s -n "$NS"');
		await terminal.see(/idle:app [^\n]*[#$] $/);
		process.kill(terminal.pid, 'SIGSTOP');
		await eventually(async () => {
			const { stdout } = await cluster.kubectl(
				'get',
				'pod',
				'idle',
				'-n',
				namespace,
				'-o',
				'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.reason}',
			);
			return stdout === 'Completed';
		}, 60_000);
	});
});

/** Whether a process runs; one that is over and not yet waited for does not. */
function isAlive(pid: number): boolean {
	const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
	return /^[^Z\s]/.test(stdout);
}

/** End the program that runs under a script's shell, by its id. */
function signalClient(script: number, signal: string): void {
	const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(script)], { encoding: 'utf8' });
	for (const pid of stdout.trim().split(/\s+/)) spawnSync('kill', [`-${signal}`, pid]);
}
