import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { newFolder, programPath, runText, SHELLS, scriptFile, scriptText } from './script.ts';
import { endTargets, startTarget } from './target.ts';

interface Document {
	name: string;
	helpers?: string[];
	include?: string[];
	recipes?: Record<string, { script: string; test: { run: string } }>;
	test?: { run: string };
}

const plugins = fileURLToPath(new URL('../../plugins/', import.meta.url));
const documents = globSync('*/toolkit.yaml', { cwd: plugins }).map((path) => ({
	folder: join(plugins, dirname(path)),
	...(load(readFileSync(join(plugins, path), 'utf8')) as Document),
}));
const recipes = documents.flatMap(({ name, recipes = {} }) =>
	Object.entries(recipes).map(([recipe, { test }]) => ({ name: `${name} ${recipe}`, line: test.run })),
);

/** Programs that this machine may lack, for what says that an image has them. */
const TAKES: Record<string, string[]> = { 'net dns': ['dig'], 'net top': ['iftop'] };

describe('the toolkits in the box', () => {
	afterEach(endTargets);

	it('have every script that they name, and name every one', () => {
		for (const { folder, name, helpers = [], recipes = {} } of documents) {
			const named = [...helpers, ...Object.values(recipes).map(({ script }) => script)].sort();
			assert.deepEqual(globSync('scripts/*', { cwd: folder }).sort(), named, name);
		}
	});

	it('have scripts of sh with plain ends of lines', () => {
		for (const file of globSync('*/scripts/*', { cwd: plugins })) {
			const text = readFileSync(join(plugins, file), 'utf8');
			assert.match(text, /^#!\/bin\/sh\n# /, file);
			assert.ok(!text.includes('\r') && text.endsWith('\n'), file);
		}
	});

	it('make texts of a pod safe for a terminal in one way', () => {
		const copies = ['process/env', 'process/ps', 'java/release'].map(
			(name) => /\n# visible: [\s\S]*?\n}\n/.exec(scriptText(name))?.[0],
		);
		assert.ok(copies[0]);
		assert.deepEqual(new Set(copies).size, 1);
	});

	it('run by hand', async () => {
		const target = await startTarget({ env: { MARK: 'seen' } });
		const { stdout } = spawnSync('sh', [scriptFile('process/env')], {
			env: { PATH: process.env.PATH, OUT: newFolder(), TARGET_PID: String(target.pid) },
			encoding: 'utf8',
		});
		assert.equal(stdout, 'MARK=seen\n');
	});

	it('include sets that are there', () => {
		for (const { include = [] } of documents)
			for (const set of include) assert.ok(existsSync(join(plugins, set, 'toolkit.yaml')), set);
		assert.ok(documents.some(({ folder }) => basename(folder) === 'process'));
	});

	for (const shell of SHELLS)
		it(`prove of an image that it has what each recipe takes, by ${shell.name}`, async () => {
			for (const { name, line } of recipes) {
				const { code, stderr } = await runText(shell, line, { env: { HOME: '/' } });
				const has = (TAKES[name] ?? []).every((program) => programPath(program) !== undefined);
				// busybox' PATH has no program that only an image adds.
				if (has && !(TAKES[name] && shell.name.startsWith('busybox'))) assert.equal(code, 0, `${name}: ${stderr}`);
				else if (!has) assert.notEqual(code, 0, name);
				if (shell.name.startsWith('busybox')) continue;
				const bare = await runText({ ...shell, path: newFolder() }, line);
				assert.notEqual(bare.code, 0, `${name}, in an image without anything`);
			}
		});
});
