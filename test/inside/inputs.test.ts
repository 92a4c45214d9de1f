import assert from 'node:assert/strict';
import { readValue } from '../../src/toolkit/inputs.ts';
import { entry, leftovers, removeInstalled } from './exec.ts';
import { inputLine as line, Sessions } from './sessions.ts';
import { type Shell, shells } from './shells.ts';

const sessions = new Sessions();
after(() => {
	removeInstalled();
	assert.deepEqual(leftovers(), []);
});

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

for (const shell of shells()) {
	describe(`a recipe's command in a session, where sh is ${shell.name}`, function () {
		this.timeout(60_000);
		afterEach(() => sessions.end());

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
				const ran = await sessions.run(shell, COMMANDS, `show ${words.map(quoted).join(' ')}`);
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
				const ran = await sessions.run(shell, COMMANDS, `show ${words.map(quoted).join(' ')}; exit $?`);
				assert.deepEqual(ran, {
					code: 2,
					stdout: '',
					stderr: `error: show: ${said}\nshow --help says what it takes.\n`,
				});
			});
		}

		it('says what it takes', async () => {
			for (const how of ['--help', '-h', 'f --help']) {
				const ran = await sessions.run(shell, COMMANDS, `show ${how}`);
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
			const ran = await sessions.run(
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

describe("a recipe's command in a session", function () {
	this.timeout(60_000);
	afterEach(() => sessions.end());
	const [shell] = shells() as [Shell];

	it('gives every value the form that a script gets from the client', async () => {
		const words: Record<string, string> = {
			integer: '0|007|+5|-5|-0||-|1.5|1e3|999999999999999|1000000000000000| 1|0x10',
			boolean: 'true|false|TRUE|f|T|1|0|yes||tru',
			port: '1|080|65535|65536|0|-1||99999|123456|8080 ',
			duration:
				'90|90s|1h30m|0.5s|500ms|1.5h|1d|0|0s|007||s|1|1x|1.s|.5s|1h 3m|-1s|3650d|3651d|1m1m|0.0004s|0.0015s|99999999999999999999|1ms1s',
			size: '512|100MB|16MiB|1k|1K|1Ki|1KiB|1.5G|2 GiB|2TiB|1b|1B||B|1i|1iB|1X|1.|-1|9007199254740991|9007199254740993|9007T|9008T|0.4|0.5|1.25k|2  M',
			choice: 'low|high|LOW||mid',
			path: '/x|x y|',
			string: '|x|\t',
		};
		const input = { name: 'v', description: '', required: false, positional: false };
		for (const [type, all] of Object.entries(words)) {
			const values = all.split('|');
			const special = [
				entry('=command show', 'printf "%s\\0" "$INPUT_V"'),
				entry(
					'=inputs show',
					line('v', '-', 'value', 'no', '', type, '', ...(type === 'choice' ? ['low', 'high'] : [])),
				),
			];
			const lines = values.map((value) => `show --v=${quoted(value)} || printf 'code %s\\0' $?`).join('\n');
			const { stdout } = await sessions.run(shell, special, lines);
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
});
