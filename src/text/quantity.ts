/** Quantities as people write them → numbers. */

/** Ten years: beyond that clocks and shells lose count. */
const LONGEST = 10 * 365 * 86400;

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 } as const;

/**
 * A duration as kubectl takes it (`90s`, `1h30m`, `500ms`, a bare number of seconds), in seconds; undefined where it is
 * none, or longer than ten years.
 */
export function readDuration(text: string): number | undefined {
	const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
	const bare = /^\d+$/.test(text);
	if (!bare && (parts.length === 0 || parts.map(([part]) => part).join('') !== text)) return undefined;
	const sum = bare
		? Number(text)
		: parts.reduce((all, [, n, unit]) => all + Number(n) * SECONDS[unit as keyof typeof SECONDS], 0);
	return sum > LONGEST ? undefined : Math.round(sum * 1000) / 1000;
}

/** Bytes of a size: a bare number, or with K, M, G, T (powers of 1000, with or without B) or Ki, Mi, Gi, Ti (1024). */
export function readSize(text: string): number | undefined {
	const [, number, unit = '', binary] = /^(\d+(?:\.\d+)?) ?(?:([KMGTkmgt]?)(i?)[Bb]?)$/.exec(text) ?? [];
	if (number === undefined || (binary && unit === '')) return undefined;
	const bytes = Math.round(
		Number(number) * (binary ? 1024 : 1000) ** ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase()),
	);
	return Number.isSafeInteger(bytes) ? bytes : undefined;
}
