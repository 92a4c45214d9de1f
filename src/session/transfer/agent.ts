import { ConnectionLost } from '../../cluster/channels.ts';
import { UserError } from '../../errors.ts';
import { FilesReader } from '../../formats/files/reader.ts';
import type { FilesRecord } from '../../formats/files/records.ts';
import { printableLine } from '../../text/printable.ts';
import { type Compressor, decompressed } from './compression.ts';

/** One run of the files agent in the pod. */
export interface AgentRun {
	/** Its stdout, with backpressure; ends when the stream ended; throws ConnectionLost when it was cut. */
	output: AsyncIterable<Uint8Array>;
	/** To its stdin; resolves when more may be sent, and `bytes` may be used for something else. @throws ConnectionLost */
	send(bytes: Uint8Array): Promise<void>;
	endInput(): void;
	/** Exit code, after the output ended. */
	done: Promise<number>;
	/** What it said on stderr so far. */
	words(): string;
	close(): void;
}

/**
 * Starts the agent: words are its verb and arguments; `filter` names a compressor program in the debug image its stdout is
 * piped through (undefined: none).
 */
export type OpenAgent = (words: string[], options: { stdin: boolean; filter?: Compressor }) => Promise<AgentRun>;

/** The compressor is not in the debug image, or this program cannot undo it. */
export class NoCompressor extends UserError {
	override readonly name = 'NoCompressor';
}

/**
 * The records of a run, up to its end record. `listing`: its verb is list.
 *
 * @throws ConnectionLost when the stream ends without one, UserError when the agent said why it failed
 */
export async function* agentRecords(
	run: AgentRun,
	filter: Compressor | undefined,
	listing = false,
): AsyncGenerator<FilesRecord> {
	const reader = new FilesReader(listing);
	let arrived = false;
	try {
		for await (const chunk of filter === undefined ? run.output : decompressed(run.output, filter)) {
			arrived = true;
			yield* reader.push(chunk);
			if (reader.ended) return;
		}
	} catch (error) {
		if (!isCutShort(error)) throw error;
	}
	const code = await Promise.race([run.done, Promise.resolve().then(() => -1)]);
	const said = /^error: (.*)/m.exec(run.words())?.[1];
	if (said !== undefined) throw new UserError(`the files agent in the pod failed: ${printableLine(said)}`);
	if (!arrived && filter !== undefined) {
		throw new NoCompressor(`the debug image has no working ${filter}`, 'Take another, or --compress none.');
	}
	if (!arrived && code > 0) {
		const words = printableLine(run.words()) || `exit code ${code}`;
		throw new UserError(`the files agent does not start in the pod: ${words}`);
	}
	throw new ConnectionLost('the stream ended before its end record');
}

/** A compressed stream that was cut ends in the middle, for the decompressor. */
function isCutShort(error: unknown): boolean {
	const code = (error as NodeJS.ErrnoException).code;
	return typeof code === 'string' && (/^(Z_|ZSTD_)/.test(code) || code === 'ERR_STREAM_PREMATURE_CLOSE');
}
