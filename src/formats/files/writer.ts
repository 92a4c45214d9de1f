import { ENTRY, type Entry, FRAME, HEAD, MAGIC } from './records.ts';

/** The first record of a stream. */
export function helloRecord(): Buffer {
	return record('H', Buffer.from(MAGIC));
}

/** An entry; `end` says that this is a folder of which everything was sent. */
export function entryRecord(entry: Entry, end = false): Buffer {
	const body = Buffer.alloc(ENTRY + entry.path.length + entry.link.length);
	body.write(entry.kind, 0, 'latin1');
	body.writeUInt32LE(entry.mode, 1);
	body.writeUInt32LE(entry.uid, 5);
	body.writeUInt32LE(entry.gid, 9);
	body.writeBigInt64LE(BigInt(entry.mtime.seconds), 13);
	body.writeUInt32LE(entry.mtime.nanoseconds, 21);
	body.writeBigUInt64LE(BigInt(entry.size), 25);
	body.writeBigUInt64LE(BigInt(entry.offset), 33);
	body.writeBigUInt64LE(BigInt(entry.allocated), 41);
	body.writeUInt32LE(entry.index, 49);
	body.writeUInt16LE(entry.path.length, ENTRY - 2);
	entry.path.copy(body, ENTRY);
	entry.link.copy(body, ENTRY + entry.path.length);
	return record(end ? 'M' : 'E', body);
}

/** Room for a data record of up to `length` bytes: they go from `HEAD` on; `dataRecord` makes a record of it. */
export function dataRoom(length: number = FRAME): Buffer {
	return Buffer.allocUnsafe(HEAD + Math.min(length, FRAME));
}

/** The record of the first `length` bytes that were read into a `dataRoom`; it shares its memory. */
export function dataRecord(room: Buffer, length: number): Buffer {
	room.write('D', 0, 'latin1');
	room.writeUInt32LE(length, 1);
	return room.subarray(0, HEAD + length);
}

/** A hole in a sparse file: `length` bytes that are zero and are not sent. */
export function holeRecord(length: number): Buffer {
	const body = Buffer.alloc(8);
	body.writeBigUInt64LE(BigInt(length));
	return record('Z', body);
}

/** The end of a file: its whole size in bytes, and the SHA-256 of all of it. */
export function fileEndRecord(size: number, sha256: Buffer): Buffer {
	const body = Buffer.alloc(41);
	body.writeBigUInt64LE(BigInt(size), 1);
	sha256.copy(body, 9);
	return record('F', body);
}

/** A sign of life. */
export function beatRecord(): Buffer {
	return record('B', Buffer.alloc(0));
}

/** The end of the stream: entries, bytes of data, notes. */
export function endRecord(entries: number, bytes: number, notes: number): Buffer {
	const body = Buffer.alloc(24);
	[entries, bytes, notes].forEach((number, i) => {
		body.writeBigUInt64LE(BigInt(number), 8 * i);
	});
	return record('Q', body);
}

/** A path as the agent takes it as an argument: ASCII, also where the path is not UTF-8; `%` alone is the empty path. */
export function escapeArgument(path: Buffer): string {
	if (path.length === 0) return '%';
	return path.toString('latin1').replace(/[^A-Za-z0-9/._\-+=,@:]|^-/g, (character) => {
		return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
	});
}

function record(type: string, body: Buffer): Buffer {
	const head = Buffer.alloc(HEAD);
	head.write(type, 0, 'latin1');
	head.writeUInt32LE(body.length, 1);
	return Buffer.concat([head, body]);
}
