import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unifiedDifference } from '../../src/text/difference.ts';

const NAMES = { before: 'a', after: 'b' };
const folder = mkdtempSync(join(tmpdir(), 'ke-difference-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What diff itself says. */
function byDiff(before: string, after: string): string[] {
	writeFileSync(join(folder, 'a'), before);
	writeFileSync(join(folder, 'b'), after);
	const { stdout } = spawnSync('diff', ['-U3', '--label', 'a', '--label', 'b', 'a', 'b'], {
		cwd: folder,
		encoding: 'utf8',
	});
	return stdout
		.split('\n')
		.slice(0, -1)
		.map((line) => line.replace(/^(@@ -\d+)( .*)$/, '$1,1$2').replace(/^(@@ .* \+\d+)( @@)$/, '$1,1$2'));
}

/** What it makes of the text before, followed to the letter. */
function apply(before: string, lines: string[]): string {
	const left = before.split('\n').slice(0, -1);
	const made: string[] = [];
	let at = 0;
	for (const line of lines.slice(2)) {
		const [, first, count] = /^@@ -(\d+),(\d+) /.exec(line) ?? [];
		if (first !== undefined) {
			const begin = Number(first) - (count === '0' ? 0 : 1);
			made.push(...left.slice(at, begin));
			at = begin;
			continue;
		}
		if (line[0] !== '+') assert.equal(left[at++], line.slice(1));
		if (line[0] !== '-') made.push(line.slice(1));
	}
	return [...made, ...left.slice(at)].map((line) => `${line}\n`).join('');
}

describe('unifiedDifference', () => {
	const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
	const text = (lines: string[]): string => lines.map((line) => `${line}\n`).join('');
	const but = (...changes: [number, string[]][]): string =>
		text(letters.flatMap((letter, i) => changes.find(([at]) => at === i)?.[1] ?? [letter]));

	it('says nothing of the same', () => assert.deepEqual(unifiedDifference('a\n', 'a\n', NAMES), []));
	it('tells a file that comes and one that goes', () => {
		assert.deepEqual(unifiedDifference(undefined, 'x\n', NAMES), ['--- /dev/null', '+++ b', '@@ -0,0 +1,1 @@', '+x']);
		assert.deepEqual(unifiedDifference('x\n', undefined, NAMES), ['--- a', '+++ /dev/null', '@@ -1,1 +0,0 @@', '-x']);
	});
	for (const [what, before, after] of [
		['a changed line', but(), but([12, ['M']])],
		['the first and the last', but(), but([0, ['A']], [25, ['Z']])],
		['two that are near', but(), but([10, ['K']], [16, ['Q']])],
		['two that are just too far apart', but(), but([10, ['K']], [18, ['S']])],
		['added and removed lines', but(), but([3, []], [20, ['u', 'u2', 'u3']])],
		['no line feed at the end, new', 'a\nb\n', 'a\nb'],
		['no line feed at the end, before', 'a\nb', 'a\nb\nc\n'],
		['everything', 'a\nb\n', 'c\nd\n'],
		['from nothing', '', 'a\n'],
	] as const) {
		it(`shows ${what} as diff does`, () =>
			assert.deepEqual(unifiedDifference(before, after, NAMES), byDiff(before, after)));
	}

	it('leads from one text to the other, for a thousand at random', () => {
		let seed = 7;
		const random = (n: number): number => {
			seed = (seed * 1103515245 + 12345) % 2 ** 31;
			return Math.floor((seed / 2 ** 31) * n);
		};
		for (let round = 0; round < 1000; round++) {
			const before = text(Array.from({ length: random(30) }, () => letters[random(6)] ?? ''));
			const after = text(Array.from({ length: random(30) }, () => letters[random(6)] ?? ''));
			assert.equal(apply(before, unifiedDifference(before, after, NAMES)), after);
		}
	});

	it('ends soon for long texts that have nothing in common', () => {
		const began = Date.now();
		const lines = unifiedDifference('a\n'.repeat(200_000), 'b\n'.repeat(200_000), NAMES);
		assert.equal(lines.length, 400_003);
		assert.ok(Date.now() - began < 2000);
	});
});
