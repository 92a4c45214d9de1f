import type { Companion } from '../companion.ts';
import type { Console } from '../console.ts';
import { type Feed, keepAlive, type Send } from '../feed.ts';
import { doneWith } from '../left-mark.ts';
import type { Progress } from '../progress.ts';
import { ScriptWords } from './script-words.ts';

/** What a recipe's companion is given. */
export interface RecipeCompanionInput {
	nonce: string;
	/** The script reads control lines. */
	control: boolean;
	console: Console;
	/** Files are left in a folder; it is removed there when this is done. */
	left(folder: Buffer): Promise<void>;
}

/**
 * Our side of a recipe that runs without a terminal: shows its progress, fetches what it leaves, and, for an agent, says
 * `beat`, `stop` and `end` on its stdin.
 */
export class RecipeCompanion implements Companion {
	readonly #input: RecipeCompanionInput;
	readonly #words: ScriptWords;
	#send: Send = async () => {};
	#progress: Progress | undefined;
	#fetching: Promise<void> | undefined;
	#failed: unknown;

	constructor(input: RecipeCompanionInput) {
		this.#input = input;
		this.#words = new ScriptWords(input.nonce, {
			progress: (percent, text) => {
				this.#progress ??= input.console.wait();
				this.#progress.show(`${percent}%  ${text}`);
			},
			end: () => this.#say('end'),
			left: (folder) => {
				this.#fetching = this.#left(folder);
			},
		});
	}

	open(send: Send): void {
		this.#send = send;
	}

	pass(bytes: Uint8Array): Uint8Array {
		return this.#words.pass(bytes);
	}

	rest(): Uint8Array {
		return this.#words.rest();
	}

	feed(send: Send): Feed {
		if (!this.#input.control) return keepAlive(send);
		const alive = keepAlive(send, Buffer.from('beat\n'));
		let asked = false;
		const stop = (): void => {
			if (asked) process.exit(130);
			asked = true;
			this.#say('stop');
		};
		return {
			begin: () => {
				process.on('SIGINT', stop);
				alive.begin();
			},
			end: () => {
				process.off('SIGINT', stop);
				alive.end();
			},
		};
	}

	/** Take the progress line away: something else is to be written. */
	async clear(): Promise<void> {
		const progress = this.#progress;
		this.#progress = undefined;
		await progress?.end();
	}

	/** @throws whatever went wrong with fetching what was left */
	async finished(): Promise<void> {
		await this.#fetching;
		await this.clear();
		if (this.#failed !== undefined) throw this.#failed;
	}

	async #left(folder: Buffer): Promise<void> {
		await this.clear();
		await this.#input.left(folder).catch((error: unknown) => {
			this.#failed = error;
		});
		await this.#send(doneWith(this.#input.nonce)).catch(() => {});
	}

	#say(word: 'stop' | 'end'): void {
		if (this.#input.control) this.#send(Buffer.from(`${word}\n`)).catch(() => {});
	}
}
