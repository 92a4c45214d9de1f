import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { printableLine } from '../text/printable.ts';
import type { Companion } from './companion.ts';
import { keepAlive, type Send } from './feed.ts';
import { doneWith, LONGEST_MARK, leftFolder } from './left-mark.ts';
import { MarkStream } from './marks.ts';
import { openProgress } from './progress.ts';
import type { OpenAgent } from './transfer/agent.ts';
import { openDestination } from './transfer/destination.ts';
import { Download } from './transfer/download.ts';
import { Meter, sayBytes } from './transfer/meter.ts';

/** What a session at a terminal may bring here, and how. */
export interface BringHomeInput {
	/** The files agent, in the target's root or in the debug image's, as the session's user. */
	open(ofTarget: boolean): OpenAgent;
	/** Names `$OUT` in what is said to us. */
	nonce: string;
	/** Fetch what is left in a folder; `bring` says that it was asked for on the command line. */
	left(folder: Buffer, ask: (question: string) => Promise<boolean>, say: (line: string) => void): Promise<void>;
}

/**
 * The files of a session at a terminal. `bring FILE`: the helper in the container asks by a mark in the terminal's output,
 * and waits for one byte. At the end the supervisor says by another that files are left in `$OUT`, and waits too.
 *
 * Whatever the pod writes may hold the first mark, so nothing is fetched unless the user says yes, and nothing here is
 * overwritten. The shell goes on meanwhile.
 */
export class BringHome implements Companion {
	readonly #stream = new MarkStream(LONGEST_MARK);
	readonly #input: BringHomeInput;
	readonly #begun: Promise<void>[] = [];
	#send: Send = async () => {};
	/** What is done with the next key. */
	#asking: ((yes: boolean) => void) | undefined;

	constructor(input: BringHomeInput) {
		this.#input = input;
	}

	open(send: Send): void {
		this.#send = send;
	}

	/** What of the terminal's output goes to the screen. */
	pass(bytes: Uint8Array): Uint8Array {
		const out: Uint8Array[] = [];
		for (const piece of this.#stream.take(bytes)) {
			if (piece instanceof Uint8Array) out.push(piece);
			// What stood before it is on the screen by then.
			else setImmediate(() => this.#heard(piece.mark));
		}
		return Buffer.concat(out);
	}

	rest(): Uint8Array {
		return this.#stream.rest();
	}

	/** Whether keys were the answer to a question; else they are the command's. */
	takes(keys: Uint8Array): boolean {
		if (!this.#asking) return false;
		const asking = this.#asking;
		this.#asking = undefined;
		// A key by itself, or with Enter, not the first of something that was pasted.
		asking(/^[yY][\r\n]?$/.test(Buffer.from(keys).toString('latin1')));
		return true;
	}

	/** Resolves when all that was begun is here, or could not be had. */
	async finished(): Promise<void> {
		// Nobody waits there any more for what was asked.
		this.#asking?.(false);
		this.#asking = undefined;
		await Promise.all(this.#begun);
	}

	#heard(mark: string): void {
		const folder = leftFolder(mark, this.#input.nonce);
		if (folder) this.#begun.push(this.#left(folder));
		else this.#asked(mark);
	}

	/** The shell has ended; the supervisor waits for our word, and for signs of life until it comes. */
	async #left(folder: Buffer): Promise<void> {
		const alive = keepAlive(this.#send);
		alive.begin();
		const ask = (question: string): Promise<boolean> => {
			process.stderr.write(`${question} [y/N] `);
			return new Promise((resolve) => {
				this.#asking = (yes) => {
					say(yes ? 'y' : 'n');
					resolve(yes);
				};
			});
		};
		await this.#input.left(folder, ask, say).catch((error: Error) => say(`error: ${printableLine(error.message)}`));
		alive.end();
		await this.#send(doneWith(this.#input.nonce)).catch(() => {});
	}

	#answer(byte: 'y' | 'n'): void {
		this.#send(Buffer.from(byte)).catch(() => {});
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
		const open = this.#input.open(ofTarget);
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
