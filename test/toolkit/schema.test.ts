import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseYaml } from '../../src/text/yaml.ts';
import { inspectDocument } from '../../src/toolkit/parse.ts';
import { toolkitSchema } from '../../src/toolkit/schema.ts';
import { recipesYaml, toolkitYaml } from '../support/home.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = `${root}src/toolkit/toolkit.schema.json`;

describe('the JSON schema of a toolkit', () => {
	const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(toolkitSchema());
	const isValid = async (text: string): Promise<boolean> => validate(await parseYaml(text, 't.yaml'));
	const isRead = async (text: string, name = 'acme'): Promise<boolean> =>
		inspectDocument(await parseYaml(text, 't.yaml'), name).remarks.length === 0;

	it('is the one that is published', () => {
		const now = `${JSON.stringify(toolkitSchema(), null, '\t')}\n`;
		if (process.env.UPDATE_SCHEMA) writeFileSync(file, now);
		assert.equal(readFileSync(file, 'utf8'), now, 'UPDATE_SCHEMA=1 writes it anew');
		const { files } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
		assert.ok(files.includes('src/toolkit/toolkit.schema.json'));
	});

	const box = globSync('plugins/*/toolkit.yaml', { cwd: root });
	it('finds the box', () => assert.ok(box.length >= 3));
	for (const path of box) {
		it(`holds for ${path}`, async () => {
			assert.ok(await isValid(readFileSync(root + path, 'utf8')), JSON.stringify(validate.errors));
		});
	}

	const RECIPE = 'recipes:\n  a:\n    description: A\n    run: "true"\n';
	for (const text of [
		toolkitYaml('acme'),
		toolkitYaml('acme', `${RECIPE}    inputs: {b: {description: B, type: size, default: 5, short: b}}\n`),
		toolkitYaml('acme', `${RECIPE}    output: {kind: forward, port: 80}\n`),
		toolkitYaml('acme', 'files: {scripts/a.sh: "#!/bin/sh"}\nhelpers: [scripts/a.sh]\n'),
		recipesYaml('acme', RECIPE),
	]) {
		it(`and the program take ${JSON.stringify(text.slice(60))}`, async () => {
			assert.ok(await isValid(text), JSON.stringify(validate.errors));
			assert.ok(await isRead(text));
		});
	}

	for (const more of [
		'recipe: {}\n',
		'needs: same-user\n',
		'needs: [net_raw]\n',
		'profile: root\n',
		'shell: {root: here}\n',
		'shell: {rot: target}\n',
		'target: {}\n',
		'path: [bin]\n',
		'helpers: [/a.sh]\n',
		'helpers: [a/../../b.sh]\n',
		'files: {../a.sh: x}\n',
		'default: maybe\n',
		'test: {}\n',
		'recipes: {A: {description: A, run: x}}\n',
		'recipes: {a: {run: x}}\n',
		'recipes: {a: {description: A, run: x, pods: some}}\n',
		'recipes: {a: {description: A, run: x, output: {kind: bytes}}}\n',
		'recipes: {a: {description: A, run: x, timeout: soon}}\n',
		'recipes: {a: {description: A, run: x, inputs: {b: {}}}}\n',
		'recipes: {a: {description: A, run: x, inputs: {b: {description: B, type: number}}}}\n',
		'recipes: {a: {description: A, run: x, inputs: {b: {description: B, default: [1]}}}}\n',
	]) {
		it(`and the program refuse ${JSON.stringify(more)}`, async () => {
			assert.equal(await isValid(toolkitYaml('acme', more)), false);
			assert.equal(await isRead(toolkitYaml('acme', more)), false);
		});
	}
	it('refuses what no set of recipes has', async () =>
		assert.equal(await isValid(recipesYaml('acme', 'image: a\n')), false));
});
