import assert from 'node:assert/strict';
import { nearest } from '../../src/text/nearest.ts';
import { sayDuration, sayList } from '../../src/text/say.ts';

describe('nearest', () => {
	const WORDS = [
		'container',
		'context',
		'cluster',
		'image',
		'image-pull-policy',
		'namespace',
		'net',
		'pod',
		'stdin',
		'tty',
		'ttl',
	];
	for (const [word, near] of [
		['imag', 'image'],
		['imagee', 'image'],
		['iamge', 'image'],
		['contaner', 'container'],
		['conatiner', 'container'],
		['names', 'namespace'],
		['image-pull', 'image-pull-policy'],
		['nett', 'net'],
		['ent', 'net'],
		['pdo', 'pod'],
		['net', 'net'],
		['something-else', undefined],
		['xyz', undefined],
		['', undefined],
		['漢字', undefined],
	] as const) {
		it(`of "${word}" is ${near}`, () => assert.equal(nearest(word, WORDS), near));
	}

	it('is none of no words', () => assert.equal(nearest('a', []), undefined));
	it('ends soon for long words', () => {
		const began = Date.now();
		nearest('a'.repeat(100_000), WORDS);
		assert.ok(Date.now() - began < 200);
	});
});

describe('sayDuration', () => {
	for (const [seconds, said] of [
		[0, '0 s'],
		[0.4, '0 s'],
		[12.3, '12 s'],
		[119, '119 s'],
		[119.6, '2 min'],
		[120, '2 min'],
		[720, '12 min'],
		[3600, '1 h'],
		[5400, '90 min'],
		[7200, '2 h'],
		[86400, '24 h'],
		[259200, '3 d'],
	] as const) {
		it(`says ${seconds} as ${said}`, () => assert.equal(sayDuration(seconds), said));
	}
});

describe('sayList', () => {
	for (const [words, said] of [
		[[], ''],
		[['a'], 'a'],
		[['a', 'b'], 'a and b'],
		[['a', 'b', 'c'], 'a, b and c'],
	] as [string[], string][]) {
		it(`says ${JSON.stringify(words)} as "${said}"`, () => assert.equal(sayList(words), said));
	}
	it('takes another last word', () => assert.equal(sayList(['a', 'b'], 'or'), 'a or b'));
});
