import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type OutputStream = 'stdout' | 'stderr';

/** Longest line that is written in one piece, as containerd cuts them. */
const LONGEST_LINE = 16 * 1024;

/**
 * The log file of one run of a container, in the CRI format: `TIME stdout F text`, `P` for a line in several pieces.
 *
 * A line is written when it is complete, so a prompt without its line end is not in the log yet.
 */
export class ContainerLog {
	readonly path: string;
	readonly #file: number;
	readonly #pending: Record<OutputStream, Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
	readonly #readers = new Set<() => void>();
	#closed = false;

	constructor(path: string) {
		this.path = path;
		mkdirSync(dirname(path), { recursive: true });
		this.#file = openSync(path, 'a', 0o640);
	}

	get closed(): boolean {
		return this.#closed;
	}

	write(stream: OutputStream, chunk: Buffer): void {
		let rest = this.#pending[stream].length > 0 ? Buffer.concat([this.#pending[stream], chunk]) : chunk;
		const lines: Buffer[] = [];
		for (;;) {
			const end = rest.indexOf(LINE_FEED);
			if (end < 0 && rest.length < LONGEST_LINE) {
				break;
			}
			const whole = end >= 0 && end <= LONGEST_LINE;
			const length = whole ? end : LONGEST_LINE;
			lines.push(entry(stream, whole, rest.subarray(0, length)));
			rest = rest.subarray(whole ? length + 1 : length);
		}
		this.#pending[stream] = Buffer.from(rest);
		this.#append(lines);
	}

	/** Writes what is left without a line end. Readers that follow come to their end. */
	close(): void {
		for (const stream of ['stdout', 'stderr'] as const) {
			const rest = this.#pending[stream];
			this.#append(rest.length > 0 ? [entry(stream, false, rest)] : []);
		}
		this.#closed = true;
		closeSync(this.#file);
		this.#notify();
	}

	/** Calls back after each write and at the close; the returned function ends that. */
	onWrite(reader: () => void): () => void {
		this.#readers.add(reader);
		return () => this.#readers.delete(reader);
	}

	#append(lines: Buffer[]): void {
		if (lines.length > 0) {
			writeSync(this.#file, Buffer.concat(lines));
			this.#notify();
		}
	}

	#notify(): void {
		for (const reader of [...this.#readers]) {
			reader();
		}
	}
}

const LINE_FEED = 10;

function entry(stream: OutputStream, whole: boolean, text: Buffer): Buffer {
	const time = new Date().toISOString().replace('Z', '000000Z');
	return Buffer.concat([Buffer.from(`${time} ${stream} ${whole ? 'F' : 'P'} `), text, Buffer.from('\n')]);
}
