import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvEntry } from '../../src/session/header.ts';
import { eventually } from '../support/eventually.ts';
import { compileC } from '../support/launcher.ts';
import { type Asked, type Exec, endAll, entry, leftovers, removeInstalled, startHere, type Way } from './exec.ts';
import { type Shell, shells } from './shells.ts';

/** What must reach a script to the letter. */
const VALUES: Record<string, string> = {
	empty: '',
	blank: ' ',
	quotes: `it's "so" \`\\'`,
	substitution: '$(id) $HOME `id` $$',
	newlines: '\na\n\nb\n\n',
	'a leading dash': '-n',
	'two dashes': '--',
	glob: '* ? [a]',
	'no ASCII': 'ä漢👩‍👩‍👧\u202e',
	'control characters': '\x01\x1b[31m\x7f\r\t',
	'100 KB': 'ab \n'.repeat(25_000),
};

const script = (text: string, ...args: string[]): EnvEntry[] => [
	entry('=script', text),
	...args.map((value) => entry('=arg', value)),
];

/** Where a process is, or nothing once it is over. */
function status(pid: string): string {
	try {
		const text = readFileSync(`/proc/${pid}/status`, 'utf8');
		return /^State:\tZ/m.test(text) ? '' : text;
	} catch {
		return '';
	}
}

/** Starts scripts, and runs them to their end. */
function runner(shell: Shell, way: Way) {
	const execs: Exec[] = [];
	const start = async (special: EnvEntry[], asked: Partial<Asked> = {}): Promise<Exec> => {
		const exec = await startHere(shell, { way, special, ...asked });
		execs.push(exec);
		return exec;
	};
	const run = async (special: EnvEntry[], asked: Partial<Asked> = {}) => {
		const exec = await start(special, asked);
		const code = await exec.ended;
		return { code, stdout: exec.stdout().toString(), stderr: exec.stderr() };
	};
	return { start, run, end: () => endAll(execs) };
}

after(removeInstalled);

for (const [shell, way] of shells().flatMap((one) => [[one, 'launcher'] as const, [one, 'script'] as const])) {
	describe(`a script runs in ${shell.name}, by the ${way}`, function () {
		this.timeout(60_000);
		const { start, run, end } = runner(shell, way);
		afterEach(end);

		it('with its exit code, its output, and descriptor 3 for what it says to us', async () => {
			const text = '#!/bin/sh\nreadlink /proc/$$/exe\necho err >&2\necho progress >&3\nexit 7\n';
			const { code, stdout, stderr } = await run(script(text));
			assert.deepEqual([code, stderr], [7, 'err\nprogress\n']);
			assert.match(stdout, { dash: /\/dash$/m, 'bash as sh': /\/bash$/m }[shell.name] ?? /\/busybox$/m);
		});

		it('instead of the words, which name it', async () => {
			const ran = await run(script('echo "$#"'), { words: ['no-such-program', 'word'] });
			assert.equal(ran.code, 0, ran.stderr);
			// Where the words are the script's own name, sh -c takes those behind it for arguments.
			assert.equal(ran.stdout, way === 'launcher' ? '0\n' : '1\n');
		});

		it('with every argument as it stands, in order', async () => {
			const values = Object.values(VALUES).filter((value) => value.length < 1000);
			const ran = await run(script('printf "%s\\0" "$@"', ...values, '', 'last', 'last'));
			assert.deepEqual(ran.stdout.split('\0').slice(0, -1), [...values, '', 'last', 'last']);
		});

		for (const [what, value] of Object.entries(VALUES)) {
			it(`with an input and an argument as they are: ${what}`, async () => {
				const ran = await run(script('printf "%s\\0%s\\0" "$INPUT_VALUE" "$1"', value), {
					env: [entry('INPUT_VALUE', value)],
				});
				assert.deepEqual(ran.stdout.split('\0').slice(0, -1), [value, value], ran.stderr);
			});
		}

		it('that is empty, or long, or has no newline at its end', async () => {
			assert.deepEqual(await run(script('')), { code: 0, stdout: '', stderr: '' });
			const long = `${'# a line that only makes it long\n'.repeat(3500)}echo end`;
			assert.equal((await run(script(long))).stdout, 'end\n');
		});

		it('and reads no stdin, where that is our signs of life', async () => {
			assert.equal((await run(script('cat; echo end'))).stdout, 'end\n');
		});

		it('and reads lines that are signs of life too', async () => {
			const exec = await start(script('while read -r line; do echo "got $line"; [ "$line" != end ] || exit 5; done'), {
				kind: 'a',
			});
			exec.send('stop\n');
			await eventually(() => exec.stdout().includes('got stop\n'));
			await eventually(() => exec.stdout().includes('got beat\n'));
			exec.send('end\n');
			assert.equal(await exec.ended, 5);
		});

		it('and reads frames', async () => {
			const exec = await start(script('cat'), { kind: 'f' });
			exec.send('3              \nabc0              \n');
			assert.equal(await exec.ended, 0);
			assert.equal(exec.stdout().toString(), 'abc');
		});

		it('and at a terminal', async () => {
			const exec = await start(script('printf "%s? " "$1"; read -r line; echo "read $line"; exit 4', 'what'), {
				letters: 't',
			});
			await exec.see(/what\? /);
			exec.send('this\r');
			await exec.see(/read this\r\n/);
			assert.equal(await exec.ended, 4);
		});

		it('until its time is over', async () => {
			const began = Date.now();
			// Only the launcher ends all that a script has begun.
			const text = way === 'launcher' ? 'echo begun; sleep 60; echo never' : 'echo begun; exec sleep 60';
			const ran = await run([...script(text), entry('=timeout', '1')]);
			assert.deepEqual([ran.code, ran.stdout], [124, 'begun\n']);
			assert.ok(Date.now() - began >= 900 && Date.now() - began < 8000);
		});

		it('well within its time', async () => {
			assert.equal((await run([...script('exit 9'), entry('=timeout', '30')])).code, 9);
		});

		if (way === 'script') {
			it('and what only the launcher can do is passed over', async () => {
				const more = [entry('=drop', 'ff'), entry('=command c', 'x'), entry('=inputs c', 'y'), entry('=help', 'z')];
				assert.deepEqual(await run([...more, ...script('env | grep -c "^="; echo "$1"', 'word')]), {
					...{ code: 0, stdout: '0\nword\n', stderr: '' },
				});
			});
			return;
		}
	});
}

describe('a script runs', function () {
	this.timeout(60_000);
	const [shell] = shells() as [Shell];
	const { start, run, end } = runner(shell, 'launcher');
	afterEach(end);

	it('and is asked to end well when its time is over', async () => {
		const text = 'trap "echo by TERM; exit 0" TERM; echo begun; while :; do sleep 0.1; done';
		const ran = await run([...script(text), entry('=timeout', '1')]);
		assert.deepEqual([ran.code, ran.stdout], [124, 'begun\nby TERM\n']);
	});

	it('and is killed when it minds neither its time nor TERM', async () => {
		const began = Date.now();
		const ran = await run([...script('trap "" TERM; while :; do sleep 1; done'), entry('=timeout', '1')]);
		assert.equal(ran.code, 124);
		assert.ok(Date.now() - began >= 2900, 'it had its grace');
	});

	for (const kind of ['c', 'a'] as const) {
		it(`and is ended when stdin is (${kind})`, async () => {
			const exec = await start(script('trap "echo by TERM; exit 3" TERM; echo begun; while :; do sleep 0.1; done'), {
				kind,
			});
			await eventually(() => exec.stdout().includes('begun'));
			exec.hangUp();
			assert.equal(await exec.ended, 3);
			assert.equal(exec.stdout().toString(), 'begun\nby TERM\n');
		});

		it(`and is ended when nothing is heard for the lease (${kind})`, async () => {
			const exec = await start(script('echo begun; sleep 1000'), { kind });
			await eventually(() => exec.stdout().includes('begun'));
			const began = Date.now();
			exec.silence();
			assert.equal(await exec.ended, 143);
			assert.ok(Date.now() - began > 6000, 'it had its lease');
		});
	}

	it('and lives on its lines alone, though it reads none', async () => {
		const exec = await start(script('exec <&-; echo begun; sleep 10; echo end'), { kind: 'a' });
		assert.equal(await exec.ended, 0);
		assert.equal(exec.stdout().toString(), 'begun\nend\n');
	});

	it('and leaves nothing behind that it began', async () => {
		const exec = await start(script('sleep 1000 & echo $!; setsid sleep 1000 >/dev/null 2>&1 & echo $!'));
		assert.equal(await exec.ended, 0);
		const pids = exec.stdout().toString().trim().split('\n');
		assert.equal(pids.length, 2);
		for (const pid of pids) assert.equal(status(pid), '');
	});

	it('without the capabilities that it gives up', async () => {
		const show = 'grep "^Cap" /proc/self/status; sh -c "grep ^CapEff /proc/self/status"';
		const sets = (text: string) =>
			[...text.matchAll(/^(Cap\w+):\t(\w+)$/gm)].map(([, set, bits]) => [set, BigInt(`0x${bits}`)] as const);
		const all = sets((await run(script(show))).stdout);
		// SYS_ADMIN and SYS_PTRACE, and one that no kernel has.
		const mask = (1n << 21n) | (1n << 19n) | (1n << 63n);
		const left = sets((await run([...script(show), entry('=drop', mask.toString(16))])).stdout);
		assert.equal(all.length, 6);
		assert.deepEqual(
			left,
			all.map(([set, bits]) => [set, bits & ~mask]),
		);
		if (process.getuid?.() === 0) assert.notDeepEqual(left, all);
	});

	it('that asks for more than a program may be given, and says so', async () => {
		const ran = await run(script('true', 'x'.repeat(200_000)));
		assert.equal(ran.code, 126);
		assert.match(ran.stderr, /^error: sh: Argument list too long/);
	});
});

describe('a script where there are no files in memory', () => {
	const folder = mkdtempSync(join(tmpdir(), 'ke-script-'));
	after(() => rmSync(folder, { recursive: true, force: true }));
	let without: string;
	before(() => {
		without = compileC(['no-syscall.c'], join(folder, 'no-syscall'));
	});

	for (const errno of [38, 1]) {
		it(`is given as a word (errno ${errno})`, async () => {
			const [shell] = shells() as [Shell];
			// 319 and 279: memfd_create.
			const number = process.arch === 'x64' ? '319' : '279';
			const values = Object.values(VALUES).filter((value) => value.length < 1000);
			const asked = { way: 'launcher' as const, special: script('printf "%s\\0" "$0" "$@"', ...values) };
			const exec = await startHere(shell, asked, { through: [without, number, String(errno)] });
			assert.equal(await exec.ended, 0, exec.stderr());
			assert.deepEqual(exec.stdout().toString().split('\0').slice(0, -1), ['name', ...values]);
		});
	}
});

after(() => assert.deepEqual(leftovers(), []));
