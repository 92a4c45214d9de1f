import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { type Entry, FRAME, HEAD } from '../../formats/files/records.ts';
import { dataRecord, dataRoom, fileEndRecord, holeRecord } from '../../formats/files/writer.ts';

/** Sends one record; a promise that resolves when more may be sent. */
export type SendRecord = (record: Buffer) => Promise<void> | undefined;

/** What was sent: its digest, its size, and whether it changed while it was read. */
export interface Sent {
	sha256: Buffer;
	size: number;
	changed: boolean;
}

/** Who sends a file wants to know, and knows. */
export interface SendWatch {
	/** So many more bytes were read, those before the offset too. */
	bytes(count: number): void;
	/** Whether the other end has refused the file meanwhile, so that the rest need not be sent. */
	refused(): boolean;
	/** The file was read; called before its end is sent. */
	end(sent: Sent): void;
}

const ZEROS = Buffer.alloc(FRAME);

/**
 * Sends the content of an open file from `offset` on, holes of a sparse file as holes, and its end with the SHA-256 of all
 * of it.
 */
export async function sendFile(
	descriptor: number,
	entry: Entry,
	offset: number,
	send: SendRecord,
	watch: SendWatch,
): Promise<void> {
	const hash = createHash('sha256');
	const sparse = entry.allocated < entry.size;
	let at = 0;
	let hole = 0;
	// Files of /proc have no size and yet content.
	const end = entry.size === 0 ? Number.MAX_SAFE_INTEGER : entry.size;
	const room = dataRoom(entry.size > 0 ? entry.size : FRAME);
	while (at < end && !watch.refused()) {
		const want = Math.min(room.length - HEAD, end - at, at < offset ? offset - at : FRAME);
		const got = fs.readSync(descriptor, room, HEAD, want, at);
		if (got === 0) break;
		const bytes = room.subarray(HEAD, HEAD + got);
		hash.update(bytes);
		watch.bytes(got);
		at += got;
		if (at <= offset) {
			if (at % (64 * FRAME) === 0) await new Promise((resolve) => setImmediate(resolve));
		} else if (sparse && bytes.equals(ZEROS.subarray(0, got))) {
			hole += got;
		} else {
			if (hole > 0) await send(holeRecord(hole));
			hole = 0;
			await send(dataRecord(room, got));
		}
	}
	if (hole > 0) await send(holeRecord(hole));
	const after = fs.fstatSync(descriptor, { bigint: true });
	const changed = entry.size > 0 && (Number(after.size) !== entry.size || mtimeOf(entry) !== after.mtimeNs);
	const sha256 = hash.digest();
	// Its answer can come before the call returns.
	watch.end({ sha256, size: at, changed });
	await send(fileEndRecord(at, sha256));
}

/** Sends what comes from a stream, which cannot be read again. */
export async function sendStream(source: AsyncIterable<Uint8Array>, send: SendRecord, watch: SendWatch): Promise<void> {
	const hash = createHash('sha256');
	let size = 0;
	for await (const chunk of source) {
		if (watch.refused()) break;
		hash.update(chunk);
		size += chunk.length;
		watch.bytes(chunk.length);
		for (let from = 0; from < chunk.length; from += FRAME) {
			const part = chunk.subarray(from, from + FRAME);
			const room = Buffer.allocUnsafe(HEAD + part.length);
			room.set(part, HEAD);
			await send(dataRecord(room, part.length));
		}
	}
	const sha256 = hash.digest();
	watch.end({ sha256, size, changed: false });
	await send(fileEndRecord(size, sha256));
}

function mtimeOf(entry: Entry): bigint {
	return BigInt(entry.mtime.seconds) * 1_000_000_000n + BigInt(entry.mtime.nanoseconds);
}
