import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';

/** A file that cannot be had; the message is the end of a sentence that begins with its name: `does not exist`. */
export class FileTrouble extends Error {
	/** `ENOENT` where it, or a folder on the way, is not there. */
	readonly code: string | undefined;
	constructor(message: string, code?: string) {
		super(message);
		this.code = code;
	}
}

/** What was read, and whether others than its owner may change it. */
export interface ReadFile {
	bytes: Buffer;
	/** Whether only this user and root may write it. */
	own: boolean;
}

/** What is said of a link to what is not there. */
export const NOWHERE = 'is a link that leads nowhere';

/** Windows has none of these. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * The bytes of a regular file. What is anything else (a FIFO, a device) is not opened, or if it comes between, does not
 * hold us up.
 * @param most bytes that it may have
 * @param within the real path of the folder that it must be in, wherever links lead
 * @throws FileTrouble
 */
export function readRegular(path: string, most: number, within?: string): ReadFile {
	let fd: number | undefined;
	try {
		const real = realpathSync(path);
		if (within !== undefined && !real.startsWith(within.endsWith(sep) ? within : within + sep))
			throw new FileTrouble(`is a link that leads out of its folder, to ${real}`);
		if (!lstatSync(real).isFile()) throw new FileTrouble('is no regular file');
		fd = openSync(real, FLAGS);
		const stat = fstatSync(fd);
		if (!stat.isFile()) throw new FileTrouble('is no regular file');
		return { bytes: readAll(fd, stat.size, most), own: isOwn(stat) };
	} catch (error) {
		const trouble = troubleOf(error);
		throw trouble instanceof FileTrouble && trouble.code === 'ENOENT' && isLink(path)
			? new FileTrouble(NOWHERE)
			: trouble;
	} finally {
		if (fd !== undefined) closeSync(fd);
	}
}

/** Whether nobody but this user and root may change a file or folder. Where there are no such rights, nobody else may. */
export function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
	const me = process.getuid?.();
	return me === undefined || ((uid === me || uid === 0) && (mode & 0o022) === 0);
}

/** A failure of the file system in words; what is none of it is thrown again as it is. */
export function troubleOf(error: unknown): unknown {
	const { code } = error as NodeJS.ErrnoException;
	if (error instanceof FileTrouble || code === undefined) return error;
	if (code === 'ENOENT' || code === 'ENOTDIR') return new FileTrouble('does not exist', 'ENOENT');
	if (code === 'EACCES' || code === 'EPERM') return new FileTrouble('cannot be read: permission denied', code);
	if (code === 'ELOOP') return new FileTrouble(NOWHERE, code);
	return new FileTrouble(`cannot be read: ${code}`, code);
}

function isLink(path: string): boolean {
	try {
		return lstatSync(path).isSymbolicLink();
	} catch {
		return false;
	}
}

function readAll(fd: number, size: number, most: number): Buffer {
	if (size > most) throw new FileTrouble(`is too large: ${most / 1024} KiB is the most`);
	const bytes = Buffer.alloc(size + 1);
	let length = 0;
	for (;;) {
		const read = readSync(fd, bytes, length, bytes.length - length, null);
		if (read === 0) return bytes.subarray(0, length);
		length += read;
		if (length > size) throw new FileTrouble('grows while it is read');
	}
}
