import { read } from 'node:fs';
import { UserError } from '../errors.ts';

/** Bytes asked for at once. */
const CHUNK = 64 * 1024;

/**
 * Our standard input, to its end. Each piece is valid only until the next is asked for: one buffer serves them all, since
 * the runtimes' streams make new ones as fast as a file can be read, and the collector does not keep up.
 *
 * Where the descriptor is not blocking, its stream is read instead.
 * @throws UserError when it cannot be read
 */
export async function* readStdin(): AsyncGenerator<Uint8Array> {
	const buffer = new Uint8Array(CHUNK);
	for (;;) {
		const count = await readInto(buffer);
		if (count === 'not now') break;
		if (count === 0) return;
		yield buffer.subarray(0, count);
	}
	for await (const chunk of process.stdin) yield chunk as Uint8Array;
}

function readInto(buffer: Uint8Array): Promise<number | 'not now'> {
	return new Promise((resolve, reject) => {
		read(0, buffer, 0, buffer.length, null, (error, count) => {
			if (!error) resolve(count);
			else if (error.code === 'EAGAIN') resolve('not now');
			// Windows says the end of a pipe by an error.
			else if (error.code === 'EOF') resolve(0);
			else reject(new UserError(`standard input cannot be read: ${error.code}`, undefined, { cause: error }));
		});
	});
}
