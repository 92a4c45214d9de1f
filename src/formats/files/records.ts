/**
 * The records that the files agent and this side exchange; `src/inside/files.c` describes the protocol byte by byte.
 * Numbers are little-endian, paths are bytes without a slash at either end.
 */

/** What an entry is: a file, a folder, a link; in lists also a character or block device, a named pipe, a socket. */
export type EntryKind = 'f' | 'd' | 'l' | 'c' | 'b' | 'p' | 's';

/** A file, folder or link. */
export interface Entry {
	kind: EntryKind;
	/** Permission bits, 0 to 0o7777. */
	mode: number;
	uid: number;
	gid: number;
	/** Time of the last change: seconds since 1970, and nanoseconds in that second. */
	mtime: { seconds: number; nanoseconds: number };
	/** Bytes; 0 for most files of /proc, which have content all the same. */
	size: number;
	/** Bytes at the start of the file that are not sent again. */
	offset: number;
	/** Bytes that it takes on the disk: less than its size when it has holes. */
	allocated: number;
	/** Which of the paths that were asked for it belongs to. */
	index: number;
	/** Below that path; empty: that path itself. */
	path: Buffer;
	/** The text of a link; empty for everything else. */
	link: Buffer;
}

/** One record of a stream, as it is read. */
export type FilesRecord =
	| { type: 'hello'; base: Buffer }
	| { type: 'entry'; entry: Entry }
	| { type: 'data'; bytes: Uint8Array }
	| { type: 'hole'; length: number }
	| { type: 'file-end'; outcome: 'whole' | 'changed' | 'failed'; size: number; sha256: Buffer }
	| { type: 'note'; note: Note }
	| { type: 'beat' }
	| { type: 'anew'; why: 'truncated' | 'replaced' }
	| { type: 'offset'; bytes: number }
	| { type: 'done' }
	| { type: 'end'; entries: number; bytes: number; notes: number };

/** What the agent says about one entry. */
export interface Note {
	/** It was left out, it failed, or it went in with something to be known about it. */
	kind: 'skipped' | 'failed' | 'remark';
	index: number;
	/** Linux' errno, or 0. */
	errno: number;
	path: Buffer;
	sentence: string;
}

/** Bytes of a record's head: its type and the length of its body. */
export const HEAD = 5;
/** Bytes of data in one record, at most. */
export const FRAME = 256 * 1024;
/** Bytes of any other record's body, at most. */
export const RECORD_LIMIT = 3 * 4096;
/** Bytes of an entry before its path. */
export const ENTRY = 55;
/** The first four bytes of a stream's first record. */
export const MAGIC = 'KEF1';

/** The errno by which the agent says that the SHA-256 of what arrived is not the one that was sent (Linux' EBADMSG). */
export const DIGEST_DIFFERS = 74;
