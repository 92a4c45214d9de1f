import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';

/** What stands in a text for bytes that are no UTF-8. */
const BROKEN = '\ufffd';

/**
 * The bytes of the path in a word `…:PATH` of the command line. A name that is no UTF-8 has lost them in the text; Linux still
 * has them.
 *
 * @param commandLine the words of this process, each ended by a zero byte
 * @throws UsageError where they cannot be found
 */
export function pathBytes(path: string, commandLine = readCommandLine): Buffer {
	if (!path.includes(BROKEN)) return Buffer.from(path);
	const found = new Set<string>();
	for (const word of commandLine().toString('latin1').split('\0')) {
		const bytes = word.slice(word.indexOf(':') + 1);
		if (Buffer.from(bytes, 'latin1').toString() === path) found.add(bytes);
	}
	const [only, ...others] = found;
	if (only === undefined || others.length > 0) {
		throw new UsageError(`the path ${path} is no UTF-8, and its bytes are not to be had`, 'Copy the folder it is in.');
	}
	return Buffer.from(only, 'latin1');
}

function readCommandLine(): Buffer {
	try {
		return readFileSync('/proc/self/cmdline');
	} catch {
		return Buffer.alloc(0);
	}
}
