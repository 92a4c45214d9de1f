/** What runs in the container says to us: `ok`, `header`, `script` or `carry MACHINE` before the command, `bring …` in it. */
export type Mark = string;

const BEGIN = '\x1b]ke;';
const END = '\x07';

/** Those that come before a command. */
const OURS = /^(ok|header|script|carry .*)$/;

/** A piece of a stream: bytes as they are, or a mark that stood between them. */
type Piece = Uint8Array | { mark: Mark };

/** Cuts a stream into marks, which stand between `ESC ]ke;` and BEL, and what is between them. */
export class MarkStream {
	/** Bytes of the longest mark; what goes on for longer is none. */
	readonly #longest: number;
	#held = Buffer.alloc(0);

	constructor(longest: number) {
		this.#longest = longest;
	}

	/** The pieces of some more bytes; what may be the beginning of a mark is held back. */
	*take(bytes: Uint8Array): Generator<Piece> {
		this.#held = Buffer.concat([this.#held, bytes]);
		while (this.#held.length > 0) {
			const at = this.#held.indexOf(0x1b);
			if (at !== 0) {
				yield this.#cut(at < 0 ? this.#held.length : at);
				continue;
			}
			const end = this.#held.indexOf(END);
			const isMark = isLike(this.#held.subarray(0, end < 0 ? undefined : end), this.#longest);
			if (!isMark) yield this.#cut(1);
			else if (end < 0) return;
			else yield { mark: this.#cut(end + 1).toString('latin1', BEGIN.length, end) };
		}
	}

	/** What is held back, when no more comes. */
	rest(): Uint8Array {
		return this.#cut(this.#held.length);
	}

	#cut(length: number): Buffer {
		const cut = this.#held.subarray(0, length);
		this.#held = this.#held.subarray(length);
		return cut;
	}
}

/**
 * Takes out of a stream the marks that come before a command: what `src/inside/bootstrap.sh` and the launcher say.
 *
 * Only until `ok` has come: what a command writes is its own. At a terminal marks are said again and again until they are
 * answered, so those that follow `ok` without anything between are taken out too.
 */
export class Marks {
	readonly #heard: (mark: Mark) => void;
	readonly #stream = new MarkStream(80);
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
		const out: Uint8Array[] = [];
		for (const piece of this.#stream.take(bytes)) {
			if (piece instanceof Uint8Array) {
				out.push(piece);
				this.#plain ||= this.#over;
			} else if (this.#plain || (this.#over && !OURS.test(piece.mark))) {
				this.#plain = true;
				out.push(Buffer.from(`${BEGIN}${piece.mark}${END}`, 'latin1'));
			} else {
				this.#over ||= piece.mark === 'ok';
				this.#heard(piece.mark);
			}
		}
		if (this.#plain) out.push(this.#stream.rest());
		return Buffer.concat(out);
	}

	/** What is still held back when the stream has ended. */
	rest(): Uint8Array {
		return this.#stream.rest();
	}
}

/** Whether bytes are a mark but for its end, or may be once more of them have come: it holds nothing but plain characters. */
function isLike(bytes: Buffer, longest: number): boolean {
	const text = bytes.toString('latin1');
	const length = Math.min(text.length, BEGIN.length);
	return (
		text.length <= longest && text.slice(0, length) === BEGIN.slice(0, length) && !/[^ -~]/.test(text.slice(length))
	);
}
