/** A name and value for the environment of what is run. */
export interface EnvEntry {
	name: string;
	value: string;
}

/**
 * What stdin is after the header: the command's as it is, in frames, or control: signs of life, and nothing to read, or
 * (`a`) lines that are signs of life and the command's input too.
 */
export type StdinKind = 'n' | 'f' | 'c' | 'a';

/**
 * The header that `src/inside/request.c` reads from stdin before anything of the user's: how many entries, what stdin is
 * after it, then each entry as a block of two lengths, the name and the value.
 *
 * Blocks of numbers are 32 bytes of ASCII filled up with blanks, so that `dd` can take them whole. Values thereby stand
 * neither in shell text nor in the request line.
 * @param special entries that are no variables, in their order (`=script`, `=arg` …: `src/inside/request.c` lists them)
 */
export function encodeHeader(env: readonly EnvEntry[], kind: StdinKind, special: readonly EnvEntry[] = []): Uint8Array {
	// The last of two settings of a name counts.
	const last = [...new Map(env.map(({ name, value }) => [name, value]))].map(([name, value]) => ({ name, value }));
	const parts = [block(`${special.length + last.length} ${kind}`)];
	for (const { name, value } of [...special, ...last]) {
		const bytes = Buffer.from(value, 'utf8');
		parts.push(block(`${Buffer.byteLength(name)} ${bytes.length}`), Buffer.from(name, 'utf8'), bytes);
	}
	return Buffer.concat(parts);
}

/** One frame of stdin: its length in 16 bytes, and the bytes. The frame of no bytes is the end. */
export function encodeFrame(bytes: Uint8Array): Uint8Array {
	return Buffer.concat([Buffer.from(`${String(bytes.length).padEnd(15)}\n`, 'ascii'), bytes]);
}

/** What is asked for by a mark: a block of its size, and its bytes. */
export function encodePart(bytes: Uint8Array): Uint8Array {
	return Buffer.concat([block(String(bytes.length)), bytes]);
}

function block(text: string): Buffer {
	return Buffer.from(`${text.padEnd(31)}\n`, 'ascii');
}
