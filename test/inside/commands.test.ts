import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EnvEntry } from '../../src/session/header.ts';
import { readValue } from '../../src/toolkit/inputs.ts';
import {
	type Asked,
	type Exec,
	endAll,
	entry,
	leftovers,
	offered,
	pathOf,
	removeInstalled,
	startHere,
} from './exec.ts';
import { type Shell, shells } from './shells.ts';

const folder = mkdtempSync(join(tmpdir(), 'ke-commands-'));
chmodSync(folder, 0o755);
after(() => {
	removeInstalled();
	rmSync(folder, { recursive: true, force: true });
	assert.deepEqual(leftovers(), []);
});

/** One input of a recipe, as a line of `=inputs`. */
const line = (...fields: string[]): string => fields.join('\t');
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Shows what it was given: its inputs and its words, each ended by a NUL. */
const SHOW = `#!/bin/sh
for name in COUNT DRY_RUN LEVEL FILE MORE; do eval "value=\\$INPUT_$name; is=\\\${INPUT_$name+set}"; printf '%s=%s\\0' "\${is:-unset}" "$value"; done
printf '%s\\0' "$#" "$@"`;
const INPUTS = [
	line('count', 'n', 'value', 'no', '5', 'integer', 'how many'),
	line('dry-run', 'd', 'flag', 'no', ''),
	line('level', '-', 'value', 'no', '', 'choice', 'how loud', 'low', 'high'),
	line('file', '-', 'positional', 'yes', '', 'string', 'which'),
	line('more', '-', 'positional', 'no', ''),
].join('\n');
const COMMANDS = [entry('=command show', SHOW), entry('=inputs show', INPUTS)];

const execs: Exec[] = [];
const start = async (
	shell: Shell,
	special: EnvEntry[],
	asked: Partial<Asked> = {},
	env: NodeJS.ProcessEnv = {},
): Promise<Exec> => {
	const all = { way: 'launcher' as const, letters: 's', words: ['sh'], kind: 'n' as const, special, ...asked };
	const exec = await startHere(shell, all, { env });
	execs.push(exec);
	return exec;
};
/** Lines to a session's shell, and what came of them. */
const session = async (shell: Shell, special: EnvEntry[], lines: string, asked: Partial<Asked> = {}) => {
	const exec = await start(shell, special, asked);
	exec.send(`${lines}\nexit\n`);
	const code = await exec.ended;
	return { code, stdout: exec.stdout().toString(), stderr: exec.stderr() };
};

for (const shell of shells()) {
	describe(`a recipe's command in a session, where sh is ${shell.name}`, function () {
		this.timeout(60_000);
		afterEach(() => endAll(execs));

		const HOSTILE = [
			'',
			' ',
			'-',
			"it's",
			'"',
			'$(id)',
			'`id`',
			'\n\n',
			'*',
			'ä漢👩‍👩‍👧',
			'\x01\x1b[31m\x7f',
			'\\',
			'a=b',
			'ab \n'.repeat(25_000),
		];
		for (const [what, words, given] of [
			['a positional', ['f'], { FILE: 'f' }],
			['two', ['f', 'm'], { FILE: 'f', MORE: 'm' }],
			['--name value', ['--count', '7', 'f'], { COUNT: '7', FILE: 'f' }],
			['--name=value', ['f', '--count=7'], { COUNT: '7', FILE: 'f' }],
			['-x value', ['-n', '7', 'f'], { COUNT: '7', FILE: 'f' }],
			['-xVALUE', ['-n7', 'f'], { COUNT: '7', FILE: 'f' }],
			['a flag', ['--dry-run', 'f'], { DRY_RUN: 'true', FILE: 'f' }],
			['a flag that is false', ['--dry-run=false', 'f'], { DRY_RUN: 'false', FILE: 'f' }],
			['a short flag', ['-d', 'f'], { DRY_RUN: 'true', FILE: 'f' }],
			['short flags and a value in one word', ['-dn7', 'f'], { DRY_RUN: 'true', COUNT: '7', FILE: 'f' }],
			['a short flag that is false', ['-d=false', 'f'], { DRY_RUN: 'false', FILE: 'f' }],
			['the last of two', ['-n7', '--count=8', 'f'], { COUNT: '8', FILE: 'f' }],
			['a value that begins with a dash', ['--count', '-8', 'f'], { COUNT: '-8', FILE: 'f' }],
			['words behind --', ['--', '--count', '-d'], { FILE: '--count', MORE: '-d' }],
			['a choice', ['--level', 'high', 'f'], { LEVEL: 'high', FILE: 'f' }],
			...HOSTILE.map(
				(value) =>
					[
						`a word as it is: ${JSON.stringify(value.slice(0, 12))}`,
						['--', value, 'x'],
						{ FILE: value, MORE: 'x' },
					] as const,
			),
		] as [string, string[], Record<string, string>][]) {
			it(`takes ${what}`, async () => {
				const ran = await session(shell, COMMANDS, `show ${words.map(quoted).join(' ')}`);
				assert.deepEqual([ran.code, ran.stderr], [0, '']);
				const inputs = { COUNT: '5', DRY_RUN: '', LEVEL: '', FILE: '', MORE: '', ...given };
				const positional = [inputs.FILE, inputs.MORE];
				while (positional.at(-1) === '') positional.pop();
				const expected = [
					...Object.values(inputs).map((value) => `set=${value}`),
					String(positional.length),
					...positional,
				];
				assert.deepEqual(ran.stdout.split('\0').slice(0, -1), expected);
			});
		}

		for (const [what, words, said] of [
			['a flag that there is none', ['--foo', 'f'], 'there is no flag --foo'],
			['a letter that there is none', ['-x', 'f'], 'there is no flag -x'],
			['a positional’s name as a flag', ['--file', 'f'], 'there is no flag --file'],
			['nothing where something is needed', [], 'FILE is needed'],
			['a word too many', ['f', 'm', 'n'], 'it takes 2 words, and got n too'],
			['a flag without its value', ['f', '--count'], '--count needs a value'],
			['a letter without its value', ['f', '-n'], '-n needs a value'],
			['no number', ['f', '--count=x'], '--count must be a whole number'],
			['no choice', ['f', '--level', 'mid'], '--level must be low or high'],
			['a flag that is neither', ['f', '--dry-run=perhaps'], '--dry-run must be true or false'],
		] as [string, string[], string][]) {
			it(`refuses ${what}`, async () => {
				const ran = await session(shell, COMMANDS, `show ${words.map(quoted).join(' ')}; exit $?`);
				assert.deepEqual(ran, {
					code: 2,
					stdout: '',
					stderr: `error: show: ${said}\nshow --help says what it takes.\n`,
				});
			});
		}

		it('says what it takes', async () => {
			for (const how of ['--help', '-h', 'f --help']) {
				const ran = await session(shell, COMMANDS, `show ${how}`);
				assert.deepEqual([ran.code, ran.stderr], [0, '']);
				const text = [
					'usage: show [flags] FILE [MORE]',
					'',
					'  -n, --count VALUE             how many  (default: 5)',
					'  -d, --dry-run               ',
					'      --level VALUE             how loud: low, high',
					'  FILE                          which  (required)',
					'  MORE                        ',
					'      --help                    this text',
					'',
				];
				assert.equal(ran.stdout, text.join('\n'));
			}
		});

		it('runs in that sh, with the exit code, the environment and descriptor 3', async () => {
			const script = 'readlink /proc/$$/exe; echo "$FROM_SESSION $OUT" | cut -c1-20; echo three >&3; exit 7';
			const ran = await session(
				shell,
				[entry('=command run', script), entry('=out', 'ab')],
				'FROM_SESSION=here; export FROM_SESSION; run; exit $?',
			);
			assert.deepEqual([ran.code, ran.stderr], [7, 'three\n']);
			assert.match(ran.stdout, { dash: /\/dash$/m, 'bash as sh': /\/bash$/m }[shell.name] ?? /\/busybox$/m);
			assert.match(ran.stdout, /^here \/(run|tmp)\/\.ke-ou/m);
		});
	});
}

describe('the commands of a session', function () {
	this.timeout(60_000);
	afterEach(() => endAll(execs));
	const [shell] = shells() as [Shell];
	const TWO = [
		entry('=command two', 'echo two "$@"'),
		entry('=command ls', 'echo not the program'),
		entry('=help', 'ls, two'),
	];

	it('give every value the form that a script gets from the client', async () => {
		const words: Record<string, string[]> = {
			integer: [
				'0',
				'007',
				'+5',
				'-5',
				'-0',
				'',
				'-',
				'1.5',
				'1e3',
				'999999999999999',
				'1000000000000000',
				' 1',
				'0x10',
			],
			boolean: ['true', 'false', 'TRUE', 'f', 'T', '1', '0', 'yes', '', 'tru'],
			port: ['1', '080', '65535', '65536', '0', '-1', '', '99999', '123456', '8080 '],
			duration: [
				'90',
				'90s',
				'1h30m',
				'0.5s',
				'500ms',
				'1.5h',
				'1d',
				'0',
				'0s',
				'007',
				'',
				's',
				'1',
				'1x',
				'1.s',
				'.5s',
				'1h 3m',
				'-1s',
				'3650d',
				'3651d',
				'1m1m',
				'0.0004s',
				'0.0015s',
				'99999999999999999999',
				'1ms1s',
			],
			size: [
				'512',
				'100MB',
				'16MiB',
				'1k',
				'1K',
				'1Ki',
				'1KiB',
				'1.5G',
				'2 GiB',
				'2TiB',
				'1b',
				'1B',
				'',
				'B',
				'1i',
				'1iB',
				'1X',
				'1.',
				'-1',
				'9007199254740991',
				'9007199254740993',
				'9007T',
				'9008T',
				'0.4',
				'0.5',
				'1.25k',
				'2  M',
			],
			choice: ['low', 'high', 'LOW', '', 'mid'],
			path: ['/x', 'x y', ''],
			string: ['', 'x', '\t'],
		};
		const input = { name: 'v', description: '', required: false, positional: false };
		for (const [type, values] of Object.entries(words)) {
			const special = [
				entry('=command show', 'printf "%s\\0" "$INPUT_V"'),
				entry(
					'=inputs show',
					line('v', '-', 'value', 'no', '', type, '', ...(type === 'choice' ? ['low', 'high'] : [])),
				),
			];
			const lines = values.map((value) => `show --v=${quoted(value)} || printf 'code %s\\0' $?`).join('\n');
			const { stdout } = await session(shell, special, lines);
			const expected = values.map((value) => {
				const read = readValue(
					{ ...input, type, choices: ['low', 'high'] } as unknown as Parameters<typeof readValue>[0],
					value,
				);
				return 'value' in read ? read.value : 'code 2';
			});
			assert.deepEqual(
				stdout
					.split('\0')
					.slice(0, -1)
					.map((got, i) => [values[i], got]),
				expected.map((one, i) => [values[i], one]),
				type,
			);
		}
	});

	it('come last on PATH, and are called by `recipe` where a program has that name', async () => {
		const ran = await session(
			shell,
			TWO,
			'ls -d /; recipe ls; two a "b  c"; recipe two --help; echo "$PATH" | tr : "\\n" | tail -n 1',
		);
		const [root, ls, two, help, last = ''] = ran.stdout.trim().split('\n');
		assert.deepEqual([root, ls, two, help], ['/', 'not the program', 'two a b  c', 'two --help']);
		assert.match(last, /\/\.ke-session-\w+\/bin$/);
	});

	it('are listed by help and by recipe, with those that are hidden', async () => {
		const text = 'ls, two\nCalled as "recipe NAME", since the image has programs of these names: ls\n';
		const ran = await session(shell, TWO, 'help; recipe');
		assert.deepEqual(ran, { code: 0, stdout: text + text, stderr: '' });
		const odd = [entry('=command two', 'x'), entry('=help', 'a\x1b[31m\x07b\x9c\tc\r\x7f ä\n')];
		assert.equal((await session(shell, odd, 'help')).stdout, 'a?[31m?b?\tc?? ä\n');
		const only = [entry('=command two', 'x'), entry('=help', 'two\n')];
		assert.equal((await session(shell, only, 'help')).stdout, 'two\n');
		assert.equal((await session(shell, [...COMMANDS, entry('=command a', 'x')], 'help')).stdout, 'Commands: a show\n');
	});

	it('may have the names of ours, and are then called by `recipe`', async () => {
		const ran = await session(
			shell,
			[entry('=command help', 'echo own'), entry('=command recipe', 'echo own too')],
			'recipe help; recipe recipe; recipe',
		);
		assert.equal(ran.stdout, 'own\nown too\nCommands: help recipe\n');
	});

	it('say so where there is none of a name', async () => {
		for (const name of ['nope', '../scripts/two', '', '.', '..', 'x'.repeat(300)]) {
			const ran = await session(shell, TWO, `recipe '${name}'; exit $?`);
			assert.deepEqual([ran.code, ran.stdout], [127, '']);
			assert.match(ran.stderr, /^error: there is no recipe .*here\n"recipe" lists them\.\n$/);
		}
	});

	it('stand in a folder that only its owner can change, for as long as the shell runs', async () => {
		const exec = await start(shell, [...TWO, ...COMMANDS], {});
		exec.send('echo "$PATH"\n');
		while (!exec.stdout().includes('\n')) await new Promise((resolve) => setTimeout(resolve, 20));
		const made = dirname(exec.stdout().toString().trim().split(':').at(-1) ?? '');
		const all = spawnSync('find', [made, '-printf', '%M %u %P\n'], { encoding: 'utf8' })
			.stdout.trim()
			.split('\n')
			.sort();
		const owner = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
		const expected = [
			...['', 'bin', 'inputs', 'scripts'].map((name) => `drwxr-xr-x ${owner} ${name}`),
			...['.zshenv', '.zshrc', 'help', 'inputs/show', 'rc', 'scripts/ls', 'scripts/show', 'scripts/two'].map(
				(name) => `-rw-r--r-- ${owner} ${name}`,
			),
			...['bin/help', 'bin/ls', 'bin/recipe', 'bin/show', 'bin/two', 'ke'].map((name) => `lrwxrwxrwx ${owner} ${name}`),
		];
		assert.deepEqual(all, expected.sort());
		assert.match(readlinkSync(join(made, 'ke')), /^\.\.\//);
		exec.send('exit 5\n');
		assert.equal(await exec.ended, 5);
		assert.ok(!existsSync(made));
	});

	for (const how of ['SIGTERM', 'SIGHUP', 'the end of the terminal'] as const) {
		it(`go when the session is ended by ${how}`, async () => {
			const exec = await start(shell, TWO, { letters: 'st', words: ['bash'] });
			exec.send('two; echo at "$PATH"\r');
			const [, path = ''] = await exec.see(/\nat (\S+)\r\n/);
			const made = dirname(path.split(':').at(-1) ?? '');
			assert.match(made, /\/\.ke-session-\w+$/);
			assert.ok(existsSync(made));
			if (how === 'the end of the terminal') exec.hangUp();
			else process.kill(exec.pid ?? 0, how);
			// A shell at a terminal minds no TERM: whoever ends a session hangs it up, too.
			if (how === 'SIGTERM') process.kill(exec.pid ?? 0, 'SIGHUP');
			await exec.ended;
			assert.ok(!existsSync(made));
		});
	}

	it('share what they leave, which is offered when the shell has ended', async () => {
		const special = [entry('=command leave', 'echo "$1" >>"$OUT/file"'), entry('=out', 'abc')];
		const exec = await start(shell, special, { letters: 'st', words: ['bash'] });
		exec.send('leave one; leave two; exit 3\r');
		const path = pathOf(await exec.see(offered('abc')));
		assert.deepEqual(readdirSync(path), ['file']);
		assert.equal(statSync(join(path, 'file')).size, 8);
		exec.send('abcd');
		assert.equal(await exec.ended, 3);
		assert.ok(!existsSync(path));
	});

	it('work for another user, who cannot change them', async function () {
		if (process.getuid?.() !== 0) this.skip();
		const special = [...TWO, ...COMMANDS];
		const lines =
			'id -u; two "a b"; show f | tr "\\0" " "; echo; cd "$(dirname "$(command -v two)")/.." && echo x >scripts/two; rm -f bin/two; ls scripts/two bin/two';
		const ran = await session(shell, special, lines, { keys: ['as=65534:65534'] });
		assert.equal(ran.stdout, '65534\ntwo a b\nset=5 set= set= set=f set= 1 f \nbin/two\nscripts/two\n', ran.stderr);
	});

	it('are many, and long', async () => {
		const many = Array.from({ length: 1500 }, (_, i) => entry(`=command c${i}`, `echo ${i}`));
		const long = entry('=command long', `${'# a line that only makes it long\n'.repeat(30_000)}echo long`);
		const ran = await session(shell, [...many, long], 'c0; c1499; long');
		assert.deepEqual(ran, { code: 0, stdout: '0\n1499\nlong\n', stderr: '' });
	});

	it('are none where nothing can be written, which is said', async function () {
		if (process.getuid?.() !== 0) this.skip();
		await session(shell, TWO, '');
		const shut = ['/run', '/tmp', '/var/tmp', '/dev/shm'].map(
			(one) => `mount --bind ${one} ${one} && mount -o remount,bind,ro ${one}`,
		);
		const through = ['unshare', '--mount', '--', 'sh', '-c', `${shut.join(' && ')} && exec "$@"`, 'sh'];
		const asked = { way: 'launcher' as const, letters: 's', words: ['sh'], kind: 'n' as const, special: TWO };
		const exec = await startHere(shell, asked, { through });
		execs.push(exec);
		exec.send('echo runs; two; exit 4\n');
		assert.equal(await exec.ended, 4);
		assert.equal(exec.stdout().toString(), 'runs\n');
		assert.match(
			exec.stderr(),
			/^the toolkit's commands are not here: nothing can be written in the debug container\n/,
		);
	});
});
