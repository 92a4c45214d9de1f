/** What the supervisor of a work and we say to each other of files that are left in `$OUT` (src/inside/out.c). */

/** Bytes of the longest mark: a path of 4 KiB, each byte written %XX, and a nonce. */
export const LONGEST_MARK = 13_000;

/** The folder that a mark says files are left in; undefined where it says something else, or is not the supervisor's. */
export function leftFolder(mark: string, nonce: string): Buffer | undefined {
	const [, said, hex] = /^out ([0-9a-f]+) ((?:%[0-9A-F]{2})+)$/.exec(mark) ?? [];
	return said === nonce && hex !== undefined ? Buffer.from(hex.replaceAll('%', ''), 'hex') : undefined;
}

/** To the supervisor: what was left is here, or not wanted. The nonce tells it from keys that were typed ahead. */
export function doneWith(nonce: string): Uint8Array {
	return Buffer.from(`${nonce}d`);
}
