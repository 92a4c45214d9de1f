import { createHash } from 'node:crypto';

/**
 * The digest of all that a toolkit consists of, `sha256:…`: what `sha256sum` prints of its parts in the order of their
 * paths, digested once more. So it is the same on every machine, and can be had by hand:
 * `LC_ALL=C; sha256sum scripts/*.sh toolkit.yaml | sha256sum`.
 */
export function digestOf(parts: Readonly<Record<string, string>>): string {
	const lines = Object.keys(parts)
		.sort()
		.map((path) => `${sha256(parts[path] ?? '')}  ${path}\n`);
	return `sha256:${sha256(lines.join(''))}`;
}

/** Hexadecimal. */
export function sha256(text: string | Uint8Array): string {
	return createHash('sha256').update(text).digest('hex');
}
