import assert from 'node:assert/strict';
import { digestOf } from '../../src/catalogue/digest.ts';
import { toolkitOf } from '../../src/catalogue/includes.ts';
import { packageSource } from '../../src/catalogue/packaged.ts';
import type { SourcedToolkit } from '../../src/toolkit/toolkit.ts';
import { SCRIPT } from '../support/home.ts';

const ACME = {
	apiVersion: 'ephemeral/v1',
	kind: 'Toolkit',
	name: 'acme',
	description: 'Tools for acme',
	image: 'registry.test/acme:1',
	recipes: {
		hello: {
			description: 'Hello',
			script: 'hello.sh',
			inputs: { a: { description: 'A', positional: true }, b: { description: 'B', positional: true } },
		},
	},
	files: { 'hello.sh': SCRIPT },
};

describe('toolkits of an extension package', () => {
	const sourceOf = (...documents: unknown[]) => packageSource({ name: '@acme/tools', version: '1.2.0', documents });
	const made = async (...documents: unknown[]): Promise<SourcedToolkit> => {
		const source = await sourceOf(...documents);
		const [entry] = source.entries;
		assert.ok(entry?.document?.kind === 'Toolkit', entry?.problem?.message);
		const toolkit = await toolkitOf(source, entry, entry.document, undefined);
		assert.ok(!(toolkit instanceof Error), String(toolkit));
		return toolkit;
	};
	const digest = async (...documents: unknown[]): Promise<string> =>
		digestOf((await (await made(...documents)).contents()).parts);

	it('take a digest, and are called by the package', async () => {
		const { kind, origin, source, trust, scripts, contents } = await made(ACME);
		assert.deepEqual(
			[kind, origin, source, trust],
			['package', '@acme/tools', '@acme/tools 1.2.0, toolkit acme', 'digest'],
		);
		assert.deepEqual(await scripts(), { 'hello.sh': SCRIPT });
		assert.deepEqual(Object.keys((await contents()).parts), ['hello.sh', 'toolkit.json']);
	});

	it('have a digest of everything, the order of inputs and files that no recipe names too', async () => {
		const { a, b } = ACME.recipes.hello.inputs;
		const hello = { ...ACME.recipes.hello, inputs: { b, a } };
		const all = await Promise.all([
			digest(ACME),
			digest({ ...ACME, recipes: { hello } }),
			digest({ ...ACME, files: { ...ACME.files, 'more.sh': SCRIPT } }),
			digest({ ...ACME, files: { 'hello.sh': `${SCRIPT}# more\n` } }),
			digest({ ...ACME, image: 'registry.test/acme:2' }),
		]);
		assert.equal(new Set(all).size, all.length);
		assert.equal(await digest(structuredClone(ACME)), all[0]);
	});

	it('include sets of the same package, and these are part of the digest', async () => {
		const set = { apiVersion: 'ephemeral/v1', kind: 'Recipes', name: 'common', description: 'C', recipes: {} };
		const parts = (await (await made({ ...ACME, include: ['common'] }, set)).contents()).parts;
		assert.ok('../common/toolkit.json' in parts);
	});

	for (const [what, document, says] of [
		['no mapping', 5, /^@acme\/tools 1\.2\.0: the file must be a mapping at the top$/],
		['nothing', null, /must be a mapping/],
		['no name', { ...ACME, name: undefined }, /^@acme\/tools 1\.2\.0: name is missing$/],
		['a name that is none', { ...ACME, name: '../acme' }, /name must be lower-case/],
		['an unknown key', { ...ACME, imag: 1 }, /^@acme\/tools 1\.2\.0, toolkit acme: imag is no known key/],
		[
			'a file called like the document',
			{ ...ACME, files: { 'toolkit.json': SCRIPT } },
			/files\.toolkit\.json may not be called so/,
		],
		[
			'a file that leads out',
			{ ...ACME, files: { '../x.sh': SCRIPT } },
			/files\.\.\.\/x\.sh must be called by a path below/,
		],
		[
			'a file called __proto__',
			JSON.parse(JSON.stringify({ ...ACME, files: { p: SCRIPT } }).replace('"p"', '"__proto__"')),
			/__proto__ must be called by a path/,
		],
	] as const) {
		it(`are told of where one is ${what}, and the others are there`, async () => {
			const { entries } = await sourceOf(document, { ...ACME, name: 'other' });
			assert.match(entries[0]?.problem?.message ?? '', says);
			assert.ok(entries[1]?.document);
		});
	}

	it('are told of where a script is missing or none, when they are used', async () => {
		for (const [files, says] of [
			[{}, /@acme\/tools 1\.2\.0, toolkit acme: recipes\.hello\.script hello\.sh does not stand under files/],
			[{ 'hello.sh': 'echo' }, /files\.hello\.sh must begin with the line #!\/bin\/sh/],
		] as const) {
			const toolkit = await made({ ...ACME, files });
			await assert.rejects(toolkit.scripts(), says);
			await assert.rejects(toolkit.contents(), says);
		}
	});

	it('pass on what is wrong with the package itself', async () => {
		const source = await packageSource({ name: '', version: '', documents: [], problem: 'it is damaged' });
		assert.deepEqual(source.problems, ['it is damaged']);
	});
});
