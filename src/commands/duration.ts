import { UsageError } from '../errors.ts';

/** Ten years: beyond that clocks and shells lose count. */
const LONGEST = 10 * 365 * 86400;

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 } as const;

/**
 * A duration as kubectl takes it (`90s`, `1h30m`, `500ms`, a bare number of seconds), in seconds.
 * @throws UsageError naming the flag.
 */
export function parseDuration(text: string, flag: string): number {
	const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
	const bare = /^\d+$/.test(text);
	if (!bare && (parts.length === 0 || parts.map(([part]) => part).join('') !== text)) {
		throw new UsageError(`invalid argument "${text}" for "--${flag}" flag: a duration is like 90s, 15m or 1h30m`);
	}
	const sum = bare
		? Number(text)
		: parts.reduce((all, [, n, unit]) => all + Number(n) * SECONDS[unit as keyof typeof SECONDS], 0);
	if (sum > LONGEST) throw new UsageError(`invalid argument "${text}" for "--${flag}" flag: that is too long`);
	return Math.round(sum * 1000) / 1000;
}
