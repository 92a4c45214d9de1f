import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolkitSchema } from '../../src/toolkit/schema.ts';
import { executable } from '../support/executable.ts';
import { aHome, type Home, recipesYaml, SCRIPT, toolkitYaml } from '../support/home.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('toolkits', () => {
	let home: Home;
	beforeEach(() => {
		home = aHome();
	});
	afterEach(() => home.remove());
	const ok = (...words: string[]): string => {
		const { code, stdout, stderr } = home.run(words);
		assert.deepEqual([code, stderr], [0, ''], words.join(' '));
		return stdout;
	};

	for (const [line, code, stderr] of [
		['toolkits bogus', 1, /^error: unknown command "toolkits bogus"\nIt is one of list, /],
		['toolkits lst', 1, 'error: unknown command "toolkits lst"\nDid you mean list?\n'],
		['toolkits list x', 1, 'error: unexpected "x" behind toolkits list\nUsage: toolkits [list] [-o json|yaml|name]\n'],
		['toolkits show', 1, /^error: toolkits show takes more words\nUsage: toolkits show NAME /],
		['toolkits show nett', 1, 'error: there is no toolkit "nett"\nDid you mean net?\n'],
		['toolkits show net -o name', 1, 'error: toolkits show has no -o name\nIt is json or yaml.\n'],
		['toolkits list --files x', 1, 'error: unknown flag: --files\ntoolkits list has no such flag.\n'],
		['toolkits list --context x', 1, 'error: unknown flag: --context\ntoolkits list has no such flag.\n'],
		['toolkits list -o xml', 1, /^error: invalid argument "xml" for "--output" flag: it is json, yaml or name\n/],
		['toolkits list -- x', 1, 'error: toolkits runs no command\n'],
		['toolkits trust net@1', 1, /^error: "1" is no digest\n/],
		[
			'toolkits new cp',
			1,
			'error: a toolkit cannot be called "cp": its name is the name of a command: kubectl ephemeral cp\n',
		],
		['toolkits new ../a', 1, /^error: a toolkit cannot be called "\.\.\/a": its name must be lower-case/],
		['toolkits new Acme', 1, /must be lower-case/],
		['toolkits check absent', 1, /^error: \S+\/absent does not exist\n$/],
		[
			'toolkits sync',
			1,
			/^error: no ConfigMap is named to sync toolkits from\nIn \S+config\.yaml: toolkits: \{configMap: /,
		],
	] as const) {
		it(`answers "${line}" with ${code}`, () => {
			const ran = home.run(line.split(' '));
			assert.deepEqual([ran.code, ran.stdout], [code, '']);
			if (typeof stderr === 'string') assert.equal(ran.stderr, stderr);
			else assert.match(ran.stderr, stderr);
		});
	}

	it('helps with examples and every verb', () => {
		const stdout = ok('toolkits', '--help');
		for (const verb of ['list', 'show', 'new', 'check', 'trust', 'untrust', 'sync', 'schema'])
			assert.match(stdout, new RegExp(`^ {2}kubectl ephemeral toolkits \\[?${verb}\\b`, 'm'));
		assert.equal(ok('toolkits', 'list', '--help'), stdout);
		assert.equal(ok('help', 'toolkits'), stdout);
	});

	describe('list', () => {
		it('is a table, and what a bare toolkits gives', () => {
			home.write(
				join(home.toolkits, 'mine/toolkit.yaml'),
				toolkitYaml('mine', 'recipes:\n  a: {description: A, run: "true"}\n'),
			);
			const stdout = ok('toolkits');
			const [head, ...rows] = stdout.trimEnd().split('\n');
			assert.match(head ?? '', /^NAME +IMAGE +RECIPES +SOURCE +TRUST$/);
			assert.match(stdout, /^net +nicolaka\/netshoot:\S+ +\d+ +built-in +yes$/m);
			assert.match(stdout, /^mine +registry\.test\/mine:1 +1 +\S+\/mine\/toolkit\.yaml +yes$/m);
			assert.deepEqual(
				rows.map((row) => row.split(' ')[0]),
				ok('toolkits', 'list', '-o', 'name').trimEnd().split('\n'),
			);
		});

		it('is JSON and YAML, with digest and trust', () => {
			home.write(join(home.toolkits, 'mine/toolkit.yaml'), toolkitYaml('mine'));
			home.write('.config/kubectl-ephemeral/config.yaml', 'images: {net: mirror.test/net:1}\n');
			const all = JSON.parse(ok('toolkits', 'list', '-o', 'json'));
			const mine = all.find(({ name }: { name: string }) => name === 'mine');
			assert.deepEqual(
				{ ...mine, digest: '' },
				{
					name: 'mine',
					description: 'Tools for mine',
					image: 'registry.test/mine:1',
					recipes: [],
					kind: 'user',
					source: join(home.toolkits, 'mine/toolkit.yaml'),
					digest: '',
					trust: { state: 'yes', because: "the user's own" },
				},
			);
			assert.match(mine.digest, /^sha256:[0-9a-f]{64}$/);
			assert.equal(all.find(({ name }: { name: string }) => name === 'net').image, 'mirror.test/net:1');
			assert.match(ok('toolkits', 'list', '-o', 'yaml'), /^- name: /);
		});

		it('is in the help of the program, made safe for a terminal', () => {
			home.write(
				join(home.toolkits, 'mine/toolkit.yaml'),
				toolkitYaml('mine').replace('Tools for mine', '"a\\e[2J\\nb"'),
			);
			assert.match(ok('--help'), /^ {2}mine +a␛\[2J b$/m);
			assert.ok(!ok('mine', '--help').includes('\x1b'));
		});
	});

	describe('show', () => {
		const RECIPE = `recipes:
  dump:
    description: Dump the heap
    inputs:
      live: {type: boolean, default: true, description: Only what is reachable, short: a}
      where: {positional: true, required: true, description: Where}
    needs: [SYS_PTRACE]
    user: target
    timeout: 15m
    confirm: Go?
    script: scripts/dump.sh
    output: {kind: file, format: hprof}
`;
		beforeEach(() => {
			home.write(
				join(home.toolkits, 'acme/toolkit.yaml'),
				toolkitYaml('acme', `${RECIPE}include: [common]\nwants: [NET_RAW]\n`),
			);
			home.write(join(home.toolkits, 'acme/scripts/dump.sh'), SCRIPT);
			home.write(
				join(home.toolkits, 'common/toolkit.yaml'),
				recipesYaml('common', 'recipes:\n  b: {description: B, script: b.sh}\n'),
			);
			home.write(join(home.toolkits, 'common/b.sh'), SCRIPT);
		});

		it('says what it is, with recipes, inputs and rights, where from, its digest and its trust', () => {
			const stdout = ok('toolkits', 'show', 'acme');
			for (const line of [
				/^acme: Tools for acme$/m,
				/^image +registry\.test\/acme:1$/m,
				/^source +user: \S+\/acme\/toolkit\.yaml$/m,
				/^digest +sha256:[0-9a-f]{64}$/m,
				/^trust +yes \(the user's own\)$/m,
				/^wants +NET_RAW$/m,
				/^ {2}dump +Dump the heap$/m,
				/-a, --live +Only what is reachable \(boolean, default true\)$/m,
				/WHERE +Where \(string, required\)$/m,
				/gives file \(hprof\), needs SYS_PTRACE, as the target's user, for 15 min at most$/m,
				/asks: Go\?$/m,
				/^ {2}b +B$/m,
			])
				assert.match(stdout, line);
			const { digest, toolkit } = JSON.parse(ok('toolkits', 'show', 'acme', '-o', 'json'));
			assert.ok(stdout.includes(digest));
			assert.deepEqual(
				toolkit.recipes.map(({ name }: { name: string }) => name),
				['dump', 'b'],
			);
		});

		it('tells what would let it run, where it may not', () => {
			const env = { KUBECTL_EPHEMERAL_PATH: join(home.folder, 'team') };
			home.write('team/other/toolkit.yaml', toolkitYaml('other'));
			const { stdout } = home.run(['toolkits', 'show', 'other'], { env });
			assert.match(
				stdout,
				/^trust +asks each time .*; for good: kubectl ephemeral toolkits trust other@sha256:[0-9a-f]{64}$/m,
			);
		});

		it('writes the folder out, with the sets that it includes, as it can be used from there', () => {
			const stdout = ok('toolkits', 'show', 'acme', '--files', 'out');
			const out = join(home.folder, 'out');
			assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
				join(out, 'acme/scripts/dump.sh'),
				join(out, 'acme/toolkit.yaml'),
				join(out, 'common/b.sh'),
				join(out, 'common/toolkit.yaml'),
			]);
			assert.equal(statSync(join(out, 'acme/scripts/dump.sh')).mode & 0o777, 0o755);
			assert.equal(statSync(join(out, 'acme/toolkit.yaml')).mode & 0o777, 0o644);
			assert.match(home.run(['toolkits', 'check', 'out']).stderr, /^2 checked: nothing is wrong\n$/);
			assert.equal(readFileSync(join(out, 'acme/scripts/dump.sh'), 'utf8'), SCRIPT);
		});

		it('never overwrites unless it is told to', () => {
			ok('toolkits', 'show', 'acme', '--files', 'out');
			const file = home.write('out/acme/scripts/dump.sh', 'mine');
			const ran = home.run(['toolkits', 'show', 'acme', '--files', 'out']);
			assert.deepEqual([ran.code, ran.stdout], [1, '']);
			assert.match(ran.stderr, /^error: \S+ is there already\n--overwrite replaces it\.\n$/);
			assert.equal(readFileSync(file, 'utf8'), 'mine');
			ok('toolkits', 'show', 'acme', '--files', 'out', '--overwrite');
			assert.equal(readFileSync(file, 'utf8'), SCRIPT);
			assert.deepEqual(globSync('**/*.part', { cwd: join(home.folder, 'out') }), []);
		});

		for (const path of globSync('plugins/*/toolkit.yaml', { cwd: root })) {
			const name = path.split('/')[1] ?? '';
			if (readFileSync(root + path, 'utf8').includes('kind: Recipes')) continue;
			it(`writes out ${name} as it stands in the box`, () => {
				ok('toolkits', 'show', name, '--files', 'out');
				for (const file of globSync(['**/*.yaml', '**/*.sh'], { cwd: join(home.folder, 'out') }))
					assert.equal(
						readFileSync(join(home.folder, 'out', file), 'utf8'),
						readFileSync(join(root, 'plugins', file), 'utf8'),
						file,
					);
				assert.ok(existsSync(join(home.folder, 'out', name, 'toolkit.yaml')));
				assert.match(home.run(['toolkits', 'check', 'out']).stderr, /: nothing is wrong\n$/);
			});
		}
	});

	describe('new', () => {
		const here = (...words: string[]) => home.run(words, { cwd: join(home.folder, 'work') });
		beforeEach(() => {
			mkdirSync(join(home.folder, 'work'));
		});

		it('writes a folder that passes check at once, can be seen, and has a script, a test, a README and the schema', () => {
			const { code, stderr } = here('toolkits', 'new', 'acme');
			assert.equal(code, 0);
			assert.match(stderr, /^Try it: KUBECTL_EPHEMERAL_PATH=\. kubectl ephemeral acme hello POD --yes\n$/);
			const folder = join(home.folder, 'work/acme');
			const text = readFileSync(join(folder, 'toolkit.yaml'), 'utf8');
			assert.ok(text.startsWith('# yaml-language-server: $schema=toolkit.schema.json\n'));
			assert.match(text, /^test: \{run: /m);
			assert.deepEqual(JSON.parse(readFileSync(join(folder, 'toolkit.schema.json'), 'utf8')), toolkitSchema());
			assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), /kubectl ephemeral acme hello POD/);
			for (const words of [['acme'], ['.'], []]) {
				const ran = here('toolkits', 'check', ...words);
				assert.deepEqual([ran.code, ran.stdout], [0, ''], words.join());
			}
			const env = { KUBECTL_EPHEMERAL_PATH: join(home.folder, 'work') };
			assert.match(home.run(['--help'], { env }).stdout, /^ {2}acme +Tools for acme$/m);
			assert.match(home.run(['acme', '--help'], { env }).stdout, /^ {2}hello +Greet/m);
		});

		it('writes a script that shellcheck and sh take, and that runs by hand', () => {
			here('toolkits', 'new', 'acme');
			const script = join(home.folder, 'work/acme/scripts/hello.sh');
			const checked = spawnSync('shellcheck', [script], { encoding: 'utf8' });
			assert.equal(checked.status, 0, checked.stdout);
			const ran = spawnSync('sh', [script], {
				env: { PATH: process.env.PATH, INPUT_GREETING: "It's $(me)", TARGET_CONTAINER: 'app', POD: 'web-0' },
				encoding: 'utf8',
			});
			assert.deepEqual([ran.status, ran.stdout], [0, "It's $(me) from container app of pod web-0\n"]);
		});

		it('gives rights that the umask has no say in, so that nobody else can write them', () => {
			for (const [umask, name] of [
				['000', 'open'],
				['077', 'shut'],
			] as const) {
				const ran = spawnSync('sh', ['-c', `umask ${umask}; exec "$0" toolkits new ${name}`, executable()], {
					cwd: join(home.folder, 'work'),
					env: home.env,
				});
				assert.equal(ran.status, 0);
				for (const file of ['toolkit.yaml', 'README.md', 'toolkit.schema.json'])
					assert.equal(statSync(join(home.folder, 'work', name, file)).mode & 0o777, 0o644, file);
				assert.equal(statSync(join(home.folder, 'work', name, 'scripts/hello.sh')).mode & 0o777, 0o755);
				for (const folder of ['.', 'scripts'])
					assert.equal(statSync(join(home.folder, 'work', name, folder)).mode & 0o777, 0o755, folder);
			}
		});

		it('makes one of your own, which needs no trust', () => {
			assert.equal(here('toolkits', 'new', 'acme', '--own').code, 0);
			assert.ok(existsSync(join(home.toolkits, 'acme/toolkit.yaml')));
			assert.match(ok('toolkits', 'list'), /^acme .* yes$/m);
			const open = spawnSync('sh', ['-c', 'umask 000; exec "$0" toolkits new other --own', executable()], {
				env: home.env,
			});
			assert.equal(open.status, 0);
			assert.match(ok('toolkits', 'list'), /^other .* yes$/m);
		});

		it('never touches what is there', () => {
			home.write('work/acme/mine.txt', 'mine');
			const ran = here('toolkits', 'new', 'acme');
			assert.deepEqual([ran.code, ran.stdout], [1, '']);
			assert.match(ran.stderr, /^error: \S+\/work\/acme is there already\n/);
			assert.deepEqual(readdirSync(join(home.folder, 'work/acme')), ['mine.txt']);
			symlinkSync('/nowhere', join(home.folder, 'work/link'));
			assert.equal(here('toolkits', 'new', 'link').code, 1);
		});

		it('warns of a name that is taken', () => {
			const { code, stderr } = here('toolkits', 'new', 'net');
			assert.equal(code, 0);
			assert.match(stderr, /^Warning: there is a toolkit net already: built-in\n/);
		});
	});

	describe('check', () => {
		it('looks at one folder, at a folder of them, or at all that are known', () => {
			home.write('kits/one/toolkit.yaml', toolkitYaml('one'));
			home.write('kits/two/toolkit.yaml', toolkitYaml('two', 'nedes: []\n'));
			assert.match(home.run(['toolkits', 'check', 'kits/one']).stderr, /^1 checked: nothing is wrong\n$/);
			const all = home.run(['toolkits', 'check', 'kits']);
			assert.deepEqual([all.code, all.stderr], [1, '2 checked: 1 finding\n']);
			assert.equal(all.stdout, `${home.folder}/kits/two/toolkit.yaml:6: nedes is no known key; did you mean needs?\n`);
			const known = home.run(['toolkits', 'check']);
			assert.deepEqual([known.code, known.stdout], [0, '']);
			assert.equal(home.run(['toolkits', 'check', 'kits'], { cwd: '/' }).code, 1);
			assert.match(home.run(['toolkits', 'check', '.config']).stderr, /does not exist/);
			mkdirSync(join(home.folder, 'empty'));
			assert.match(home.run(['toolkits', 'check', 'empty']).stderr, /^error: empty is no toolkit and holds none\n/);
		});

		it('has sh read every script and line, and runs nothing of them', () => {
			const touch = join(home.folder, 'touched');
			home.write(
				'kits/one/toolkit.yaml',
				toolkitYaml(
					'one',
					`recipes:\n  a:\n    description: A\n    run: 'touch ${touch}; if true'\n  b:\n    description: B\n    script: b.sh\ntest: {run: "echo )"}\n`,
				),
			);
			home.write('kits/one/b.sh', `#!/bin/sh\ntouch ${touch}\nfor x in; do\n`);
			const { code, stdout } = home.run(['toolkits', 'check', 'kits']);
			assert.equal(code, 1);
			const file = `${home.folder}/kits/one`;
			assert.match(stdout, new RegExp(`^${file}/toolkit\\.yaml:9: recipes\\.a\\.run is not what sh takes: `, 'm'));
			assert.match(stdout, new RegExp(`^${file}/toolkit\\.yaml:13: test\\.run is not what sh takes: `, 'm'));
			assert.match(stdout, new RegExp(`^${file}/b\\.sh:\\d+: is not what sh takes: `, 'm'));
			assert.equal(stdout.trimEnd().split('\n').length, 3);
			assert.ok(!existsSync(touch));
			const findings = JSON.parse(home.run(['toolkits', 'check', 'kits', '-o', 'json']).stdout);
			assert.deepEqual(
				[findings[0].file, findings[0].line, findings[0].key],
				[`${file}/toolkit.yaml`, 9, 'recipes.a.run'],
			);
		});

		it('says where there is no sh to do so', () => {
			home.write('kits/one/toolkit.yaml', toolkitYaml('one'));
			const { code, stderr } = home.run(['toolkits', 'check', 'kits'], { env: { PATH: '/nowhere' } });
			assert.deepEqual(
				[code, stderr],
				[0, '1 checked: nothing is wrong; without sh, whose syntax was not looked at\n'],
			);
		});
	});

	it('prints the schema', () => assert.deepEqual(JSON.parse(ok('toolkits', 'schema')), toolkitSchema()));
});
