import { LONGEST_MARK, leftFolder } from '../left-mark.ts';
import { MarkStream } from '../marks.ts';

/** Characters of the longest line that is held back until its end is there. */
const LINE = 1000;

/** What a script says to us on its stderr, beside what it says to people. */
export interface ScriptWordsListener {
	/** `ke-progress 40% text` */
	progress(percent: number, text: string): void;
	/** `ke-end`: all has been written. */
	end(): void;
	/** The supervisor: files are left in a folder. */
	left(folder: Buffer): void;
}

/**
 * Takes out of a script's stderr what is said to us: lines `ke-progress NN% TEXT` and `ke-end`, and the supervisor's mark
 * that files are left, which bears a nonce that the script does not know.
 */
export class ScriptWords {
	readonly #marks = new MarkStream(LONGEST_MARK);
	readonly #nonce: string;
	readonly #listener: ScriptWordsListener;
	/** The beginning of a line that may be to us. */
	#held = '';
	#atStart = true;

	constructor(nonce: string, listener: ScriptWordsListener) {
		this.#nonce = nonce;
		this.#listener = listener;
	}

	/** What of some bytes is for people. */
	pass(bytes: Uint8Array): Uint8Array {
		const out: Buffer[] = [];
		for (const piece of this.#marks.take(bytes)) {
			if (piece instanceof Uint8Array) out.push(this.#lines(Buffer.from(piece).toString('latin1')));
			else this.#mark(piece.mark);
		}
		return Buffer.concat(out);
	}

	/** What is still held back, when no more comes. */
	rest(): Uint8Array {
		const held = this.#held;
		this.#held = '';
		return Buffer.concat([Buffer.from(held, 'latin1'), this.#marks.rest()]);
	}

	#mark(mark: string): void {
		const folder = leftFolder(mark, this.#nonce);
		if (folder) this.#listener.left(folder);
	}

	#lines(text: string): Buffer {
		let out = '';
		let rest = this.#held + text;
		this.#held = '';
		while (rest !== '') {
			const end = rest.indexOf('\n');
			const line = end < 0 ? rest : rest.slice(0, end + 1);
			rest = rest.slice(line.length);
			if (!this.#atStart || !isToUs(line)) out += line;
			else if (end < 0 && line.length < LINE) this.#held = line;
			else if (end < 0 || !this.#heard(line)) out += line;
			if (this.#held === '') this.#atStart = end >= 0;
		}
		return Buffer.from(out, 'latin1');
	}

	#heard(line: string): boolean {
		const words = Buffer.from(line, 'latin1').toString().trimEnd();
		if (words === 'ke-end') {
			this.#listener.end();
			return true;
		}
		const [, percent, text] = /^ke-progress (\d{1,3})%(?: (.*))?$/.exec(words) ?? [];
		if (percent === undefined || Number(percent) > 100) return false;
		this.#listener.progress(Number(percent), text ?? '');
		return true;
	}
}

/** Whether a line, or the beginning of one, may be to us. */
function isToUs(line: string): boolean {
	return ['ke-progress ', 'ke-end'].some((word) => word.startsWith(line.slice(0, word.length)));
}
