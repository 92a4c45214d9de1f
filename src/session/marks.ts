/** What runs in the container says to us before the command begins: `ok`, `header`, `script`, or `carry MACHINE`. */
export type Mark = string;

const BEGIN = '\x1b]ke;';
const END = 0x07;
/** Bytes of the longest mark. */
const LONGEST = 80;

/**
 * Takes the marks out of a stream: what `src/inside/bootstrap.sh` and the launcher write between `ESC ]ke;` and BEL.
 *
 * Only until `ok` has come: what a command writes is its own. At a terminal marks are said again and again until they are
 * answered, so those that follow `ok` without anything between are taken out too.
 */
export class Marks {
	readonly #heard: (mark: Mark) => void;
	#held = Buffer.alloc(0);
	#over = false;
	/** Whether something that is no mark followed `ok`. */
	#plain = false;

	/** @param heard called for each mark */
	constructor(heard: (mark: Mark) => void) {
		this.#heard = heard;
	}

	/** What of some output goes on. */
	pass(bytes: Uint8Array): Uint8Array {
		if (this.#plain) return bytes;
		this.#held = Buffer.concat([this.#held, bytes]);
		const out: Uint8Array[] = [];
		for (;;) {
			const at = this.#over ? (startsLike(this.#held) ? 0 : -1) : this.#held.indexOf(0x1b);
			if (at < 0) {
				if (this.#over && this.#held.length > 0) this.#plain = true;
				out.push(this.#held);
				this.#held = Buffer.alloc(0);
				break;
			}
			out.push(this.#held.subarray(0, at));
			this.#held = this.#held.subarray(at);
			if (!startsLike(this.#held)) {
				out.push(this.#held.subarray(0, 1));
				this.#held = this.#held.subarray(1);
				continue;
			}
			const end = this.#held.indexOf(END);
			if (end < 0) {
				if (this.#held.length <= LONGEST) break;
				out.push(this.#held.subarray(0, 1));
				this.#held = this.#held.subarray(1);
				continue;
			}
			const mark = this.#held.toString('latin1', BEGIN.length, end);
			this.#held = this.#held.subarray(end + 1);
			if (mark === 'ok') this.#over = true;
			this.#heard(mark);
		}
		return Buffer.concat(out);
	}

	/** What is still held back when the stream has ended. */
	rest(): Uint8Array {
		const rest = this.#held;
		this.#held = Buffer.alloc(0);
		return rest;
	}
}

/** Whether bytes begin a mark, or may once more of them have come. */
function startsLike(bytes: Buffer): boolean {
	const length = Math.min(bytes.length, BEGIN.length);
	return length > 0 && bytes.toString('latin1', 0, length) === BEGIN.slice(0, length);
}
