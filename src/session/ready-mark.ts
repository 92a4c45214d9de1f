/** The mark by which `enter.sh` says that the terminal is raw and the header may come; it is kept from the screen. */
export class ReadyMark {
	static readonly #mark = Buffer.from('\x1b]ke;ready\x07', 'latin1');
	#held = Buffer.alloc(0);
	#found = false;
	#resolve: () => void = () => {};
	/** Resolves when the mark has come. */
	readonly seen = new Promise<void>((resolve) => {
		this.#resolve = resolve;
	});

	/** What of the output goes on to the screen. The mark comes again, by itself, until the header is there. */
	pass(bytes: Uint8Array): Uint8Array {
		if (this.#found) return this.#again(bytes);
		this.#held = Buffer.concat([this.#held, bytes]);
		const at = this.#held.indexOf(ReadyMark.#mark);
		if (at >= 0) {
			this.#found = true;
			this.#resolve();
			return Buffer.concat([this.#held.subarray(0, at), this.#again(this.#held.subarray(at + ReadyMark.#mark.length))]);
		}
		const keep = Math.min(this.#held.length, ReadyMark.#mark.length - 1);
		const out = this.#held.subarray(0, this.#held.length - keep);
		this.#held = this.#held.subarray(this.#held.length - keep);
		return out;
	}

	/** What was held back of an output that ended without the mark. */
	rest(): Uint8Array | undefined {
		return this.#found || this.#held.length === 0 ? undefined : this.#held;
	}

	#again(bytes: Uint8Array): Uint8Array {
		const mark = ReadyMark.#mark;
		let rest = bytes;
		while (mark.equals(rest.subarray(0, mark.length))) rest = rest.subarray(mark.length);
		return rest;
	}
}
