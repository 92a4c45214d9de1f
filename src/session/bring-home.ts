import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Connection } from '../cluster/connect.ts';
import { printableLine } from '../text/printable.ts';
import type { Work } from './enter.ts';
import { openStream } from './exec-stream.ts';
import { MarkStream } from './marks.ts';
import { openProgress } from './progress.ts';
import type { Place } from './run.ts';
import type { OpenAgent } from './transfer/agent.ts';
import { openDestination } from './transfer/destination.ts';
import { Download } from './transfer/download.ts';
import { Meter, sayBytes } from './transfer/meter.ts';

/** Bytes of the longest request: a path of 4 KiB, each byte written %XX. */
const LONGEST = 13_000;

/**
 * `bring FILE` in a session: the helper in the container asks by a mark in the terminal's output, and waits for one byte.
 *
 * Whatever the pod writes may hold such a mark, so nothing is fetched unless the user says yes, and nothing here is
 * overwritten. The shell goes on meanwhile.
 */
export class BringHome {
	readonly #stream = new MarkStream(LONGEST);
	readonly #connection: Connection;
	readonly #place: Place;
	readonly #work: Work;
	readonly #answer: (byte: 'y' | 'n') => void;
	readonly #begun: Promise<void>[] = [];
	/** What is done with the next key. */
	#asking: ((yes: boolean) => void) | undefined;

	/** @param answer sends a byte to the helper that waits */
	constructor(connection: Connection, place: Place, work: Work, answer: (byte: 'y' | 'n') => void) {
		this.#connection = connection;
		this.#place = place;
		this.#work = work;
		this.#answer = answer;
	}

	/** What of the terminal's output goes to the screen. */
	pass(bytes: Uint8Array): Uint8Array {
		const out: Uint8Array[] = [];
		for (const piece of this.#stream.take(bytes)) {
			if (piece instanceof Uint8Array) out.push(piece);
			// What stood before it is on the screen by then.
			else setImmediate(() => this.#asked(piece.mark));
		}
		return Buffer.concat(out);
	}

	/** Whether keys were the answer to a question; else they are the command's. */
	takes(keys: Uint8Array): boolean {
		if (!this.#asking) return false;
		const asking = this.#asking;
		this.#asking = undefined;
		// A key by itself, not the first of something that was pasted.
		asking(keys.length === 1 && (keys[0] === 0x79 || keys[0] === 0x59));
		return true;
	}

	/** Resolves when all that was begun is here, or could not be had. */
	async finished(): Promise<void> {
		await Promise.all(this.#begun);
	}

	#asked(mark: string): void {
		const [, where, hex] = /^bring (target|debug) ((?:%[0-9A-F]{2})+)$/.exec(mark) ?? [];
		if (hex === undefined) return;
		if (this.#asking) {
			this.#answer('n');
			return;
		}
		const path = Buffer.from(hex.replaceAll('%', ''), 'hex');
		const name = path.toString();
		const local = basename(name);
		const shown = printableLine(name);
		process.stderr.write(`bring ${shown} from the pod to ./${printableLine(local)}? [y/N] `);
		this.#asking = (agreed) => {
			say(agreed ? 'y' : 'n');
			// A name that begins with a dot may be somebody's configuration; what is here already stays.
			const refused = !agreed || local.startsWith('.') || local === '' || existsSync(local);
			this.#answer(refused ? 'n' : 'y');
			if (agreed && refused)
				say(`./${printableLine(local)} is here already, or no name for a file: nothing is brought`);
			if (refused) return;
			const fetched = this.#fetch(path, local, where === 'target');
			this.#begun.push(fetched.catch((error: Error) => say(`error: ${printableLine(error.message)}`)));
		};
	}

	async #fetch(path: Buffer, local: string, ofTarget: boolean): Promise<void> {
		const { entry } = this.#work;
		const as = ofTarget ? (entry.as ?? 'target') : undefined;
		const work: Work = {
			...this.#work,
			shell: false,
			tty: false,
			env: [],
			entry: { ...entry, root: 'debug', as, targetEnv: false },
		};
		const open: OpenAgent = (words, { stdin, filter }) =>
			openStream(this.#connection, this.#place, { ...work, words, stdin, files: { filter, ofDebugImage: !ofTarget } });
		const sources = [path];
		const request = {
			sources,
			follow: false,
			compress: 'auto' as const,
			retries: 10,
			stop: new AbortController().signal,
		};
		const to = openDestination(`./${local}`, sources, false, () => undefined);
		const meter = new Meter(openProgress(process.stderr, true));
		const outcome = await new Download(open, request, to, meter, say).run();
		const [problem] = outcome.skipped;
		if (problem) say(`not brought: ${problem.path}: ${problem.reason}`);
		else say(`${printableLine(local)}  ${sayBytes(outcome.bytes)}, sha256 ${outcome.sha256 ?? '-'} as in the pod`);
	}
}

/** A line of ours on a raw terminal. */
function say(line: string): void {
	process.stderr.write(`${line}\r\n`);
}
