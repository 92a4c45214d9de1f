/** A name and value for the environment of what is run. */
export interface EnvEntry {
	name: string;
	value: string;
}

/** What stdin is after the header: the command's as it is, in frames, or control: signs of life, and nothing to read. */
export type StdinKind = 'n' | 'f' | 'c';

/**
 * The header that `src/inside/run.c` reads from stdin before anything of the user's: how many variables, what stdin is
 * after it, then each variable as a block of two lengths, the name and the value.
 *
 * Blocks of numbers are 32 bytes of ASCII filled up with blanks, so that `dd` can take them whole. Values thereby stand
 * neither in shell text nor in the request line.
 */
export function encodeHeader(env: readonly EnvEntry[], kind: StdinKind): Uint8Array {
	// The last of two settings of a name counts.
	const last = new Map(env.map(({ name, value }) => [name, value]));
	const parts = [block(`${last.size} ${kind}`)];
	for (const [name, value] of last) {
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
