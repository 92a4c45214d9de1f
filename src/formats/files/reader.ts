import { UserError } from '../../errors.ts';
import { ENTRY, type Entry, type EntryKind, type FilesRecord, FRAME, HEAD, MAGIC, RECORD_LIMIT } from './records.ts';

/** The stream is not of this protocol: another program answers, or a hostile one. */
export class FilesFormatError extends UserError {
	override readonly name = 'FilesFormatError';
	constructor(what: string) {
		super(`the files agent sent what this program does not understand: ${what}`, 'Nothing of it was used.');
	}
}

/**
 * Reads records from chunks as they arrive. Data is handed out as parts of the chunks, in any number of pieces, without
 * being copied or collected; of everything else at most one record is held.
 */
export class FilesReader {
	/** The head, or the body of a record that is no data, as far as it has arrived. */
	readonly #held = Buffer.allocUnsafe(RECORD_LIMIT);
	#have = 0;
	/** Bytes of the body still to come; undefined: a head is awaited. */
	#body: number | undefined;
	#type = '';
	/** Whether data may come: after a file's entry, until its end. */
	#inFile = false;
	#greeted = false;
	#ended = false;
	readonly #listing: boolean;

	/** @param listing files are only named: no content follows their entries */
	constructor(listing = false) {
		this.#listing = listing;
	}

	/** Whether the end record was read: without it the stream was cut. */
	get ended(): boolean {
		return this.#ended;
	}

	/**
	 * The records in the next bytes. What is yielded as data are parts of `chunk`.
	 * @throws FilesFormatError
	 */
	*push(chunk: Uint8Array): Generator<FilesRecord> {
		let at = 0;
		while (at < chunk.length || this.#body === 0) {
			if (this.#body === undefined) {
				const part = Math.min(HEAD - this.#have, chunk.length - at);
				this.#held.set(chunk.subarray(at, at + part), this.#have);
				this.#have += part;
				at += part;
				if (this.#have === HEAD) this.#startBody();
				continue;
			}
			const part = chunk.subarray(at, at + this.#body);
			at += part.length;
			this.#body -= part.length;
			if (this.#type === 'D') {
				if (part.length > 0) yield { type: 'data', bytes: part };
				if (this.#body === 0) this.#body = undefined;
				continue;
			}
			this.#held.set(part, this.#have);
			this.#have += part.length;
			if (this.#body > 0) continue;
			const body = Buffer.from(this.#held.subarray(0, this.#have));
			this.#have = 0;
			this.#body = undefined;
			yield this.#record(body);
		}
	}

	#startBody(): void {
		const length = this.#held.readUInt32LE(1);
		this.#type = String.fromCharCode(this.#held[0] ?? 0);
		if (this.#ended) throw new FilesFormatError('something follows the end');
		if (!this.#greeted && this.#type !== 'H') throw new FilesFormatError('its first bytes are no greeting');
		if (this.#type === 'D' && !this.#inFile) throw new FilesFormatError('data without a file');
		if (length > (this.#type === 'D' ? FRAME : RECORD_LIMIT)) throw new FilesFormatError('a record is too long');
		this.#have = 0;
		this.#body = length;
	}

	#record(body: Buffer): FilesRecord {
		switch (this.#type) {
			case 'H':
				if (body.toString('latin1', 0, 4) !== MAGIC) throw new FilesFormatError('it speaks another version');
				this.#greeted = true;
				return { type: 'hello', base: body.subarray(4) };
			case 'E': {
				if (this.#inFile) throw new FilesFormatError('an entry within a file');
				const record = entryOf(body);
				this.#inFile = record.entry.kind === 'f' && !this.#listing;
				return record;
			}
			case 'Z':
				if (!this.#inFile) throw new FilesFormatError('a hole without a file');
				return { type: 'hole', length: numberAt(exactly(body, 8), 0) };
			case 'F': {
				if (!this.#inFile) throw new FilesFormatError('the end of a file that did not begin');
				this.#inFile = false;
				const outcome = (['whole', 'changed', 'failed'] as const)[exactly(body, 41)[0] ?? 3];
				if (outcome === undefined) throw new FilesFormatError('a file ends in an unknown way');
				return { type: 'file-end', outcome, size: numberAt(body, 1), sha256: body.subarray(9) };
			}
			case 'N':
				return noteOf(body);
			case 'B':
				return { type: 'beat' };
			case 'T':
				if (!this.#inFile) throw new FilesFormatError('a beginning without a file');
				return { type: 'anew', why: body.toString('latin1') === 'r' ? 'replaced' : 'truncated' };
			case 'O':
				return { type: 'offset', bytes: numberAt(exactly(body, 8), 0) };
			case 'A':
				return { type: 'done' };
			case 'Q':
				if (this.#inFile) throw new FilesFormatError('the end within a file');
				exactly(body, 24);
				this.#ended = true;
				return { type: 'end', entries: numberAt(body, 0), bytes: numberAt(body, 8), notes: numberAt(body, 16) };
			default:
				throw new FilesFormatError('a record of an unknown type');
		}
	}
}

function entryOf(body: Buffer): { type: 'entry'; entry: Entry } {
	if (body.length < ENTRY) throw new FilesFormatError('an entry is too short');
	const kind = String.fromCharCode(body[0] ?? 0);
	const end = ENTRY + body.readUInt16LE(ENTRY - 2);
	if (!isKind(kind) || end > body.length) throw new FilesFormatError('an entry is broken');
	return {
		type: 'entry',
		entry: {
			kind,
			mode: body.readUInt32LE(1) & 0o7777,
			uid: body.readUInt32LE(5),
			gid: body.readUInt32LE(9),
			mtime: { seconds: Number(body.readBigInt64LE(13)), nanoseconds: body.readUInt32LE(21) % 1_000_000_000 },
			size: numberAt(body, 25),
			offset: numberAt(body, 33),
			allocated: numberAt(body, 41),
			index: body.readUInt32LE(49),
			path: body.subarray(ENTRY, end),
			link: body.subarray(end),
		},
	};
}

function noteOf(body: Buffer): FilesRecord {
	if (body.length < 11) throw new FilesFormatError('a note is too short');
	const kind = ({ s: 'skipped', e: 'failed', c: 'remark' } as const)[String.fromCharCode(body[0] ?? 0)];
	const end = 11 + body.readUInt16LE(9);
	if (kind === undefined || end > body.length) throw new FilesFormatError('a note is broken');
	return {
		type: 'note',
		note: {
			kind,
			index: body.readUInt32LE(1),
			errno: body.readUInt32LE(5),
			path: body.subarray(11, end),
			sentence: body.toString('utf8', end),
		},
	};
}

function isKind(letter: string): letter is EntryKind {
	return 'fdlcbps'.includes(letter);
}

function exactly(body: Buffer, length: number): Buffer {
	if (body.length !== length) throw new FilesFormatError('a record has another length than its type');
	return body;
}

/** Eight bytes; beyond 2^53 nothing is a size. */
function numberAt(body: Buffer, at: number): number {
	const number = Number(body.readBigUInt64LE(at));
	if (!Number.isSafeInteger(number)) throw new FilesFormatError('a size beyond all sizes');
	return number;
}
