/** Bytes that are collected, and of a record that is not worth it. */
const BATCH = 64 * 1024;
const LARGE = 16 * 1024;

/** Sends records in order, small ones together: 10,000 small files would otherwise be 30,000 messages. */
export class Batched {
	readonly #send: (bytes: Uint8Array) => Promise<void>;
	readonly #batch = Buffer.allocUnsafe(BATCH);
	#used = 0;
	/** What was sent before, so that nothing overtakes anything. */
	#line: Promise<void> = Promise.resolve();
	/** What is under way: the collected bytes may be on their way too, so nothing is added to them beside it. */
	#busy = 0;

	/** @param send resolves when its bytes may be used again; its errors reach every later call */
	constructor(send: (bytes: Uint8Array) => Promise<void>) {
		this.#send = send;
	}

	/** Resolves when more may be sent, and `record` may be used again. */
	send(record: Buffer): Promise<void> | undefined {
		if (this.#busy === 0 && record.length < LARGE && this.#used + record.length <= BATCH) {
			this.#used += record.copy(this.#batch, this.#used);
			return undefined;
		}
		return this.#next(async () => {
			if (record.length < LARGE) {
				if (this.#used + record.length > BATCH) await this.#empty();
				this.#used += record.copy(this.#batch, this.#used);
			} else {
				await this.#empty();
				await this.#send(record);
			}
		});
	}

	/** Sends what is collected: nobody may wait for an answer to something that was not sent. */
	flush(): Promise<void> {
		return this.#next(() => this.#empty());
	}

	#next(work: () => Promise<void>): Promise<void> {
		this.#busy++;
		const done = this.#line.then(work).finally(() => {
			this.#busy--;
		});
		this.#line = done;
		// A failure is for whoever waits for it, and for all who send after it.
		done.catch(() => {});
		return done;
	}

	async #empty(): Promise<void> {
		const used = this.#used;
		this.#used = 0;
		if (used > 0) await this.#send(this.#batch.subarray(0, used));
	}
}
