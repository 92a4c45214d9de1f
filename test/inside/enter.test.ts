import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAUNCHERS } from '../../src/inside/launcher.ts';
import { launcherBytes } from '../../src/inside/launcher-bytes.ts';
import { TEXTS } from '../../src/inside/texts.ts';
import { type EnvEntry, encodeFrame, encodeHeader, encodePart } from '../../src/session/header.ts';
import { type Run, runText, type Shell, shells } from './shells.ts';

const folder = mkdtempSync(join(tmpdir(), 'ke-enter-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What is given beside the command. */
interface Entry {
	letters?: string;
	path?: string;
	target?: string;
	term?: string;
	/** The header, and what follows it; without it an empty header. */
	stdin?: Uint8Array;
	env?: Record<string, string>;
}

/** By the launcher, carried and installed as in a container; or by the script that stands in where it cannot be. */
type Way = 'launcher' | 'script';

const NO_HEADER = encodeHeader([], 'n');
const [ours] = LAUNCHERS.filter(({ machine }) => machine === (process.arch === 'x64' ? 'x86_64' : 'aarch64'));
const installed = `.ke-test-${process.pid}`;
/** Where the launcher may have put itself. */
const places = ['/run', '/tmp'].map((place) => join(place, installed));
after(() => {
	for (const place of places) rmSync(place, { recursive: true, force: true });
});

/** Both sides of the beginning: the header too early, then what is asked for by `carry`, then by `script` or `header`. */
const enterBy = async (
	way: Way,
	shell: Shell,
	command: string[],
	{ letters = 'x', path = '', target = '', term = '', stdin = NO_HEADER, env }: Entry = {},
): Promise<Run> => {
	assert.ok(ours, 'npm run build:inside makes the launcher');
	const there = way === 'launcher' && places.some((place) => existsSync(place));
	const asked =
		way === 'launcher'
			? [encodePart(launcherBytes(ours.machine))]
			: [encodePart(new Uint8Array(0)), encodePart(Buffer.from(TEXTS.enter))];
	const sums = way === 'launcher' ? ours.sha256 : '-';
	const keys = Object.entries({ path, target, term, prompt: 'web-0:app' }).flatMap(([key, value]) =>
		value === '' ? [] : [`${key}=${value}`],
	);
	const words = ['ke', sums, installed, letters, ...keys, '--', ...command];
	const said = there ? [stdin] : [NO_HEADER, ...asked, stdin];
	const run = await runText(shell, TEXTS.bootstrap, words, Buffer.concat(said), env);
	return { ...run, stderr: run.stderr.replace(/\x1b\]ke;[^\x07]*\x07/g, '') };
};

/** The environment as the command sees it, through env -0 where there is one. */
const withEnvBy = async (way: Way, shell: Shell, vars: EnvEntry[], stdin = Buffer.alloc(0)): Promise<string[]> => {
	const print = vars.map(({ name }) => `printf '%s\\0' "$${name}"`).join('; ');
	const run = await enterBy(way, shell, ['sh', '-c', print], {
		stdin: Buffer.concat([encodeHeader(vars, 'n'), stdin]),
	});
	assert.equal(run.stderr, '');
	return run.stdout.toString('utf8').split('\0').slice(0, -1);
};

const WORDS = [
	'',
	' ',
	'a b',
	'a\nb',
	'\n',
	'*',
	'$HOME',
	'$(id)',
	'`id`',
	"it's",
	'"',
	'\\',
	'\\n',
	'-n',
	'--',
	'ä漢👩‍👩‍👧',
	'\t',
	'%s',
];

const VALUES: Record<string, string> = {
	empty: '',
	blank: ' ',
	'newlines at the end': 'a\n\n\n',
	'a newline alone': '\n',
	quotes: `'"\`\\'`,
	substitution: '$(id) $HOME `id` $$',
	'UTF-8': 'ä漢👩‍👩‍👧\u202e',
	'a letter x at the end': 'xxx',
	'a number': '007',
	equals: 'a=b=c',
	'100 kB': 'ab\n'.repeat(34_000),
	'control characters': '\x01\x1b[31m\x7f\r',
};

for (const [shell, way] of shells().flatMap((one) => [[one, 'launcher'] as const, [one, 'script'] as const])) {
	const enter = (command: string[], entry?: Entry): Promise<Run> => enterBy(way, shell, command, entry);
	const withEnv = (vars: EnvEntry[]): Promise<string[]> => withEnvBy(way, shell, vars);
	describe(`an exec begins in ${shell.name}, by the ${way}`, () => {
		it('passes sh -n', async () => {
			const text = way === 'script' ? TEXTS.enter : TEXTS.bootstrap;
			const run = await runText({ ...shell, words: [...shell.words, '-n'] }, text, []);
			assert.deepEqual([run.code, run.stderr], [0, '']);
		});

		it('hands on every word of the command as it stands', async () => {
			const run = await enter(['printf', '%s\\0', ...WORDS]);
			assert.deepEqual(run.stdout.toString().split('\0').slice(0, -1), WORDS);
			assert.equal(run.code, 0);
		});

		it('leaves the words alone where a header comes before', async () => {
			const header = encodeHeader(
				[
					{ name: 'A', value: '1 2' },
					{ name: 'B', value: '*' },
				],
				'n',
			);
			const run = await enter(['printf', '%s\\0', ...WORDS], { stdin: header });
			assert.deepEqual(run.stdout.toString().split('\0').slice(0, -1), WORDS);
		});

		for (const [what, value] of Object.entries(VALUES)) {
			it(`sets a value exactly: ${what}`, async () => {
				const vars = [
					{ name: 'BEFORE', value: 'b' },
					{ name: 'VALUE', value },
					{ name: 'AFTER', value: 'a' },
				];
				assert.deepEqual(
					await withEnv(vars),
					vars.map((one) => one.value),
				);
			});
		}

		it('is not confused by variables with the names of common words', async () => {
			const names =
				'mode folders target prompt first pid line frames saved count lengths name value shell length take'.split(' ');
			const vars = names.map((name, i) => ({ name, value: `value ${i}` }));
			assert.deepEqual(
				await withEnv(vars),
				vars.map(({ value }) => value),
			);
		});

		it('leaves the environment of the image alone', async () => {
			const env = { mode: 'production', target: 'blue', name: 'app', count: '3', value: 'v', first: '1', shell: 's' };
			const run = await enter(['env'], { env, target: 'nobody', stdin: encodeHeader([], 'n') });
			const said = new Map(
				run.stdout
					.toString()
					.split('\n')
					.map((line) => line.split('=') as [string, string]),
			);
			for (const [key, value] of Object.entries(env)) assert.equal(said.get(key), value, key);
			assert.deepEqual(
				[...said.keys()].filter((key) => /^ke_|^KE_/.test(key)),
				[],
			);
		});

		it('sets PATH for the command after all else is read', async () => {
			const vars = [
				{ name: 'PATH', value: '/nowhere' },
				{ name: 'LATER', value: 'there' },
			];
			const printer = shell.path.split(':').includes('/usr/bin') ? '/usr/bin/env' : join(shell.path, 'env');
			const run = await enter([printer], { stdin: encodeHeader(vars, 'n') });
			assert.match(run.stdout.toString(), /^LATER=there$/m);
			assert.match(run.stdout.toString(), /^PATH=\/nowhere$/m);
		});

		it('goes on where the shell holds a variable fast', async () => {
			const run = await enter(['printf', 'ran'], {
				stdin: encodeHeader([{ name: 'UID', value: '7' }], 'n'),
			});
			assert.deepEqual([run.code, run.stdout.toString()], [0, 'ran']);
		});

		it('lets the last of two settings win', async () => {
			const header = encodeHeader(
				[
					{ name: 'A', value: '1' },
					{ name: 'A', value: '2' },
				],
				'n',
			);
			const run = await enter(['sh', '-c', 'printf %s "$A"'], { stdin: header });
			assert.equal(run.stdout.toString(), '2');
		});

		it('leaves what follows the header to the command, byte for byte', async () => {
			const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
			const stdin = Buffer.concat([encodeHeader([{ name: 'A', value: '1' }], 'n'), bytes]);
			const run = await enter(['cat'], { stdin });
			assert.ok(run.stdout.equals(bytes));
		});

		it('takes frames apart and ends the stream at the empty one', async () => {
			const parts = [Buffer.from('one\n'), Buffer.alloc(65_536, 0), Buffer.from('\n\n')];
			const stdin = Buffer.concat([
				encodeHeader([], 'f'),
				...parts.map(encodeFrame),
				encodeFrame(Buffer.alloc(0)),
				Buffer.from('never read'),
			]);
			const run = await enter(['cat'], { stdin });
			assert.ok(run.stdout.equals(Buffer.concat(parts)), run.stderr);
			assert.equal(run.code, 0);
		});

		it('gives the exit code of a command that reads frames', async () => {
			const stdin = Buffer.concat([encodeHeader([], 'f'), encodeFrame(Buffer.from('x')), encodeFrame(Buffer.alloc(0))]);
			assert.equal((await enter(['sh', '-c', 'cat >/dev/null; exit 7'], { stdin })).code, 7);
		});

		it('ends when the client falls silent in the middle of the header or of a frame', async () => {
			const header = encodeHeader([{ name: 'A', value: 'long'.repeat(100) }], 'n');
			for (const stdin of [
				header.subarray(0, 20),
				header.subarray(0, 50),
				Buffer.concat([encodeHeader([], 'f'), encodeFrame(Buffer.alloc(100)).subarray(0, 30)]),
			]) {
				await enter(['cat'], { stdin });
			}
		});

		for (const [words, code] of [
			[['sh', '-c', 'exit 0'], 0],
			[['sh', '-c', 'exit 7'], 7],
			[['sh', '-c', 'kill -9 $$'], 137],
			[['no-such-program'], 127],
			[['/no/such/program'], 127],
			[['./plain-file'], 126],
			[[''], 127],
			[['ke_take'], 127],
		] as [string[], number][]) {
			it(`ends with ${code} for ${JSON.stringify(words)}`, async () => {
				writeFileSync(join(folder, 'plain-file'), 'text');
				chmodSync(join(folder, 'plain-file'), 0o644);
				const run = await enter(words.map((word) => word.replace('./', `${folder}/`)));
				// Killed itself where nothing of ours stays above it: the node makes 137 of that too.
				assert.equal(run.code ?? 137, code, run.stderr);
				if (code === 127 || code === 126) assert.match(run.stderr, /\S/);
			});
		}

		it('runs the first shell of a list that is there', async () => {
			const run = await enter(['no-such-shell', 'sh', 'cat'], {
				letters: 'xs',
				stdin: Buffer.concat([encodeHeader([], 'n'), Buffer.from('echo it runs; exit 3')]),
			});
			assert.deepEqual([run.code, run.stdout.toString()], [3, 'it runs\n']);
		});

		it('says 127 where no shell of a list is there', async () => {
			assert.equal((await enter(['no-such-shell', 'nor-this'], { letters: 'xs' })).code, 127);
		});

		it('puts folders before PATH, and exports it', async () => {
			const run = await enter(['sh', '-c', 'printf %s "$PATH"'], { path: '/a:/b c' });
			assert.equal(run.stdout.toString(), `/a:/b c:${shell.path}`);
		});

		it('sets TERM where one is given', async () => {
			assert.equal(
				(await enter(['sh', '-c', 'printf %s "$TERM"'], { term: 'xterm-256color' })).stdout.toString(),
				'xterm-256color',
			);
		});

		it('names no target where no cgroup bears its id', async () => {
			const run = await enter(['env'], { target: 'f00dfeedf00dfeedf00dfeed' });
			assert.doesNotMatch(run.stdout.toString(), /TARGET_/);
			assert.equal(run.stderr, '');
		});
	});
}
