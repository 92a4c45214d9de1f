/** How numbers are said to people: rounded, with the unit they would use. Exact numbers belong in `-o json`. */

/** Seconds as people say them: `45 s`, `12 min`, `1 h`, `3 d`. */
export function sayDuration(seconds: number): string {
	if (Math.round(seconds) < 120) return `${Math.round(seconds)} s`;
	if (seconds < 7200 && seconds % 3600 !== 0) return `${Math.round(seconds / 60)} min`;
	if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
	return `${Math.round(seconds / 86400)} d`;
}

/** `a, b and c`. */
export function sayList(words: readonly string[], last = 'and'): string {
	if (words.length < 2) return words.join('');
	return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
