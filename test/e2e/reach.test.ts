import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { openTerminal } from '../support/terminal.ts';

/** A kind of target, and what is known of it. */
interface Target {
	namespace: 'open' | 'base' | 'tight';
	/** As it stands on the command line. */
	name: string;
	words?: string[];
	/** A name in its root. */
	holds: string;
	/** Where its user may write; undefined: nowhere. */
	writable?: string;
	/** What refuses to write to /. */
	refusal?: RegExp;
}

/** What is said of a place where one may not write. */
const NOT_HERE = /is not copied: .*(read-only|not writable for this user)/;

const TARGETS: Target[] = [
	{ namespace: 'open', name: 'deploy/web', holds: 'etc', writable: '/' },
	{ namespace: 'open', name: 'pod/meshed', words: ['-c', 'app'], holds: 'etc', writable: '/' },
	{ namespace: 'open', name: 'pod/java', holds: 'opt', writable: '/tmp' },
	{ namespace: 'open', name: 'pod/java-ro', holds: 'opt', refusal: NOT_HERE },
	{ namespace: 'open', name: 'pod/bb', holds: 'bin', writable: '/tmp' },
	{ namespace: 'open', name: 'pod/distro', holds: 'usr', writable: '/tmp' },
	{ namespace: 'base', name: 'pod/go-nonroot', holds: 'etc', refusal: NOT_HERE },
	{ namespace: 'tight', name: 'deploy/web', holds: 'etc', refusal: NOT_HERE },
	{ namespace: 'tight', name: 'pod/java', holds: 'opt', writable: '/tmp' },
];

/** What Pod Security restricted leaves: no chroot of any kind. */
const REFUSED =
	/^error: Pod Security restricted leaves nothing that could chroot; the target's files are at \$TARGET_ROOT\nWithout --root target/m;

const CASES = [
	{ what: 'containerd’s capabilities', strip: false, capabilities: 'containerd' as const },
	{ what: 'CRI-O’s capabilities', strip: false, capabilities: 'cri-o' as const },
	{ what: 'a status that names no user', strip: true, capabilities: 'containerd' as const },
];

for (const { what, strip, capabilities } of CASES) {
	describe(`nine kinds of target, with ${what}`, function () {
		this.timeout(120_000);
		let cluster: TestCluster;
		let folder: string;
		const plain = !strip && capabilities === 'containerd';

		before(async function () {
			cluster = await useCluster(this);
			if (!cluster.sandbox && !plain) this.skip();
			folder = mkdtempSync(join(tmpdir(), 'ke-reach-'));
			if (cluster.sandbox) Object.assign(cluster.sandbox.misbehaviour, { noStatusUser: strip, capabilities });
			await cluster.applyTargets(fileURLToPath(new URL('../fixtures/targets.yaml', import.meta.url)));
		});

		after(() => {
			if (folder) rmSync(folder, { recursive: true, force: true });
			if (cluster.sandbox)
				Object.assign(cluster.sandbox.misbehaviour, { noStatusUser: false, capabilities: 'containerd' });
		});

		for (const target of TARGETS) {
			const { namespace, name, words = [] } = target;
			const fresh = plain ? [] : ['--reason', what];
			const net = (...rest: string[]) => ke(cluster, ['net', name, '-n', namespace, '-q', ...words, ...fresh, ...rest]);
			const tight = namespace === 'tight';

			describe(`${namespace} ${name}`, () => {
				it(tight ? 'has no root to enter, and says what remains' : 'shows its root as /', async () => {
					const ran = await net('--root', 'target', '--', 'ls', '/');
					if (tight) {
						assert.deepEqual([ran.code, ran.stdout], [125, '']);
						assert.match(ran.stderr, REFUSED);
						const beside = await net('--', 'sh', '-c', 'ls $TARGET_ROOT/');
						assert.deepEqual([beside.code, beside.stdout.split('\n').includes(target.holds)], [0, true], beside.stderr);
						return;
					}
					assert.deepEqual([ran.code, ran.stderr], [0, '']);
					assert.ok(ran.stdout.split('\n').includes(target.holds), ran.stdout);
					// Nothing of the debug image, and nothing of ours.
					assert.equal(/^usr$/m.test(ran.stdout), target.holds === 'usr');
					assert.ok(!ran.stdout.includes('.ke-'), ran.stdout);
				});

				it('gives its environment', async () => {
					const ran = await net('--env-from', 'target', '--', 'env');
					assert.deepEqual([ran.code, ran.stderr], [0, '']);
					assert.match(ran.stdout, /^MARK=target$/m);
				});

				it('runs a dynamic tool of the debug image inside', async () => {
					const ran = await net(...(tight ? [] : ['--root', 'target']), '--', 'curl', '--version');
					assert.equal(ran.code, 0, ran.stderr);
					assert.match(ran.stdout, /^curl \d/);
				});

				it('gives a file', async () => {
					const file = join(folder, 'hostname');
					rmSync(file, { force: true });
					const ran = await ke(cluster, ['cp', `${name}:/etc/hostname`, file, '-n', namespace, '-q', ...words]);
					assert.deepEqual([ran.code, ran.stderr], [0, '']);
					assert.match(readFileSync(file, 'utf8'), new RegExp(`^${name.replace(/^.*\//, '')}`));
				});

				it(target.writable ? 'takes a file and gives it back' : 'says why it takes no file', async () => {
					const file = join(folder, 'in');
					const content = `${namespace} ${name}\n`;
					writeFileSync(file, content);
					const there = join(target.writable ?? '/', 'ke-reach');
					const taken = await ke(cluster, ['cp', file, `${name}:${there}`, '-n', namespace, '-q', ...words]);
					if (!target.writable) {
						assert.equal(taken.code, 1);
						assert.match(taken.stderr, target.refusal ?? /^$/);
						return;
					}
					assert.deepEqual([taken.code, taken.stderr], [0, '']);
					const back = await ke(cluster, ['cp', `${name}:${there}`, '-', '-n', namespace, '-q', ...words]);
					assert.deepEqual([back.code, back.stdout], [0, content], back.stderr);
				});

				it('has a shell at a terminal with pipes and find -exec', async () => {
					const more = tight ? [] : ['--root', 'target'];
					const terminal = openTerminal(
						executable(),
						['net', name, '-n', namespace, ...words, ...fresh, ...more],
						programEnv(cluster.kubeconfig),
					);
					try {
						await terminal.see(/:(app|web) [^\n]*[#$] $/);
						const root = tight ? '$TARGET_ROOT' : '';
						terminal.type(
							`ls ${root}/ | grep -c . && find ${root}/${target.holds} -maxdepth 0 -exec echo 'f'ound {} \\;\r`,
						);
						await terminal.see(/\n\d+\r\n/);
						await terminal.see(new RegExp(`\\bfound [^\\n]*/${target.holds}\\r\\n`));
						terminal.type('exit 4\r');
						assert.equal(await terminal.ended, 4);
					} finally {
						terminal.kill('SIGKILL');
					}
				});
			});
		}
	});
}
