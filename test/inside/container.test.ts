import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readStopReport } from '../../src/inside/stop-report.ts';
import { TEXTS } from '../../src/inside/texts.ts';
import { startContainer, type TestContainer, until } from './container.ts';
import { runText, type Shell, shells } from './shells.ts';

const IGNORES_TERM = 'trap "" TERM; echo up; while :; do sleep 1; done';

const stop = (shell: Shell, container: TestContainer, seconds: number): ReturnType<TestContainer['run']> =>
	container.run([shell.program, ...shell.words, '-c', TEXTS.stop, 'ke-stop', String(seconds)]);

const said = (child: ReturnType<TestContainer['exec']>): Promise<unknown> =>
	new Promise((resolve) => child.stdout?.once('data', resolve));

for (const shell of shells()) {
	const modes = { dash: [true, false], 'bash as sh': [true], 'busybox ash': [false] }[shell.name] ?? [];
	for (const alone of modes) {
		describe(`a session container in ${shell.name}, ${alone ? 'in a PID namespace of its own' : 'in the PID namespace of a target'}`, function () {
			this.timeout(30_000);
			let container: TestContainer;
			const start = async (context: Mocha.Context, ttl: number): Promise<TestContainer> => {
				const started = await startContainer(shell, ttl, alone);
				if (!started) context.skip();
				container = started as TestContainer;
				assert.ok(await until(() => container.log().includes('\n') || undefined), 'the sleeper said nothing');
				return container;
			};
			afterEach(() => container?.remove());

			it('writes one line to its log: who, and until when', async function () {
				assert.equal((await start(this, 7)).log(), 'kubectl ephemeral net, for jane; ends after 7 s idle\n');
			});

			it('ends by itself when nothing ran in it for the TTL, and not before', async function () {
				const began = Date.now();
				await start(this, 2);
				assert.equal(await container.ended, 0);
				assert.ok(Date.now() - began >= 2000);
			});

			it('stays while something runs in it, and ends after it', async function () {
				await start(this, 1);
				const work = container.exec(['sleep', '2.5']);
				const [first] = await Promise.race([
					container.ended.then(() => ['container']),
					new Promise<string[]>((resolve) => work.on('close', () => resolve(['work']))),
				]);
				assert.equal(first, 'work');
				assert.equal(await container.ended, 0);
			});

			it('stays while a job runs that its shell has left behind', async function () {
				await start(this, 1);
				container.run(['/bin/sh', '-c', 'sleep 3 >/dev/null 2>&1 & :']);
				assert.equal(await until(() => (container.main.exitCode === null ? undefined : true), 2000), undefined);
				assert.equal(await container.ended, 0);
			});

			it('does not count what is over but was not waited for', async function () {
				await start(this, 2);
				container.run(['/bin/sh', '-c', 'sleep 0.2 >/dev/null 2>&1 & :']);
				assert.equal(await container.ended, 0);
			});

			it('ends at once by TERM', async function () {
				await start(this, 100);
				const began = Date.now();
				const target = container.names();
				assert.ok(target.length > 0);
				const { code } = stop(shell, container, 5);
				assert.ok(code === 0 || code === null || code >= 128, `code ${code}`);
				await container.ended;
				assert.ok(Date.now() - began < 3000);
			});

			it('hangs up a terminal that was idle for the TTL', async function () {
				await start(this, 1);
				const terminal = container.execTerminal(['/bin/sh', '-i']);
				await terminal.see(/[#$] $/);
				const began = Date.now();
				assert.equal(await container.ended, 0);
				await terminal.ended;
				assert.ok(Date.now() - began > 1000);
			});

			it('leaves a terminal alone that is used', async function () {
				await start(this, 2);
				const terminal = container.execTerminal(['/bin/sh', '-i']);
				await terminal.see(/[#$] $/);
				for (let i = 0; i < 6; i++) {
					terminal.type(`echo still $((${i} + 100))\n`);
					await terminal.see(new RegExp(`still ${i + 100}\r\n`));
					await new Promise((resolve) => setTimeout(resolve, 500));
				}
				assert.equal(container.main.exitCode, null);
				terminal.kill('SIGHUP');
				await container.ended;
			});

			it('is stopped with the work in it, by TERM first', async function () {
				await start(this, 100);
				const work = container.exec([
					'/bin/sh',
					'-c',
					'trap "echo by TERM; exit 0" TERM; echo up; while :; do sleep 0.1; done',
				]);
				await said(work);
				const words = said(work);
				const { code, stdout } = stop(shell, container, 5);
				assert.equal(String(await words), 'by TERM\n');
				assert.equal(stdout, '');
				assert.ok(code === 0 || code === null || code >= 128, `code ${code}`);
				await container.ended;
			});

			it('is stopped with an interactive shell in it', async function () {
				await start(this, 100);
				const terminal = container.execTerminal(['/bin/bash', '--norc', '-i']);
				await terminal.see(/[#$] $/);
				const { stdout } = stop(shell, container, 5);
				assert.equal(stdout, '');
				await terminal.ended;
				await container.ended;
			});

			it('goes on where something ignores TERM, which is named', async function () {
				await start(this, 100);
				const work = container.exec(['/bin/sh', '-c', IGNORES_TERM]);
				await said(work);
				const { code, stdout } = stop(shell, container, 1);
				assert.equal(code, 1);
				const report = readStopReport(stdout);
				assert.ok(
					report.some(({ doing, name }) => doing === 'busy' && name === 'sh'),
					stdout,
				);
				assert.equal(container.main.exitCode, null);
			});

			it('names what traces another', async function () {
				if (spawnSync('strace', ['-V']).status !== 0) this.skip();
				await start(this, 100);
				const tracee = container.exec(['/bin/sh', '-c', IGNORES_TERM]);
				await said(tracee);
				container.run([
					'/bin/sh',
					'-c',
					'pid=$(pgrep -f "while :" | grep -vx $$ | head -n 1); strace -qq -I3 -o /dev/null -p "$pid" >/dev/null 2>&1 & sleep 0.5',
				]);
				const { code, stdout } = stop(shell, container, 1);
				assert.equal(code, 1);
				assert.ok(
					readStopReport(stdout).some(({ doing, name }) => doing === 'traces' && name === 'strace'),
					stdout,
				);
				assert.equal(container.main.exitCode, null);
			});
		});
	}

	describe(`stop in ${shell.name}`, () => {
		for (const [name, text] of Object.entries(TEXTS)) {
			it(`has a text that passes sh -n: ${name}`, async () => {
				const run = await runText({ ...shell, words: [...shell.words, '-n'] }, text, []);
				assert.deepEqual([run.code, run.stderr], [0, '']);
			});
		}
	});
}
