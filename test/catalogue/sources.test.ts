import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Catalogue, openCatalogue } from '../../src/catalogue/open.ts';
import { aHome, type Home, recipesYaml, SCRIPT, toolkitYaml } from '../support/home.ts';

const HELLO = 'recipes:\n  hello: {description: Hello, script: scripts/hello.sh}\n';

describe('where toolkits come from', () => {
	let home: Home;
	beforeEach(() => {
		home = aHome();
	});
	afterEach(() => home.remove());

	const folder = (name: string): string => join(home.folder, name);
	const put = (folderName: string, name: string, text = toolkitYaml(name)): void => {
		home.write(join(folder(folderName), name, 'toolkit.yaml'), text);
	};
	const open = (...path: string[]): Promise<Catalogue> =>
		openCatalogue({ HOME: home.folder, KUBECTL_EPHEMERAL_PATH: path.join(delimiter) }, '1');
	const names = ({ toolkits }: Catalogue): string[] => toolkits.map(({ toolkit }) => toolkit.name);

	it('is the box where nothing else is', async () => {
		const catalogue = await open();
		assert.ok(names(catalogue).length >= 3);
		assert.deepEqual(catalogue.problems, []);
		for (const { kind, trust, source } of catalogue.toolkits)
			assert.deepEqual([kind, trust, source], ['built-in', 'none', 'built-in']);
	});

	it("is the user's folder, and those that KUBECTL_EPHEMERAL_PATH names, separated as PATH is", async () => {
		home.write(join(home.toolkits, 'mine/toolkit.yaml'), toolkitYaml('mine'));
		put('a', 'one');
		put('b', 'two');
		const catalogue = await open(folder('a'), '', folder('b'), folder('a'));
		const of = (name: string) => catalogue.toolkits.find(({ toolkit }) => toolkit.name === name);
		assert.deepEqual(
			['mine', 'one', 'two'].map((name) => [of(name)?.kind, of(name)?.trust, of(name)?.origin, of(name)?.source]),
			[
				['user', 'own', home.toolkits, join(home.toolkits, 'mine/toolkit.yaml')],
				['team', 'named', folder('a'), join(folder('a'), 'one/toolkit.yaml')],
				['team', 'named', folder('b'), join(folder('b'), 'two/toolkit.yaml')],
			],
		);
		assert.deepEqual(names(catalogue), names(catalogue).toSorted());
	});

	it('takes a toolkit whose folder is a link, as authors have them', async () => {
		put('elsewhere', 'acme', toolkitYaml('acme', HELLO));
		home.write(join(folder('elsewhere'), 'acme/scripts/hello.sh'), SCRIPT);
		mkdirSync(folder('a'));
		symlinkSync(join(folder('elsewhere'), 'acme'), join(folder('a'), 'acme'));
		const { toolkits } = await open(folder('a'));
		const acme = toolkits.find(({ toolkit }) => toolkit.name === 'acme');
		assert.deepEqual(await acme?.scripts(), { 'scripts/hello.sh': SCRIPT });
	});

	it('says what is wrong with a folder that is named', async () => {
		put('a', 'one');
		home.write('file', '');
		const { problems } = await open(folder('absent'), folder('file'), join(folder('a'), 'one'));
		assert.deepEqual(problems, [
			`KUBECTL_EPHEMERAL_PATH: ${folder('absent')} does not exist`,
			`KUBECTL_EPHEMERAL_PATH: ${folder('file')} is no folder`,
			`KUBECTL_EPHEMERAL_PATH: ${join(folder('a'), 'one')} is a toolkit itself; name the folder that it is in`,
		]);
		const ran = home.run(['acme', 'web-0'], { env: { KUBECTL_EPHEMERAL_PATH: folder('absent') } });
		assert.match(ran.stderr, /^Warning: KUBECTL_EPHEMERAL_PATH: .* does not exist\nerror: unknown command "acme"/);
	});

	describe('include', () => {
		const set = (name: string, word: string): string =>
			recipesYaml(name, `recipes:\n  say: {description: Say, script: say.sh}\nhelpers: [help-${word}.sh]\n`);

		it('finds a set of the same source first, then of the box, and not one of another source', async () => {
			put('a', 'acme', toolkitYaml('acme', 'include: [common, process]\n'));
			put('a', 'common', set('common', 'a'));
			home.write(join(folder('a'), 'common/say.sh'), '#!/bin/sh\necho a\n');
			home.write(join(folder('a'), 'common/help-a.sh'), SCRIPT);
			put('b', 'other', toolkitYaml('other', 'include: [common]\n'));
			const { toolkits, problems } = await open(folder('a'), folder('b'));
			const acme = toolkits.find(({ toolkit }) => toolkit.name === 'acme');
			assert.equal((await acme?.scripts())?.['common:say.sh'], '#!/bin/sh\necho a\n');
			const box = toolkits.find(({ kind, toolkit }) => kind === 'built-in' && toolkit.include.includes('process'));
			assert.ok(box, 'the box has the set process');
			for (const { name } of box.toolkit.recipes.filter(({ body }) => 'script' in body && body.script.includes(':')))
				assert.ok(
					acme?.toolkit.recipes.some((recipe) => recipe.name === name),
					name,
				);
			assert.deepEqual(problems, [
				`${join(folder('b'), 'other/toolkit.yaml')}:6: include names common, which is no set of recipes of its source or the box`,
			]);
		});

		it('takes the set of its own source before that of the box', async () => {
			put('a', 'acme', toolkitYaml('acme', 'include: [process]\n'));
			put('a', 'process', recipesYaml('process', 'recipes:\n  mine: {description: Mine, run: "true"}\n'));
			const { toolkits } = await open(folder('a'));
			const acme = toolkits.find(({ toolkit }) => toolkit.name === 'acme');
			assert.deepEqual(
				acme?.toolkit.recipes.map(({ name }) => name),
				['mine'],
			);
			// The box's own go on with the box's.
			assert.ok(toolkits.some(({ kind, toolkit }) => kind === 'built-in' && toolkit.recipes.length > 1));
		});
	});

	describe('a name that comes twice', () => {
		const configure = (text: string): string => home.write('.config/kubectl-ephemeral/config.yaml', text);
		const used = (name: string, ...path: string[]) =>
			home.run([name, 'web-0', '--', 'true'], { env: { KUBECTL_EPHEMERAL_PATH: path.join(delimiter) } });

		it('stands for none, with both files named, and everything else works', async () => {
			put('a', 'acme');
			put('b', 'acme');
			put('b', 'other');
			const ran = used('acme', folder('a'), folder('b'));
			assert.deepEqual(
				[ran.code, ran.stdout, ran.stderr],
				[
					125,
					'',
					`error: toolkit "acme" comes twice, so that it stands for none: ${folder('a')}/acme/toolkit.yaml and ${folder('b')}/acme/toolkit.yaml\n` +
						`Which one is meant is said in ${home.folder}/.config/kubectl-ephemeral/config.yaml, for example: overrides: {acme: ${folder('b')}}\n`,
				],
			);
			const catalogue = await open(folder('a'), folder('b'));
			assert.ok(names(catalogue).includes('other') && !names(catalogue).includes('acme'));
			assert.equal(
				home.run(['toolkits', 'check'], { env: { KUBECTL_EPHEMERAL_PATH: `${folder('a')}${delimiter}${folder('b')}` } })
					.code,
				1,
			);
		});

		it('is whose the configuration says, by kind', async () => {
			put('a', 'net');
			home.write(join(home.toolkits, 'net/toolkit.yaml'), toolkitYaml('net'));
			for (const kind of ['built-in', 'team', 'user']) {
				configure(`overrides: {net: ${kind}}\n`);
				const { toolkits, problems } = await open(folder('a'));
				assert.deepEqual(problems, []);
				assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'net')?.kind, kind);
			}
			configure('overrides: {net: package}\n');
			assert.match(
				(await open(folder('a'))).problems.join(),
				/"net" comes 3 times, so that it stands for none: built-in, /,
			);
		});

		it('is whose the configuration says, by the whole name of the source', async () => {
			put('a', 'acme');
			put('b', 'acme');
			configure(`overrides: {acme: ${folder('b')}}\n`);
			const { toolkits } = await open(folder('a'), folder('b'));
			assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.origin, folder('b'));
			configure('overrides: {acme: team}\n');
			assert.match((await open(folder('a'), folder('b'))).problems.join(), /"acme" comes twice/);
		});

		it('stays with the one that is not broken, unless the configuration means the broken one', async () => {
			put('a', 'net', 'nothing');
			const plain = await open(folder('a'));
			assert.equal(plain.toolkits.find(({ toolkit }) => toolkit.name === 'net')?.kind, 'built-in');
			assert.equal(plain.problems.length, 1);
			configure('overrides: {net: team}\n');
			const meant = await open(folder('a'));
			assert.ok(!names(meant).includes('net'));
			assert.match(
				meant.disabled.get('net')?.message ?? '',
				/^\/.*\/a\/net\/toolkit\.yaml: the file must be a mapping/,
			);
			assert.equal(meant.problems.length, 1);
		});

		it('is told of with the configuration that is broken itself', async () => {
			put('a', 'net');
			const file = configure('overrides: []\n');
			const { problems } = await open(folder('a'));
			assert.equal(problems[0], `${file}:1: overrides must be a mapping`);
			assert.match(problems[1] ?? '', /"net" comes twice/);
		});
	});

	describe('the cache of parsed documents', () => {
		const cacheFile = (): string => join(home.folder, '.cache/kubectl-ephemeral/toolkits.json');
		/** What was changed in this moment could change again in it, and is not kept. */
		const settled = () => pause(150);
		const text = (): string => readFileSync(cacheFile(), 'utf8');

		it('is not there where there is nothing to keep', async () => {
			await open();
			assert.throws(text);
		});

		it('is written once, and again only when something has changed', async () => {
			put('a', 'acme');
			await settled();
			await open(folder('a'));
			const first = statSync(cacheFile(), { bigint: true });
			await open(folder('a'));
			assert.equal(statSync(cacheFile(), { bigint: true }).ctimeNs, first.ctimeNs);
			put('a', 'acme', toolkitYaml('acme').replace('Tools', 'Tills'));
			await settled();
			const { toolkits } = await open(folder('a'));
			assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.toolkit.description, 'Tills for acme');
			assert.notEqual(statSync(cacheFile(), { bigint: true }).ctimeNs, first.ctimeNs);
		});

		it('is what a second run takes it from', async () => {
			put('a', 'acme');
			await settled();
			await open(folder('a'));
			writeFileSync(cacheFile(), text().replace('Tools for acme', 'From the cache'));
			const { toolkits } = await open(folder('a'));
			assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.toolkit.description, 'From the cache');
			const other = await openCatalogue({ HOME: home.folder, KUBECTL_EPHEMERAL_PATH: folder('a') }, '2');
			assert.equal(
				other.toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.toolkit.description,
				'Tools for acme',
			);
		});

		it('does not run what it remembers, where the file is another by now', async () => {
			put('a', 'acme');
			await settled();
			await open(folder('a'));
			// The same state, another content: what a broken clock or file system may do.
			writeFileSync(cacheFile(), text().replace(/"digest":"[0-9a-f]{64}"/, `"digest":"${'0'.repeat(64)}"`));
			const { toolkits } = await open(folder('a'));
			const acme = toolkits.find(({ toolkit }) => toolkit.name === 'acme');
			await assert.rejects(async () => acme?.contents(), /toolkit\.yaml has changed since it was read/);
			const again = await open(folder('a'));
			assert.ok(await again.toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.contents());
		});

		it('notices a change that leaves size and time of modification as they were', async () => {
			put('a', 'acme');
			const file = join(folder('a'), 'acme/toolkit.yaml');
			const { atime, mtime } = statSync(file);
			await settled();
			await open(folder('a'));
			home.write(file, toolkitYaml('acme').replace('Tools', 'Tills'));
			utimesSync(file, atime, mtime);
			const { toolkits } = await open(folder('a'));
			assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.toolkit.description, 'Tills for acme');
		});

		for (const [what, content] of [
			['nothing', ''],
			['no JSON', '{"program'],
			['another JSON', '[1,2,3]'],
			['null', 'null'],
			[
				'entries that are none',
				'{"program":"1 1","files":[1,null,["x"],["y",[1,2]],["z",["s",{}]],["z",["s",{"digest":"","document":{}}]]]}',
			],
		] as const) {
			it(`goes on with ${what} in it`, async () => {
				put('a', 'acme');
				await settled();
				home.write('.cache/kubectl-ephemeral/toolkits.json', content);
				assert.ok(names(await open(folder('a'))).includes('acme'));
				assert.match(text(), /Tools for acme/);
			});
		}

		it('goes on where others may write it, without believing it, and where nothing can be written', async () => {
			put('a', 'acme');
			await settled();
			await open(folder('a'));
			writeFileSync(cacheFile(), text().replace('Tools for acme', 'From others'));
			chmodSync(cacheFile(), 0o666);
			const { toolkits } = await open(folder('a'));
			assert.equal(toolkits.find(({ toolkit }) => toolkit.name === 'acme')?.toolkit.description, 'Tools for acme');
			rmSync(join(home.folder, '.cache'), { recursive: true });
			home.write('.cache', 'a file');
			assert.ok(names(await open(folder('a'))).includes('acme'));
		});

		it('keeps what is broken too, and not what could not be read', async () => {
			put('a', 'acme', 'nothing');
			mkdirSync(join(folder('a'), 'folder/toolkit.yaml'), { recursive: true });
			await settled();
			const { problems } = await open(folder('a'));
			assert.deepEqual((await open(folder('a'))).problems, problems);
			assert.match(text(), /acme.*must be a mapping/);
			assert.doesNotMatch(text(), /no regular file/);
		});
	});
});
