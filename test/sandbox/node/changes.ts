import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** A path that a container's root has otherwise than its image, its volumes not counted. */
export interface FileChange {
	/** Absolute, as the container names it. */
	path: string;
	/** `removed` was in the image and is gone; `other` is a device, socket or pipe. */
	kind: 'file' | 'directory' | 'link' | 'removed' | 'other';
	/** Permission bits, set-id bits included. */
	mode: number;
	uid: number;
	gid: number;
	/** Bytes; 0 for what is no file. */
	size: number;
	/** Milliseconds since 1970. That of a folder tells also of what was made and removed again in it. */
	modified: number;
	/** SHA-256 of a file's content, the text of a link, else empty. */
	content: string;
}

/** All that an overlay's upper layer holds, sorted by path. */
export function changesIn(upper: string): FileChange[] {
	const found: FileChange[] = [];
	const walk = (path: string) => {
		for (const entry of readdirSync(join(upper, path)).sort()) {
			const change = changeAt(upper, join(path, entry));
			found.push(change);
			if (change.kind === 'directory') {
				walk(change.path);
			}
		}
	};
	walk('/');
	return found;
}

function changeAt(upper: string, path: string): FileChange {
	const outside = join(upper, path);
	const stats = lstatSync(outside);
	const kind = kindOf(stats);
	return {
		path,
		kind,
		mode: stats.mode & 0o7777,
		uid: stats.uid,
		gid: stats.gid,
		size: kind === 'file' ? stats.size : 0,
		modified: stats.mtimeMs,
		content: kind === 'file' ? digest(outside) : kind === 'link' ? readlinkSync(outside) : '',
	};
}

function kindOf(stats: Stats): FileChange['kind'] {
	if (stats.isFile()) {
		return 'file';
	}
	if (stats.isDirectory()) {
		return 'directory';
	}
	if (stats.isSymbolicLink()) {
		return 'link';
	}
	// An overlay marks what was removed by a device with the numbers 0 and 0.
	return stats.isCharacterDevice() && stats.rdev === 0 ? 'removed' : 'other';
}

function digest(path: string): string {
	const hash = createHash('sha256');
	const file = openSync(path, 'r');
	try {
		const chunk = Buffer.alloc(1024 * 1024);
		for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
			hash.update(chunk.subarray(0, got));
		}
	} finally {
		closeSync(file);
	}
	return hash.digest('hex');
}
