import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOSTILE_IMAGES, hostilePod, marksAmong } from '../fixtures/hostile.ts';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { openTerminal } from '../support/terminal.ts';

const USER = { uid: 1000, gid: 1000 };
const PRELOAD = /the target has an \/etc\/ld\.so\.preload, which (every tool in its root would load|would be loaded)/;

/** Tools that read something of their environment or their folders, as they are asked to. Each may fail, none may obey. */
const TOOLS = [
	['curl', '-s', 'http://127.0.0.1:1'],
	['openssl', 'list', '-providers'],
	['bash', '-c', 'set -x; ls / | cat'],
	['bash', '-ic', ':'],
	['sh', '-c', 'ls -l /; find / -maxdepth 1 -exec echo {} ;'],
	['iconv', '-f', 'MARK', '-t', 'UTF-8', '/etc/passwd'],
	['gdb', '-batch', '-ex', 'show version'],
	['id', 'app'],
	['ls', '-l', '/home'],
	['git', 'config', '--list'],
];

describe('a hostile target', function () {
	this.timeout(180_000);
	let cluster: TestCluster;
	let namespace: string;
	let folder: string;

	before(async function () {
		cluster = await useCluster(this);
		// Its images are the stand-in's.
		if (!cluster.sandbox) this.skip();
		namespace = await cluster.namespace();
		folder = mkdtempSync(join(tmpdir(), 'ke-hostile-'));
		const pods = Object.entries(HOSTILE_IMAGES).flatMap(([kind, image]) => [
			{ name: `${kind}-root`, image },
			{ name: `${kind}-user`, image, user: USER },
		]);
		await cluster.apply(
			namespace,
			pods.map(({ name, ...more }) => hostilePod(name, more)).join('\n---\n'),
			...pods.map(({ name }) => name),
		);
	});

	after(() => {
		if (folder) rmSync(folder, { recursive: true, force: true });
	});

	const net = (pod: string, ...words: string[]) => ke(cluster, ['net', pod, '-n', namespace, '-q', ...words]);
	const marks = (pod: string): string[] =>
		marksAmong((cluster.sandbox?.changes(namespace, pod, 'app') ?? []).map(({ path }) => path));
	const known = new Map<string, string[]>();
	/** Nothing of it was applied since the last look: a mark stays, and only one test is to fail by it. */
	const unmarked = (pod: string): void => {
		const before = known.get(pod) ?? [];
		known.set(pod, marks(pod));
		assert.deepEqual(
			marks(pod).filter((mark) => !before.includes(mark)),
			[],
		);
	};

	/** Type each line at a terminal's prompt, then leave. @returns the screen */
	const atTerminal = async (words: string[], lines: string[]): Promise<string> => {
		const terminal = openTerminal(executable(), words, programEnv(cluster.kubeconfig));
		try {
			await terminal.see(/[#$%] $/);
			for (const line of lines) {
				terminal.type(line);
				await terminal.see(/[#$%] $/);
			}
			terminal.type('exit\r');
			await terminal.ended;
			return terminal.screen();
		} finally {
			terminal.kill('SIGKILL');
		}
	};

	for (const kind of ['plain', 'nss'] as const) {
		for (const pod of [`${kind}-root`, `${kind}-user`]) {
			describe(pod, () => {
				it('has its root listed, by our ls', async () => {
					const ran = await net(pod, '--root', 'target', '--', 'ls', '/');
					assert.deepEqual([ran.code, ran.stderr], [0, '']);
					assert.match(ran.stdout, /^evil$/m);
					unmarked(pod);
				});

				for (const words of TOOLS) {
					it(`has ${words.join(' ')} run in its root`, async () => {
						await net(pod, '--root', 'target', '--env-from', 'target', '--', ...words);
						unmarked(pod);
					});
				}

				it('is looked at from a shell in its root, with history, completion and pipes', async () => {
					const screen = await atTerminal(
						['net', pod, '-n', namespace, '--root', 'target'],
						['echo $((6 * 7))\r', 'ls /ev\t | cat\r', 'ls -l /home | grep -c .\r', 'history | tail -n 1\r', '\x1b[A\r'],
					);
					assert.match(screen, /\n42\r\n/);
					assert.match(screen, /LD_LIBRARY_PATH/);
					unmarked(pod);
				});

				it('is looked at from the shell of a toolkit that opens it there', async () => {
					const screen = await atTerminal(['java', pod, '-n', namespace], ['jcmd -l\r', 'echo $((6 * 7))\r']);
					assert.match(screen, new RegExp(`jcmd uid=${pod.endsWith('user') ? 1000 : 0} .*MARK=target`));
					assert.match(screen, /\n42\r\n/);
					unmarked(pod);
				});

				it('is looked at from another shell by name', async () => {
					const screen = await atTerminal(
						['net', pod, '-n', namespace, '-q', '-i', '-t', '--root', 'target', '--env-from', 'target', '--', 'dash'],
						['echo $((6 * 7))\r'],
					);
					assert.match(screen, /\n42\r\n/);
					unmarked(pod);
				});

				it('gives its environment but for what acts on tools', async () => {
					const ran = await net(pod, '--env-from', 'target', '--', 'env');
					assert.match(ran.stdout, /^MARK=target$/m);
					assert.doesNotMatch(ran.stdout, /\/evil|\/tmp\/mark/);
					unmarked(pod);
				});

				it('is listed by in-target from a shell outside', async () => {
					const screen = await atTerminal(['net', pod, '-n', namespace], ['in-target ls /\r', 'in-target id -u\r']);
					assert.match(screen, /\bevil\b/);
					assert.match(screen, new RegExp(`\\n${pod.endsWith('user') ? 1000 : 0}\\r\\n`));
					unmarked(pod);
				});

				it('gives a file and takes one', async () => {
					const file = join(folder, 'passwd');
					const out = await ke(cluster, ['cp', `${pod}:/etc/passwd`, file, '-n', namespace, '-q']);
					assert.deepEqual([out.code, out.stderr], [0, '']);
					assert.match(readFileSync(file, 'utf8'), /evil/);
					writeFileSync(file, 'ours\n');
					const taken = await ke(cluster, ['cp', file, `${pod}:/tmp/ours`, '-n', namespace, '-q']);
					assert.deepEqual([taken.code, taken.stderr], [0, '']);
					unmarked(pod);
				});

				it('is visited as root where that is asked for', async () => {
					const ran = await net(pod, '--run-as', 'root', '--root', 'target', '--', 'sh', '-c', 'ls -l /; id -u');
					assert.deepEqual([ran.code, ran.stderr], [0, '']);
					assert.match(ran.stdout, /\bevil\n/);
					assert.match(ran.stdout, /^0$/m);
					unmarked(pod);
				});
			});
		}
	}

	for (const pod of ['preload-root', 'preload-user']) {
		describe(pod, () => {
			for (const as of [[], ['--run-as', 'root']]) {
				it(`is not entered ${as.join(' ')}`, async () => {
					const ran = await net(pod, ...as, '--root', 'target', '--', 'ls', '/');
					assert.deepEqual([ran.code, ran.stdout], [125, '']);
					assert.match(ran.stderr, PRELOAD);
					unmarked(pod);
				});
			}

			it('has a toolkit’s shell outside its root, which says so', async () => {
				const screen = await atTerminal(['java', pod, '-n', namespace], ['ls $TARGET_ROOT/\r']);
				assert.match(screen, PRELOAD);
				assert.match(screen, /\bevil\b/);
				unmarked(pod);
			});

			it('is listed through $TARGET_ROOT, gives a file and takes one', async () => {
				assert.match((await net(pod, '--', 'sh', '-c', 'ls $TARGET_ROOT/')).stdout, /^evil$/m);
				const file = join(folder, 'preload');
				const out = await ke(cluster, ['cp', `${pod}:/etc/ld.so.preload`, file, '-n', namespace, '-q']);
				assert.deepEqual([out.code, readFileSync(file, 'utf8')], [0, '/evil/ld.so.preload.so\n']);
				unmarked(pod);
			});
		});
	}
});
