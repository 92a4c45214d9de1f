import { nearest } from '../text/nearest.ts';
import { readDuration, readSize } from '../text/quantity.ts';
import { sayList } from '../text/say.ts';
import type { Input } from './toolkit.ts';

/** Bytes of the longest value: Linux takes no string of 128 KiB or more in an environment (MAX_ARG_STRLEN), name included. */
export const LONGEST_VALUE = 128 * 1024 - 256;

/** A value as the script gets it, or what is wrong with it, as the end of a sentence that begins with its name. */
export type ReadValue = { value: string } | { wrong: string };

/**
 * A value as a user writes it → as the script gets it: a duration in seconds, a size in bytes, a boolean as `true` or
 * `false`, everything else to the letter.
 */
export function readValue(input: Input, text: string): ReadValue {
	if (text.includes('\0')) return { wrong: 'contains a NUL byte, which no program can be given' };
	if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\ufffd/.test(text))
		return { wrong: 'is no valid UTF-8' };
	const bytes = Buffer.byteLength(text);
	if (bytes > LONGEST_VALUE) return { wrong: `is ${bytes} bytes long; ${LONGEST_VALUE} is the most` };
	const read = readTyped(input, text);
	if ('value' in read && input.pattern !== undefined && !new RegExp(`^(?:${input.pattern})$`, 'u').test(text))
		return { wrong: `must match ${input.pattern}` };
	return read;
}

function readTyped({ type, choices = [] }: Input, text: string): ReadValue {
	switch (type) {
		case 'string':
			return { value: text };
		case 'path':
			return text === '' ? { wrong: 'must be a path, and is empty' } : { value: text };
		case 'integer':
			return /^[+-]?\d{1,15}$/.test(text) ? { value: String(Number(text)) } : { wrong: 'must be a whole number' };
		case 'boolean':
			if (/^(1|t|true)$/i.test(text)) return { value: 'true' };
			return /^(0|f|false)$/i.test(text) ? { value: 'false' } : { wrong: 'must be true or false' };
		case 'port': {
			const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
			return port > 0 && port < 65536 ? { value: String(port) } : { wrong: 'must be a port, 1 to 65535' };
		}
		case 'duration': {
			const seconds = readDuration(text);
			return seconds === undefined
				? { wrong: 'must be a duration like 90s, 15m or 1h30m' }
				: { value: String(seconds) };
		}
		case 'size': {
			const size = readSize(text);
			return size === undefined ? { wrong: 'must be a size like 100MB or 16MiB' } : { value: String(size) };
		}
		case 'choice': {
			if (choices.includes(text)) return { value: text };
			const near = nearest(text, choices);
			return { wrong: `must be ${sayList(choices, 'or')}${near === undefined ? '' : `; did you mean ${near}?`}` };
		}
	}
}
