import type { RecipeSet } from './toolkit.ts';

/** Bytes of the largest script, and of the largest `toolkit.yaml`. */
export const LARGEST_TEXT = 1 << 20;

/** A text, or what is wrong with it: the end of a sentence that begins with its name, and the line where it is. */
export type ReadText = { text: string } | { wrong: string; line?: number };

/** The scripts that a toolkit or a set names, each once. */
export function scriptPaths({ helpers, recipes }: Pick<RecipeSet, 'helpers' | 'recipes'>): string[] {
	const named = recipes.flatMap(({ body, preflight }) => [
		...('script' in body ? [body.script] : []),
		...(preflight === undefined ? [] : [preflight]),
	]);
	return [...new Set([...helpers.map(({ script }) => script), ...named])];
}

/** Bytes as UTF-8; a byte order mark stays. */
export function readText(bytes: Uint8Array): ReadText {
	try {
		return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
	} catch {
		return { wrong: 'is no valid UTF-8' };
	}
}

/**
 * The text of a script as every sh takes it. Its first line says that it is for sh; options in that line would have no
 * effect, since it is given to sh by name.
 */
export function readScript(text: string): ReadText {
	if (Buffer.byteLength(text) > LARGEST_TEXT) return { wrong: `is too large: ${LARGEST_TEXT / 1024} KiB is the most` };
	const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
	const nul = text.indexOf('\0');
	if (nul >= 0) return { wrong: 'holds a NUL byte', line: lineOf(nul) };
	const crlf = text.indexOf('\r\n');
	if (crlf >= 0) return { wrong: 'has line ends of Windows (CRLF); sh wants LF', line: lineOf(crlf) };
	const first = /^#! ?(?:\/bin\/sh|\/usr\/bin\/env sh)(?:[ \t]+([^\n]*))?(?:\n|$)/.exec(text);
	if (!first) return { wrong: 'must begin with the line #!/bin/sh', line: 1 };
	const options = first[1]?.trim();
	return options ? { wrong: `has options in its first line, without effect: write set ${options}`, line: 1 } : { text };
}
