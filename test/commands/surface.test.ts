import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import facts from '../../package.json' with { type: 'json' };
import { shapesOf } from '../../src/commands/flags.ts';
import { RECIPE_FLAGS } from '../../src/commands/recipe.ts';
import { ALL_SESSION_FLAGS } from '../../src/commands/session.ts';
import { STOP_FLAGS } from '../../src/commands/stop.ts';
import { TOOLKITS_FLAGS } from '../../src/commands/toolkits.ts';
import { executable } from '../support/executable.ts';

const home = mkdtempSync(join(tmpdir(), 'ke-surface-'));
after(() => rmSync(home, { recursive: true, force: true }));

const run = (...words: string[]): { code: number | null; stdout: string; stderr: string } => {
	const { status, stdout, stderr } = spawnSync(executable(), words, {
		env: { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(home, 'absent') },
		input: '',
		encoding: 'utf8',
	});
	return { code: status, stdout, stderr };
};

describe('the surface', () => {
	it('has the flags of surface.json and no others', () => {
		const shown = (flags: Parameters<typeof shapesOf>[0]): string[] =>
			Object.entries(shapesOf(flags)).map(([name, { type, char, of, bare, multiple, options }]) =>
				[
					`--${name}`,
					char && `-${char}`,
					of ? `= --${of}` : type,
					multiple && 'repeated',
					bare && `alone: ${bare}`,
					options?.join('|'),
				]
					.filter(Boolean)
					.join(' '),
			);
		const now = {
			session: shown(ALL_SESSION_FLAGS),
			recipe: shown(RECIPE_FLAGS),
			toolkits: shown(TOOLKITS_FLAGS),
			stop: shown(STOP_FLAGS),
		};
		const file = new URL('surface.json', import.meta.url);
		if (process.env.UPDATE_SURFACE) writeFileSync(file, `${JSON.stringify(now, null, '\t')}\n`);
		assert.deepEqual(now, JSON.parse(readFileSync(file, 'utf8')), 'UPDATE_SURFACE=1 writes it anew');
	});

	for (const command of ['net', 'java', 'go', 'shell', 'stop']) {
		it(`helps with ${command} in kubectl's manner: three examples, every flag once`, () => {
			const { code, stdout, stderr } = run(command, '--help');
			assert.deepEqual([code, stderr], [0, '']);
			for (const heading of ['Examples:', 'Options:', 'Usage:']) assert.ok(stdout.includes(`\n${heading}\n`), heading);
			assert.equal(stdout.match(/^ {2}# /gm)?.length, 3);
			const listed = [...stdout.matchAll(/^ {4}(?:-\w, | {4})--([\w-]+)/gm)].map(([, name]) => name);
			assert.equal(new Set(listed).size, listed.length);
			assert.deepEqual(run('help', command).stdout, stdout);
			assert.deepEqual(run('-h', command).stdout, stdout);
		});
	}

	for (const words of [[], ['--help'], ['-h'], ['help'], ['help', 'help'], ['version', '--help']]) {
		it(`gives the program's help for "${words.join(' ')}"`, () => {
			const { code, stdout, stderr } = run(...words);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^Toolkits:\n {2}go .*\n {2}java .*\n {2}net /m);
			assert.equal(stdout.match(/^ {2}# /gm)?.length, 3);
		});
	}

	it('says its version', () => {
		assert.deepEqual(run('--version'), { code: 0, stdout: `${facts.name} v${facts.version}\n`, stderr: '' });
		assert.match(run('version').stdout, new RegExp(`^${facts.name} v${facts.version} \\(`));
	});

	for (const [line, code, stderr] of [
		['nett web-0', 1, 'error: unknown command "nett" for "kubectl ephemeral"\nDid you mean net?\n'],
		['help nett', 1, 'error: unknown command "nett" for "kubectl ephemeral"\nDid you mean net?\n'],
		['--bogus', 1, 'error: unknown flag: --bogus\n'],
		['stop web-0 --image x', 1, /^error: unknown flag: --image\n/],
		['-n net stop web-0 -Z', 1, /^error: unknown shorthand flag: 'Z' in -Z\n/],
		['net web-0 --imag x', 125, 'error: unknown flag: --imag\nDid you mean --image?\n'],
		['net web-0 --toolkit x', 125, /^error: unknown flag: --toolkit\n/],
		['net web-0 -n', 125, 'error: flag needs an argument: --namespace\n'],
		['net web-0 -o xml -- true', 125, 'error: invalid argument "xml" for "--output" flag: it is json, yaml or table\n'],
		['net web-0 -n a -n b --', 125, 'error: a command is missing behind --\n'],
		['net web-0', 125, /^error: a shell needs a terminal, and standard input is none\n/],
		['net a b -- true', 125, /^error: "a" is no recipe and no resource type\n/],
		['net --env A=1 web-0 -- true', 125, /absent|kubeconfig|cluster|connect/i],
		['net web-0 --custom /absent.yaml -- true', 125, 'error: --custom /absent.yaml cannot be read: no such file\n'],
	] as const) {
		it(`answers "${line}" with ${code}`, () => {
			const ran = run(...line.split(' '));
			assert.deepEqual([ran.code, ran.stdout], [code, '']);
			if (typeof stderr === 'string') assert.equal(ran.stderr, stderr);
			else assert.match(ran.stderr, stderr);
		});
	}

	it('names file and line of a wrong --custom file and a wrong configuration', () => {
		const custom = join(home, 'custom.yaml');
		writeFileSync(custom, 'a: [\n');
		assert.match(run('net', 'web-0', '--custom', custom, '--', 'true').stderr, /^error: .*custom\.yaml:\d+:\d+: /);
		writeFileSync(custom, '');
		assert.match(run('net', 'web-0', '--custom', custom, '--', 'true').stderr, /custom\.yaml is empty/);
		const folder = join(home, '.config/kubectl-ephemeral');
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, 'config.yaml'), 'images: {}\nregistrys: {}\n');
		const ran = run('net', 'web-0', '--', 'true');
		rmSync(folder, { recursive: true });
		assert.deepEqual(
			[ran.code, ran.stderr],
			[125, `error: ${folder}/config.yaml:2: registrys is no known key; did you mean registries?\n`],
		);
	});
});
