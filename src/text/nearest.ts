/**
 * The word of `words` that a mistyped `word` most likely meant, by edit distance (insert, delete, replace, swap of
 * neighbours); the shorter of two; undefined when nothing is near enough to be worth saying.
 */
export function nearest(word: string, words: Iterable<string>): string | undefined {
	let best: string | undefined;
	let least = Math.max(1, Math.floor(word.length / 3)) + 1;
	for (const candidate of words) {
		const distance = candidate.startsWith(word) && word.length > 2 ? 1 : editDistance(word, candidate, least + 1);
		if (distance < least || (distance === least && best !== undefined && candidate.length < best.length)) {
			least = distance;
			best = candidate;
		}
	}
	return best;
}

/** Optimal string alignment distance; infinite when the lengths alone differ by more than `limit`. */
function editDistance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY;
	let beforeLast: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, i) => i);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const cost = a[i - 1] === b[j - 1] ? 0 : 1;
			let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
				value = Math.min(value, (beforeLast[j - 2] ?? 0) + 1);
			}
			row.push(value);
		}
		beforeLast = last;
		last = row;
	}
	return last[b.length] ?? Number.POSITIVE_INFINITY;
}
