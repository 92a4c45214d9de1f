import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { aHome, type Home, recipesYaml, SCRIPT, toolkitYaml } from '../support/home.ts';

const RECIPE = 'recipes:\n  greet:\n    description: Greet\n    script: scripts/greet.sh\n';
const but = (name: string, line: RegExp, other: string): string => toolkitYaml(name).replace(line, other);

/** Bytes behind a name: what makes a toolkit of that name broken, and what is said of it behind its folder's path. */
const BROKEN: { name: string; make(home: Home, at: string): void; says: RegExp; byScript?: true }[] = [
	{
		name: 'bad-yaml',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), `${toolkitYaml('bad-yaml')}path: [\n`),
		says: /^\/toolkit\.yaml:\d+: .+ \(column \d+\)$/,
	},
	{
		name: 'alias-bomb',
		make: (home, at) => {
			const levels = 'bcdefghij'.split('').map((name, i) => {
				return `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]\n`;
			});
			home.write(join(at, 'toolkit.yaml'), `${toolkitYaml('alias-bomb')}a: &a [x,x,x,x,x,x,x,x,x]\n${levels.join('')}`);
		},
		says: /^\/toolkit\.yaml: the file stands for too much: its aliases multiply$/,
	},
	{
		name: 'unknown-key',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('unknown-key', 'recipe: {}\n')),
		says: /^\/toolkit\.yaml:6: recipe is no known key; did you mean recipes\?$/,
	},
	{
		name: 'wrong-type',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('wrong-type', 'shell: {root: [target]}\n')),
		says: /^\/toolkit\.yaml:6: shell\.root must be a string, not a list$/,
	},
	{
		name: 'path-out',
		make: (home, at) =>
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('path-out', 'helpers: [../greet/scripts/greet.sh]\n')),
		says: /^\/toolkit\.yaml:6: helpers must be a path below the folder of the toolkit, not "\.\.\/greet\/scripts\/greet\.sh"$/,
	},
	{
		name: 'link-out',
		make: (home, at) => {
			home.write('secret.yaml', toolkitYaml('link-out'));
			mkdirSync(at);
			symlinkSync(join(home.folder, 'secret.yaml'), join(at, 'toolkit.yaml'));
		},
		says: /^\/toolkit\.yaml: is a link that leads out of its folder, to \/.*\/secret\.yaml$/,
	},
	{
		name: 'script-link-out',
		byScript: true,
		make: (home, at) => {
			home.write('secret.sh', SCRIPT);
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('script-link-out', RECIPE));
			mkdirSync(join(at, 'scripts'));
			symlinkSync('../../../../../secret.sh', join(at, 'scripts/greet.sh'));
		},
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh is a link that leads out of its folder, to \/.*secret\.sh$/,
	},
	{
		name: 'folder-link-out',
		byScript: true,
		make: (home, at) => {
			home.write('outside/greet.sh', SCRIPT);
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('folder-link-out', RECIPE));
			symlinkSync(join(home.folder, 'outside'), join(at, 'scripts'));
		},
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh is a link that leads out of its folder/,
	},
	{
		name: 'dangling',
		make: (_, at) => {
			mkdirSync(at);
			symlinkSync('nowhere.yaml', join(at, 'toolkit.yaml'));
		},
		says: /^\/toolkit\.yaml: is a link that leads nowhere$/,
	},
	{
		name: 'dangling-folder',
		make: (home, at) => symlinkSync(join(home.folder, 'nowhere'), at),
		says: /^: is a link that leads nowhere$/,
	},
	{
		name: 'twice',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('twice', 'image: b\n')),
		says: /^\/toolkit\.yaml:6: duplicated mapping key \(column \d+\)$/,
	},
	{
		name: 'no-image',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), but('no-image', /^image.*\n/m, '')),
		says: /^\/toolkit\.yaml: image is missing$/,
	},
	{
		name: 'no-script',
		byScript: true,
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('no-script', RECIPE)),
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh does not exist$/,
	},
	{
		name: 'no-shebang',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('no-shebang', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), 'echo hello\n');
		},
		says: /^\/scripts\/greet\.sh:1: must begin with the line #!\/bin\/sh$/,
	},
	{
		name: 'other-shell',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('other-shell', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), '#!/bin/bash\necho hello\n');
		},
		says: /^\/scripts\/greet\.sh:1: must begin with the line #!\/bin\/sh$/,
	},
	{
		name: 'shell-options',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('shell-options', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), '#!/bin/sh -eu\necho hello\n');
		},
		says: /^\/scripts\/greet\.sh:1: has options in its first line, without effect: write set -eu$/,
	},
	{
		name: 'crlf',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('crlf', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), '#!/bin/sh\necho one\necho two\r\n');
		},
		says: /^\/scripts\/greet\.sh:3: has line ends of Windows \(CRLF\); sh wants LF$/,
	},
	{
		name: 'nul',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('nul', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), '#!/bin/sh\necho \0\n');
		},
		says: /^\/scripts\/greet\.sh:2: holds a NUL byte$/,
	},
	{
		name: 'latin1',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('latin1', RECIPE));
			home.write(join(at, 'scripts/greet.sh'), Buffer.from('#!/bin/sh\necho gr\xfc\xdf\n', 'latin1'));
		},
		says: /^\/scripts\/greet\.sh: is no valid UTF-8$/,
	},
	{
		name: 'other-name',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('another')),
		says: /^\/toolkit\.yaml:3: name must be "other-name", as its folder is called, not "another"$/,
	},
	{
		name: 'cp',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('cp')),
		says: /^\/toolkit\.yaml:3: name is the name of a command: kubectl ephemeral cp$/,
	},
	{
		name: 'why',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('why')),
		says: /^\/toolkit\.yaml:3: name is the name of a command: kubectl ephemeral why$/,
	},
	{
		name: 'deploy',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('deploy')),
		says: /^\/toolkit\.yaml:3: name is kubectl's word for a kind of resource: deploy$/,
	},
	{
		name: 'future',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), but('future', /ephemeral\/v1/, 'ephemeral/v2')),
		says: /^\/toolkit\.yaml:1: apiVersion must be ephemeral\/v1, not "ephemeral\/v2": it is for a later kubectl ephemeral$/,
	},
	{
		name: 'large',
		make: (home, at) => truncateSync(home.write(join(at, 'toolkit.yaml'), toolkitYaml('large')), 10 << 20),
		says: /^\/toolkit\.yaml: is too large: 1024 KiB is the most$/,
	},
	{
		name: 'large-script',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('large-script', RECIPE));
			truncateSync(home.write(join(at, 'scripts/greet.sh'), SCRIPT), 10 << 20);
		},
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh is too large: 1024 KiB is the most$/,
	},
	{
		name: 'fifo',
		make: (_, at) => {
			mkdirSync(at);
			execFileSync('mkfifo', [join(at, 'toolkit.yaml')]);
		},
		says: /^\/toolkit\.yaml: is no regular file$/,
	},
	{
		name: 'fifo-script',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('fifo-script', RECIPE));
			mkdirSync(join(at, 'scripts'));
			execFileSync('mkfifo', [join(at, 'scripts/greet.sh')]);
		},
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh is no regular file$/,
	},
	{
		name: 'device-script',
		byScript: true,
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('device-script', RECIPE));
			mkdirSync(join(at, 'scripts'));
			symlinkSync('/dev/zero', join(at, 'scripts/greet.sh'));
		},
		says: /^\/toolkit\.yaml:9: recipes\.greet\.script scripts\/greet\.sh is a link that leads out of its folder, to \/dev\/zero$/,
	},
	{
		name: 'folder-as-file',
		make: (_, at) => mkdirSync(join(at, 'toolkit.yaml'), { recursive: true }),
		says: /^\/toolkit\.yaml: is no regular file$/,
	},
	{
		name: 'binary',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe])),
		says: /^\/toolkit\.yaml: is no valid UTF-8$/,
	},
	{
		name: 'other-ending',
		make: (home, at) => home.write(join(at, 'toolkit.yml'), toolkitYaml('other-ending')),
		says: /^\/toolkit\.yml: must be called toolkit\.yaml$/,
	},
	{
		name: 'includes',
		make: (home, at) => home.write(join(at, 'toolkit.yaml'), toolkitYaml('includes', 'include: [nothing]\n')),
		says: /^\/toolkit\.yaml:6: include names nothing, which is no set of recipes of its source or the box$/,
	},
	{
		name: 'includes-broken',
		make: (home, at) => {
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('includes-broken', 'include: [unknown-key]\n'));
		},
		says: /^\/toolkit\.yaml:6: include names unknown-key, which is wrong itself$/,
	},
	{
		name: 'escapes',
		make: (home, at) =>
			home.write(join(at, 'toolkit.yaml'), toolkitYaml('escapes', '"\\e[2J\\nWarning: all is well": 1\n')),
		says: /^\/toolkit\.yaml: ␛\[2J Warning: all is well is no known key$/,
	},
];

describe('toolkits that are broken', () => {
	const home = aHome();
	const at = (name: string): string => join(home.toolkits, name);
	before(() => {
		for (const { name, make } of BROKEN) make(home, at(name));
		home.write(join(at('greet'), 'toolkit.yaml'), toolkitYaml('greet', `${RECIPE}include: [common]\n`));
		home.write(join(at('greet'), 'scripts/greet.sh'), SCRIPT);
		home.write(
			join(at('common'), 'toolkit.yaml'),
			recipesYaml('common', 'recipes:\n  a: {description: A, run: "true"}\n'),
		);
		home.write(join(at('.hidden'), 'toolkit.yaml'), 'nothing');
		home.write(join(at('notes'), 'README.md'), 'no toolkit');
		home.write(join(home.toolkits, 'README.md'), 'no toolkit');
		// A second name for the same file is in its folder all the same.
		linkSync(join(at('greet'), 'toolkit.yaml'), join(at('greet'), 'again.yaml'));
	});
	after(() => home.remove());

	/** What was said of one toolkit, behind its folder. */
	const saidOf = (text: string, name: string): string[] =>
		text.split('\n').flatMap((line) => {
			const said = line.replace(/^(Warning|error): /, '');
			return said.startsWith(`${at(name)}/`) || said.startsWith(`${at(name)}:`) ? [said.slice(at(name).length)] : [];
		});

	/** That this was said of one toolkit, and nothing else. */
	const assertSays = (text: string, name: string, says: RegExp): void => {
		const said = saidOf(text, name);
		assert.ok(said.length === 1 && says.test(said[0] ?? ''), `${name}: ${JSON.stringify(said)} is not ${says}`);
	};

	it('are at least 20 kinds', () => assert.ok(BROKEN.length >= 20));

	it('are each told in a sentence of their own by check, which ends with 1, and all others are not', () => {
		const { code, stdout, stderr } = home.run(['toolkits', 'check']);
		assert.equal(code, 1);
		for (const { name, says } of BROKEN) assertSays(stdout, name, says);
		assert.equal(stdout.trimEnd().split('\n').length, BROKEN.length);
		assert.match(stderr, /^\d+ checked: \d+ findings\n$/);
	});

	it('do not hold the others up, nor --help, and take less than a second together', () => {
		rmSync(join(home.folder, '.cache'), { recursive: true, force: true });
		const { code, stdout, stderr, ms } = home.run(['--help']);
		assert.equal(code, 0);
		assert.match(stdout, /^ {2}greet +Tools for greet$/m);
		assert.match(stdout, /^ {2}net /m);
		assert.ok(ms < 1000, `${ms} ms`);
		for (const { name, says, byScript } of BROKEN) {
			const said = saidOf(stderr, name);
			// Scripts are not read for this.
			if (byScript) assert.deepEqual(said, [], name);
			else assertSays(stderr, name, says);
		}
		assert.deepEqual(home.run(['--help']).stderr, stderr, 'from the cache the same');
	});

	it('are listed with what is wrong, scripts too', () => {
		const { code, stdout, stderr, ms } = home.run(['toolkits', 'list']);
		assert.equal(code, 0);
		for (const { name, says } of BROKEN) assertSays(stderr, name, says);
		assert.match(stdout, /^greet +registry\.test\/greet:1 +2 .* yes$/m);
		assert.match(stdout, /^crlf .* broken$/m);
		assert.match(stdout, /^wrong-type +- +- +- +disabled$/m);
		assert.ok(ms < 1000, `${ms} ms`);
	});

	it('give their own error where they are used, with the code of a command that could not be run', () => {
		for (const { name, says, byScript } of BROKEN) {
			if (name === 'cp' || name === 'why' || name === 'deploy' || byScript) continue;
			const { code, stdout, stderr } = home.run([name, 'web-0', '--', 'true']);
			assert.deepEqual([code, stdout], [125, ''], name);
			assert.match(stderr, /^error: [^\n]*\n$/, name);
			assertSays(stderr, name, says);
		}
	});

	it('are not spoken of where another one is used, nor by --version', () => {
		assert.equal(home.run(['--version']).stderr, '');
		assert.equal(home.run(['greet', '--help']).stderr, '');
		assert.doesNotMatch(home.run(['greet', 'web-0', '--', 'true']).stderr, /toolkit\.yaml/);
	});

	it('say nothing to a terminal that it would act on', () => {
		for (const words of [['toolkits', 'check'], ['toolkits', 'list'], ['--help'], ['escapes', 'web-0']]) {
			const { stdout, stderr } = home.run(words);
			assert.ok(!`${stdout}${stderr}`.includes('\x1b'), words.join(' '));
		}
	});

	it('are told all at once: every finding of a file', () => {
		const folder = join(home.folder, 'other/many');
		home.write(
			join(folder, 'toolkit.yaml'),
			toolkitYaml(
				'many',
				'recipes:\n  a:\n    description: A\n    script: a.sh\n  b:\n    description: B\n    run: "if true"\n  pod:\n    description: C\n    run: "true"\n',
			),
		);
		home.write(join(folder, 'a.sh'), '#!/bin/sh\necho ok\nif true; then\n');
		const { code, stdout } = home.run(['toolkits', 'check', folder]);
		assert.equal(code, 1);
		assert.match(stdout, /^\S+\/many\/toolkit\.yaml:\d+: recipes\.pod is kubectl's word/m);
		home.write(join(folder, 'toolkit.yaml'), toolkitYaml('many', 'nedes: []\nimgae: x\nwants: [x]\n'));
		assert.deepEqual(
			home
				.run(['toolkits', 'check', folder])
				.stdout.split('\n')
				.slice(0, -1)
				.map((line) => line.slice(folder.length)),
			[
				'/toolkit.yaml:6: nedes is no known key; did you mean needs?',
				'/toolkit.yaml:7: imgae is no known key; did you mean image?',
				'/toolkit.yaml:8: wants must be same-user or a capability, not "x"',
			],
		);
	});

	it('end soon for a million bytes that are all wrong', () => {
		const folder = join(home.folder, 'other/wrong');
		const keys = Array.from({ length: 90_000 }, (_, i) => `a${i}: 1\n`).join('');
		home.write(join(folder, 'toolkit.yaml'), toolkitYaml('wrong', keys));
		const { code, ms } = home.run(['toolkits', 'check', folder]);
		assert.equal(code, 1);
		assert.ok(ms < 5000, `${ms} ms`);
	});
});
