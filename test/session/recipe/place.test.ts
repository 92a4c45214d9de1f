import assert from 'node:assert/strict';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	IsThere,
	keepIncomplete,
	type PlaceInput,
	partOf,
	placeFor,
	publish,
} from '../../../src/session/recipe/place.ts';

const WORDS = {
	pod: 'web-0',
	namespace: 'open',
	container: 'app',
	node: 'n',
	toolkit: 'acme',
	recipe: 'dump',
	time: '20260101-000000',
};

describe('where an artefact goes', () => {
	let home = '';
	let before = '';
	beforeEach(() => {
		before = process.cwd();
		home = mkdtempSync(join(tmpdir(), 'ke-place-'));
		process.chdir(home);
	});
	afterEach(() => {
		process.chdir(before);
		rmSync(home, { recursive: true, force: true });
	});
	const input = (changes: Partial<PlaceInput> = {}): PlaceInput => ({
		write: undefined,
		template: '{pod}-{time}.hprof',
		words: WORDS,
		overwrite: false,
		several: false,
		...changes,
	});
	const path = (changes: Partial<PlaceInput> = {}, fallback = ''): string => {
		const place = placeFor(input(changes), fallback);
		return place.to === 'file' ? place.path : place.to;
	};

	it('is the recipe’s name for it, here or in the folder of -w', () => {
		mkdirSync('there');
		assert.equal(path(), 'web-0-20260101-000000.hprof');
		assert.equal(path({ write: 'there' }), 'there/web-0-20260101-000000.hprof');
		assert.equal(path({ write: 'new/' }), 'new/web-0-20260101-000000.hprof');
		assert.equal(path({ write: 'a.hprof' }), 'a.hprof');
		assert.equal(path({ write: '-' }), 'stdout');
	});

	it('never leaves the folder and is never hidden, whatever the pod calls it', () => {
		for (const name of ['../../etc/passwd', '/etc/passwd', '..', '.bashrc', '.', '', 'a/b', '\x1b]0;x\x07', '-rf', '…'])
			assert.match(path({ template: undefined }, name), /^[\w+@-][\w.+@-]*$/, name);
		assert.match(path({ words: { ...WORDS, pod: '../x' } }), /^[\w-][\w.-]*$/);
	});

	it('is another for each of several pods', () => {
		const several = { several: true, template: 'heap.hprof' };
		assert.equal(path(several), 'web-0-heap.hprof');
		assert.equal(path({ ...several, template: '{pod}.hprof' }), 'web-0.hprof');
		assert.throws(() => path({ ...several, write: 'a.hprof' }), /one file for several pods/);
		assert.throws(() => path({ ...several, write: '-' }), /several pods cannot all go to standard output/);
	});

	it('is refused where something is, and may be replaced by --overwrite', () => {
		writeFileSync('a', 'old');
		assert.throws(() => path({ write: 'a' }), IsThere);
		assert.equal(path({ write: 'a', overwrite: true }), 'a');
	});

	it('is not taken from what came there meanwhile, not even through a link', () => {
		const part = partOf('a');
		writeFileSync(part, 'new');
		symlinkSync('elsewhere', 'a');
		assert.throws(() => publish(part, 'a', false), IsThere);
		assert.equal(existsSync('elsewhere'), false);
		assert.equal(readFileSync(part, 'utf8'), 'new');
		publish(part, 'a', true);
		assert.equal(readFileSync('a', 'utf8'), 'new');
		assert.deepEqual(readdirSync('.'), ['a']);
	});

	it('is called incomplete where it is not whole, beside another such', () => {
		for (const name of ['a.incomplete', 'a.incomplete-2']) {
			writeFileSync('part', 'x');
			assert.equal(keepIncomplete('part', 'a'), name);
		}
	});
});
