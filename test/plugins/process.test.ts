import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { newFolder, programPath, runScript, SHELLS, writeFiles } from './script.ts';
import { endTargets, makeGroup, startTarget, type Target } from './target.ts';

const OTHER = { uid: 4321, gid: 4321 };

for (const shell of SHELLS)
	describe(`process, by ${shell.name}`, function () {
		this.slow(3000);
		afterEach(endTargets);

		it('has a sentence for a target that is not there', async () => {
			for (const script of ['env', 'ps', 'limits']) {
				const none = await runScript(shell, `process/${script}`);
				assert.deepEqual([none.code, none.stdout], [1, '']);
				assert.match(none.stderr, /^error: no process of the target is to be seen here; .*\n$/);
				const gone = await runScript(shell, `process/${script}`, { env: { TARGET_PID: '4194303' } });
				assert.deepEqual([gone.code, gone.stdout], [1, '']);
				assert.match(gone.stderr, /^error: process 4194303 of the target is gone; try again\n$/);
			}
		});

		describe('env', () => {
			it('lists variables by name, a line each, whatever is in them', async () => {
				const target = await startTarget({
					env: {
						B: '2',
						AB: 'x=y',
						A: '1',
						A1: '',
						LINES: 'one\ntwo\n',
						CONTROL: '\u001b[31mred\u0007\t\r\\n\u007f',
						PEOPLE: 'Zoë 東京 🙂',
						C1: '\u009b31m\u202e\u2028',
						FAKE: 'a\nPATH=/evil',
					},
				});
				const { code, stdout, stderr } = await runScript(shell, 'process/env', { env: target.env });
				assert.deepEqual([code, stderr], [0, '']);
				assert.deepEqual(stdout.split('\n'), [
					'A=1',
					'A1=',
					'AB=x=y',
					'B=2',
					'C1=�31m��',
					'CONTROL=␛[31mred␇\\t\\r\\n␡',
					'FAKE=a\\nPATH=/evil',
					'LINES=one\\ntwo\\n',
					'PEOPLE=Zoë 東京 🙂',
					'',
				]);
			});

			it('marks what is no UTF-8', async () => {
				const words = ['-c', 'X=$(printf "a\\377b\\302") Y=$(printf "\\355\\240\\200\\300\\200\\342\\202") exec cat'];
				const target = await startTarget({ program: 'sh', words, env: { PATH: process.env.PATH ?? '' } });
				await started(target, 'cat');
				const { stdout } = await runScript(shell, 'process/env', { env: target.env });
				assert.match(stdout, /^X=a�b�$/m);
				assert.match(stdout, /^Y=�+$/m);
			});

			it('says whose it is where it is closed', async () => {
				const target = await startTarget({ env: { SECRET: 'yes' } });
				const { code, stdout, stderr } = await runScript(shell, 'process/env', { env: target.env, user: OTHER });
				assert.deepEqual([code, stdout], [1, '']);
				assert.match(stderr, /^error: the environment of process \d+ is closed to 4321:4321; it takes .* 0:0, .*\n$/);
				assert.doesNotMatch(stderr, /yes/);
			});

			it('works as the user of the target, without any capability', async () => {
				const target = await startTarget({ env: { MARK: 'seen' }, user: OTHER });
				const run = await runScript(shell, 'process/env', { env: target.env, user: OTHER });
				assert.deepEqual(run, { code: 0, stdout: 'MARK=seen\n', stderr: '' });
			});
		});

		describe('ps', () => {
			it('shows who, since when, what it took and how it was called', async () => {
				const target = await startTarget({ argv0: 'serve\n\u001b[2J', words: ['-', '-'], user: OTHER });
				const root = newFolder();
				writeFiles(root, { 'etc/passwd': 'root:x:0:0::/:\n\u001b[2Jevil:x:9:9::/:\nweb-app:x:4321:4321::/:\n' });
				const { code, stdout, stderr } = await runScript(shell, 'process/ps', {
					env: { ...target.env, TARGET_ROOT: root },
				});
				assert.deepEqual([code, stderr], [0, '']);
				const [head = '', ...all] = stdout.trimEnd().split('\n');
				const rows = all.filter((one) => one.startsWith(`${target.pid} `));
				assert.equal(rows.length, 1);
				assert.equal(head.replace(/ +/g, ' '), 'PID USER STATE AGE TIME MEMORY COMMAND');
				assert.match(rows[0] ?? '', /^\d+ +web-app +sleeping +\d\.\d s +0\.0 s +[\d.]+ [KM]iB +serve\\n␛\[2J - -$/);
				// Columns stand below their heads.
				assert.equal(rows[0]?.indexOf('sleeping'), head.indexOf('STATE'));
				assert.equal(rows[0]?.indexOf('serve'), head.indexOf('COMMAND'));
			});

			it('takes no names of users from a link, which could lead out of the target', async () => {
				const target = await startTarget({ user: OTHER });
				const root = newFolder();
				mkdirSync(join(root, 'etc'));
				writeFiles(root, { passwd: 'wrong:x:4321:4321::/:\n' });
				symlinkSync('../passwd', join(root, 'etc/passwd'));
				const { stdout } = await runScript(shell, 'process/ps', { env: { ...target.env, TARGET_ROOT: root } });
				assert.ok(new RegExp(`^${target.pid} +4321 `, 'm').test(stdout));
			});

			it("shows the target's only, and names one without words in brackets", async function () {
				const group = makeGroup();
				if (!group) return this.skip();
				const words = ['-c', 'read -r _; sleep 0 & exec cat'];
				const target = await startTarget({ program: 'sh', words, env: { PATH: process.env.PATH ?? '' } });
				group.add(target.pid);
				target.child.stdin?.write('go\n');
				await started(target, 'cat');
				const child = readFileSync(`/proc/${target.pid}/task/${target.pid}/children`, 'utf8').trim();
				await eventually(() => /^State:\tZ/m.test(readFileSync(`/proc/${child}/status`, 'utf8')));
				const { stdout } = await runScript(shell, 'process/ps', { env: target.env });
				await endTargets();
				await group.remove();
				const [, first = '', second = '', ...others] = stdout.split('\n');
				assert.match(first, new RegExp(`^${target.pid} +root +sleeping .* cat$`));
				assert.match(second, new RegExp(`^${child} +root +zombie .* - +\\[sleep\\]$`));
				assert.deepEqual(others, ['']);
			});
		});

		describe('where-am-i', () => {
			it('says all in at most 8 lines', async () => {
				const target = await startTarget({ user: OTHER });
				const env = { ...target.env, TARGET_CONTAINER: 'app', POD: 'web-0', NAMESPACE: 'open', NODE: 'node1' };
				const { code, stdout, stderr } = await runScript(shell, 'process/where-am-i', { env });
				assert.deepEqual([code, stderr], [0, '']);
				const lines = stdout.trimEnd().split('\n');
				assert.ok(lines.length <= 8, stdout);
				assert.match(stdout, /^you {8}root, 0:0; capabilities that matter: .*SYS_PTRACE/m);
				assert.match(stdout, /^pod {8}web-0, namespace open, node node1$/m);
				assert.match(stdout, /^target {5}container app, process \d+ \(.*\/(cat|coreutils|busybox)\), user 4321:4321$/m);
				assert.match(stdout, new RegExp(`^its files {2}cd /proc/${target.pid}/root \\(\\$TARGET_ROOT\\)`, 'm'));
			});

			it('says what is closed, and what is not joined', async () => {
				const target = await startTarget();
				const closed = await runScript(shell, 'process/where-am-i', { env: target.env, user: OTHER });
				assert.match(closed.stdout, /^you {8}(\S+, )?4321:4321; capabilities that matter: none$/m);
				assert.match(closed.stdout, /^its files {2}\/proc\/\d+\/root is closed to 4321:4321; it takes .*$/m);
				const alone = await runScript(shell, 'process/where-am-i', { env: { POD: 'p\u001b[31m' } });
				assert.match(alone.stdout, /^pod {8}p\?\[31m, namespace \?$/m);
				assert.match(alone.stdout, /^target {5}none of its processes is joined/m);
			});

			it('says so in the root of the target', async () => {
				const target = await startTarget();
				const { stdout } = await runScript(shell, 'process/where-am-i', { env: { ...target.env, TARGET_ROOT: '/' } });
				assert.match(stdout, /^root {7}the target's; programs come from the debug image$/m);
				assert.match(stdout, /^its files {2}where they are/m);
			});

			it('takes the name of a system from a file of the image only', async () => {
				const target = await startTarget();
				const root = newFolder();
				writeFiles(root, { 'etc/os-release': `ID=x\nPRETTY_NAME="Evil\u001b]0;x\u0007 ${'9'.repeat(200)}"\n` });
				const env = { ...target.env, TARGET_ROOT: root };
				const { stdout } = await runScript(shell, 'process/where-am-i', { env });
				assert.match(stdout, /^its image {2}Evil\?\]0;x\? 9{1,80}$/m);
			});
		});
	});

/** Wait until a target has become the program that it was to become. */
async function started(target: Target, name: string): Promise<void> {
	const file = realpathSync(programPath(name) ?? '');
	await eventually(() => readlinkSync(`/proc/${target.pid}/exe`) === file);
}
