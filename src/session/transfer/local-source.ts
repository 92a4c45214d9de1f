import * as fs from 'node:fs';
import { UserError } from '../../errors.ts';
import type { Entry, EntryKind } from '../../formats/files/records.ts';
import { sayPath } from './outcome.ts';

/** Something on this machine to be sent, or the end of a folder, or something that cannot be sent. */
export type LocalItem =
	| { type: 'entry'; entry: Entry; local: Buffer }
	| { type: 'folder-end'; entry: Entry }
	| { type: 'skipped'; local: Buffer; reason: string; failed: boolean };

/** Folders in folders. */
const MAX_DEPTH = 400;

/**
 * What is under a local path, a folder before what is in it, names sorted by bytes, and the end of each folder after it.
 * The path itself is followed if it is a link; links below it are sent as links. `-` is standard input.
 * @throws UserError when the path itself is not there
 */
export function* localItems(local: string): Generator<LocalItem> {
	if (local === '-') {
		yield { type: 'entry', entry: streamEntry(), local: Buffer.from('-') };
		return;
	}
	const path = Buffer.from(local);
	let stat: fs.BigIntStats;
	try {
		stat = fs.statSync(path, { bigint: true });
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		throw new UserError(`${sayPath(path)}: ${code === 'ENOENT' ? 'there is no such file on this machine' : message}`);
	}
	if (stat.isDirectory()) yield* inFolder(path, Buffer.alloc(0), stat, 0);
	// A pipe (`<(command)`) is read like standard input.
	else if (stat.isFile()) yield { type: 'entry', entry: entryOf('f', stat, Buffer.alloc(0)), local: path };
	else if (stat.isFIFO() || stat.isCharacterDevice()) yield { type: 'entry', entry: streamEntry(), local: path };
	else throw new UserError(`${sayPath(path)} is no file and no folder`);
}

/** Whether an item is read once and has no size before. */
export function isStream(entry: Entry): boolean {
	return entry.kind === 'f' && entry.allocated < 0;
}

function* inFolder(local: Buffer, path: Buffer, stat: fs.BigIntStats, depth: number): Generator<LocalItem> {
	const entry = entryOf('d', stat, path);
	yield { type: 'entry', entry, local };
	let names: Buffer[] = [];
	try {
		names = fs.readdirSync(local, { encoding: 'buffer' }).sort(Buffer.compare);
	} catch (error) {
		yield { type: 'skipped', local, reason: (error as Error).message, failed: true };
	}
	for (const name of names) {
		const [below, inside] = [join(local, name), path.length === 0 ? name : join(path, name)];
		let found: fs.BigIntStats | undefined;
		try {
			found = fs.lstatSync(below, { bigint: true });
			const link = found.isSymbolicLink() ? fs.readlinkSync(below, { encoding: 'buffer' }) : undefined;
			if (link) yield { type: 'entry', entry: { ...entryOf('l', found, inside), link }, local: below };
		} catch (error) {
			yield { type: 'skipped', local: below, reason: (error as Error).message, failed: true };
			continue;
		}
		if (found.isSymbolicLink()) continue;
		if (inside.length >= 4096 || depth >= MAX_DEPTH) {
			yield { type: 'skipped', local: below, reason: 'its path is too long', failed: true };
		} else if (found.isDirectory()) {
			yield* inFolder(below, inside, found, depth + 1);
		} else if (found.isFile()) {
			yield { type: 'entry', entry: entryOf('f', found, inside), local: below };
		} else {
			yield { type: 'skipped', local: below, reason: 'it is no file, folder or link', failed: false };
		}
	}
	yield { type: 'folder-end', entry };
}

function join(folder: Buffer, name: Buffer): Buffer {
	return Buffer.concat([folder, Buffer.from('/'), name]);
}

function entryOf(kind: EntryKind, stat: fs.BigIntStats, path: Buffer): Entry {
	return {
		kind,
		mode: Number(stat.mode) & 0o7777,
		uid: Number(stat.uid),
		gid: Number(stat.gid),
		mtime: { seconds: Number(stat.mtimeNs / 1_000_000_000n), nanoseconds: Number(stat.mtimeNs % 1_000_000_000n) },
		size: Number(stat.size),
		offset: 0,
		allocated: Number(stat.blocks * 512n),
		index: 0,
		path,
		link: Buffer.alloc(0),
	};
}

function streamEntry(): Entry {
	const now = Date.now();
	const mtime = { seconds: Math.floor(now / 1000), nanoseconds: (now % 1000) * 1_000_000 };
	const none = Buffer.alloc(0);
	return {
		kind: 'f',
		mode: 0o644,
		uid: 0,
		gid: 0,
		mtime,
		size: 0,
		offset: 0,
		allocated: -1,
		index: 0,
		path: none,
		link: none,
	};
}
