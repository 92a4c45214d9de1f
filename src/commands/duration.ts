import { UsageError } from '../errors.ts';

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 } as const;

/**
 * A duration as kubectl takes it (`90s`, `1h30m`, `500ms`, a bare number of seconds), in seconds.
 * @throws UsageError naming the flag.
 */
export function parseDuration(text: string, flag: string): number {
	if (/^\d+$/.test(text)) return Number(text);
	const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
	if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
		throw new UsageError(`invalid argument "${text}" for "--${flag}" flag: a duration is like 90s, 15m or 1h30m`);
	}
	return parts.reduce((sum, [, n, unit]) => sum + Number(n) * SECONDS[unit as keyof typeof SECONDS], 0);
}
