import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { UserError } from '../../errors.ts';
import type { Entry } from '../../formats/files/records.ts';
import { sayPath } from './outcome.ts';

const { O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = fs.constants;
/** 0 on Windows, where opening a link this way cannot be told apart; there `lstat` before has to do. */
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

const ZEROS = Buffer.alloc(1024 * 1024);

/** A file being received: written under a temporary name, put under its own when it is whole. */
export class LocalFile {
	readonly #part: Buffer;
	readonly #final: Buffer;
	#descriptor: number;
	#hash: Hash = createHash('sha256');
	#at = 0;
	/** Whether the last bytes are a hole that the file does not have yet. */
	#ragged = false;

	private constructor(descriptor: number, part: Buffer, final: Buffer) {
		this.#descriptor = descriptor;
		this.#part = part;
		this.#final = final;
	}

	/** Bytes that are there. */
	get at(): number {
		return this.#at;
	}

	/**
	 * Begins a file. What has the temporary name is replaced if `replaces`, and never written through.
	 * @throws UserError when it cannot be made
	 */
	static create(part: Buffer, final: Buffer, replaces: boolean): LocalFile {
		return naming(final, () => {
			if (replaces) remove(part);
			return new LocalFile(fs.openSync(part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), part, final);
		});
	}

	/** Goes on with what an earlier command has left under the temporary name; undefined: there is nothing usable. */
	static async resume(part: Buffer, final: Buffer): Promise<LocalFile | undefined> {
		const stat = fs.lstatSync(part, { throwIfNoEntry: false });
		// With a second name its content is somebody else's too.
		if (!stat?.isFile() || stat.nlink > 1 || stat.size === 0) return undefined;
		const file = naming(final, () => new LocalFile(fs.openSync(part, O_RDWR | O_NOFOLLOW), part, final));
		const room = Buffer.allocUnsafe(1024 * 1024);
		for (;;) {
			const got = fs.readSync(file.#descriptor, room, 0, room.length, file.#at);
			if (got === 0) return file;
			file.#hash.update(room.subarray(0, got));
			file.#at += got;
			// A signal must be able to end this.
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** @throws UserError when the disk is full or fails */
	write(bytes: Uint8Array): void {
		naming(this.#final, () => {
			for (let done = 0; done < bytes.length; ) {
				done += fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#at + done);
			}
		});
		this.#hash.update(bytes);
		this.#at += bytes.length;
		this.#ragged = false;
	}

	/** So many zeros, which take no room where the file system can. */
	async hole(length: number): Promise<void> {
		for (let left = length; left > 0; left -= ZEROS.length) {
			this.#hash.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
			if ((left / ZEROS.length) % 64 < 1) await new Promise((resolve) => setImmediate(resolve));
		}
		this.#at += length;
		this.#ragged = true;
	}

	/** The SHA-256 of what is there. */
	digest(): Buffer {
		return this.#hash.copy().digest();
	}

	/** Everything again from the start. */
	rewind(): void {
		naming(this.#final, () => fs.ftruncateSync(this.#descriptor, 0));
		this.#hash = createHash('sha256');
		this.#at = 0;
		this.#ragged = false;
	}

	/** It is whole: its mode and time, and its name. A link under that name is replaced, not followed. @throws UserError */
	finish(entry: Entry): void {
		naming(this.#final, () => {
			if (this.#ragged) fs.ftruncateSync(this.#descriptor, this.#at);
			// No set-user-id from a pod, nor others that are no permissions of files.
			fs.fchmodSync(this.#descriptor, entry.mode & 0o777);
			const seconds = entry.mtime.seconds + entry.mtime.nanoseconds / 1e9;
			fs.futimesSync(this.#descriptor, seconds, seconds);
			this.#close();
			fs.renameSync(this.#part, this.#final);
		});
	}

	/** It does not become whole now. `keep`: what is there stays under the temporary name. */
	abandon(keep: boolean): void {
		if (this.#descriptor < 0) return;
		if (this.#ragged && keep) fs.ftruncateSync(this.#descriptor, this.#at);
		this.#close();
		if (!keep) remove(this.#part);
	}

	/** What tells this file from every other on this machine. */
	identity(): string {
		const { dev, ino } = fs.fstatSync(this.#descriptor, { bigint: true });
		return `${dev}:${ino}`;
	}

	#close(): void {
		if (this.#descriptor >= 0) fs.closeSync(this.#descriptor);
		this.#descriptor = -1;
	}
}

/** Opens a device or a named pipe to write to it: neither a temporary name nor a new beginning makes sense there. */
export function openStream(path: string): number {
	return fs.openSync(path, O_WRONLY);
}

/** Runs something with a file, and names the file where it fails. */
export function naming<T>(path: Buffer, work: () => T): T {
	try {
		return work();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === undefined) throw error;
		throw new UserError(`${sayPath(path)} cannot be written: ${WORDS[code] ?? message}`, HINTS[code]);
	}
}

function remove(path: Buffer): void {
	try {
		fs.unlinkSync(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
	}
}

const WORDS: Record<string, string> = {
	ENOSPC: 'no space is left on this machine there',
	EACCES: 'permission denied',
	EPERM: 'not permitted',
	EROFS: 'it is on a read-only file system',
	ENOENT: 'its folder does not exist',
	ENOTDIR: 'part of the path is no folder',
	EISDIR: 'a folder stands there',
	EEXIST: 'something else stands there',
	ENAMETOOLONG: 'the name is too long for this machine',
	EDQUOT: 'the quota there is used up',
	EINVAL: 'this machine does not take that name',
};

const HINTS: Record<string, string> = {
	ENOSPC: 'What arrived is kept: the same command goes on with it when there is room.',
};
