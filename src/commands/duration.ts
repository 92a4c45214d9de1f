import { UsageError } from '../errors.ts';
import { readDuration } from '../text/quantity.ts';

/**
 * The value of a flag that is a duration, in seconds.
 * @throws UsageError naming the flag.
 */
export function parseDuration(text: string, flag: string): number {
	const seconds = readDuration(text);
	if (seconds !== undefined) return seconds;
	const why = /^\d+[a-z]*$/.test(text) ? 'that is too long, or no duration' : 'a duration is like 90s, 15m or 1h30m';
	throw new UsageError(`invalid argument "${text}" for "--${flag}" flag: ${why}`);
}
