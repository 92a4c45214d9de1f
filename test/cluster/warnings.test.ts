import assert from 'node:assert/strict';
import { parseWarnings } from '../../src/cluster/warnings.ts';

describe('the Warning header', () => {
	it('gives the texts of code 299, however they are joined', () => {
		assert.deepEqual(parseWarnings(null), []);
		assert.deepEqual(parseWarnings('299 - "would violate \\"restricted\\": a, b", 299 host "next"'), [
			'would violate "restricted": a, b',
			'next',
		]);
		assert.deepEqual(parseWarnings('199 - "other", 299 - "ours" "Mon, 23 Nov 2026 00:00:00 GMT"'), ['ours']);
		assert.deepEqual(parseWarnings('nonsense'), []);
	});
});
