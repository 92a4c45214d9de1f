import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { UserError } from '../../errors.ts';
import type { Entry } from '../../formats/files/records.ts';
import { LocalFile, naming } from './local-file.ts';
import { sayBytes } from './meter.ts';
import { sayPath } from './outcome.ts';

/** Something that the pod sent cannot be written here without doing harm; the transfer goes on without it. */
export class Refused extends Error {
	override readonly name = 'Refused';
}

/**
 * The files of one download on this machine. Nothing that a stream says leads out of the places that the user named:
 *
 * - a path has only plain components, and its folder is a real one that this transfer has made or found there, no link;
 * - links are only made where they stay inside, and nothing is ever written through one;
 * - what this transfer has written is not written again under another spelling (file systems without case, or that
 *   normalise), which is recognised by the file itself and not by its name.
 */
export class LocalTree {
	/** For each path that was asked for, where it goes. */
	readonly #places: readonly Buffer[];
	/** Folders in which entries may be made, by index and path. */
	readonly #folders = new Set<string>();
	/** What this transfer wrote, by device and number, with its path. */
	readonly #written = new Map<string, string>();
	/** Mode and times of folders: set at the end, since writing in them changes both. */
	readonly #later: { path: Buffer; entry: Entry }[] = [];
	/** Temporary names nobody has guessed. */
	readonly #part = Buffer.from(`.ke-${randomBytes(8).toString('hex')}.part`);

	/** What the files are of, for `partOf`. */
	readonly #origin: string;

	/** @param places absolute paths, or relative to the working folder */
	constructor(places: readonly Buffer[], origin = '') {
		this.#places = places;
		this.#origin = origin;
	}

	/** Where an entry goes. @throws Refused when that is nowhere */
	place(entry: Entry): Buffer {
		const base = this.#places[entry.index];
		if (base === undefined) throw new Refused('nobody asked for it');
		if (entry.path.length === 0) return base;
		for (const name of components(entry.path)) checkName(name);
		if (!this.#folders.has(keyOf(entry.index, parentOf(entry.path)))) {
			throw new Refused('its folder was not copied before it');
		}
		return Buffer.concat([base, SLASH, entry.path]);
	}

	/** Makes a folder, or finds it. @throws Refused, UserError */
	folder(entry: Entry): void {
		const path = this.place(entry);
		let stat = look(path);
		// The place that the user named may be a link to a folder; what is below it may not.
		if (stat?.isSymbolicLink() && entry.path.length === 0 && this.#isUsers(path))
			stat = fs.statSync(path, { bigint: true });
		if (stat === undefined) {
			naming(path, () => fs.mkdirSync(path, 0o700));
			stat = fs.lstatSync(path, { bigint: true });
		} else if (stat.isSymbolicLink()) {
			throw new Refused('a link stands there on this machine, and nothing is written through it');
		} else if (!stat.isDirectory()) {
			throw new Refused('something that is no folder stands there on this machine');
		}
		this.#remember(`${stat.dev}:${stat.ino}`, entry);
		this.#folders.add(keyOf(entry.index, entry.path));
		this.#later.push({ path, entry });
	}

	/** Begins a file. @throws Refused, UserError */
	file(entry: Entry): LocalFile {
		const path = this.place(entry);
		this.#checkFree(path);
		checkSpace(path, entry.allocated > 0 ? Math.min(entry.size, entry.allocated) : entry.size);
		// A file that was named itself has a name to be found again by; in a folder that could be another file's.
		if (entry.path.length === 0) return LocalFile.create(partOf(path, this.#origin), path, true);
		const part = Buffer.concat([path.subarray(0, path.lastIndexOf(0x2f) + 1), this.#part]);
		return LocalFile.create(part, path, false);
	}

	/** A file got its name; `identity` is the one that it had before. */
	finished(entry: Entry, identity: string): void {
		this.#remember(identity, entry);
	}

	/** Makes a link. @throws Refused, UserError */
	link(entry: Entry): void {
		const path = this.place(entry);
		if (!staysInside(entry)) throw new Refused('it is a link that leads out of what is copied');
		this.#checkFree(path);
		const part = Buffer.concat([path.subarray(0, path.lastIndexOf(0x2f) + 1), this.#part]);
		naming(path, () => {
			fs.symlinkSync(entry.link, part);
			fs.renameSync(part, path);
		});
		const { dev, ino } = fs.lstatSync(path, { bigint: true });
		this.#remember(`${dev}:${ino}`, entry);
	}

	/** Everything is there: the folders get their modes and times, the deepest first. */
	finish(): void {
		for (const { path, entry } of this.#later.reverse()) {
			const seconds = entry.mtime.seconds + entry.mtime.nanoseconds / 1e9;
			try {
				if (!this.#isUsers(path)) fs.chmodSync(path, entry.mode & 0o777);
				fs.utimesSync(path, seconds, seconds);
			} catch {
				// A folder of another user's that was there before: its content is what was asked for.
			}
		}
	}

	/** Whether a path was there before and is the user's own to arrange: the working folder, an existing LOCAL. */
	#isUsers(path: Buffer): boolean {
		return this.#given.has(path.toString('latin1'));
	}

	readonly #given = new Set<string>();

	/** The content of what is asked for goes right into this folder of the user's (`cp POD:/ LOCAL`). */
	give(path: Buffer): void {
		this.#given.add(path.toString('latin1'));
	}

	#checkFree(path: Buffer): void {
		const stat = look(path);
		if (stat === undefined) return;
		if (stat.isDirectory()) throw new Refused('a folder stands there on this machine');
		if (!stat.isFile() && !stat.isSymbolicLink()) {
			throw new Refused('something that is neither file nor link stands there on this machine');
		}
		this.#checkNew(`${stat.dev}:${stat.ino}`);
	}

	#checkNew(identity: string): void {
		const before = this.#written.get(identity);
		if (before === undefined) return;
		throw new Refused(
			`on this machine it would be the same as ${sayPath(Buffer.from(before, 'latin1'))}, which was copied before`,
		);
	}

	#remember(identity: string, entry: Entry): void {
		this.#checkNew(identity);
		this.#written.set(identity, entry.path.toString('latin1'));
	}
}

/** Bytes of a name that get a temporary name behind them; of a longer one nothing is in it. */
const LONG_NAME = 220;

/**
 * The temporary name of a file that was named itself. A later command for the same file finds it, and nobody else's file is
 * called that: it names the place and where the content comes from.
 */
export function partOf(path: Buffer, origin: string): Buffer {
	const start = path.lastIndexOf(0x2f) + 1;
	const name = path.subarray(start);
	const mark = createHash('sha256').update(name).update('\0').update(origin).digest('hex').slice(0, 12);
	return Buffer.concat([
		path.subarray(0, start),
		name.length > LONG_NAME ? Buffer.alloc(0) : name,
		Buffer.from(`.ke-${mark}.part`),
	]);
}

/** Bytes that are tried without being asked for. */
const SMALL = 1_000_000;

/** @throws UserError when a file system has less room than that */
export function checkSpace(path: Buffer, bytes: number): void {
	const folder = path.lastIndexOf(0x2f) < 0 ? Buffer.from('.') : path.subarray(0, path.lastIndexOf(0x2f) + 1);
	if (bytes < SMALL) return;
	let space: fs.StatsFs;
	try {
		space = fs.statfsSync(folder);
	} catch {
		return;
	}
	const free = space.bavail * space.bsize;
	if (bytes <= free) return;
	throw new UserError(
		`${sayPath(path)} needs ${sayBytes(bytes)}, and ${sayBytes(free)} are free there`,
		'Name another place, or make room.',
	);
}

const SLASH = Buffer.from('/');

/** @throws UserError when what is there cannot be looked at */
function look(path: Buffer): fs.BigIntStats | undefined {
	try {
		return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === 'ENAMETOOLONG') throw new Refused('its name is too long for this machine');
		throw new UserError(`${sayPath(path)} cannot be looked at: ${message}`);
	}
}

/** Splits a path at its slashes. */
function components(path: Buffer): Buffer[] {
	const parts: Buffer[] = [];
	for (let from = 0; from <= path.length; ) {
		const slash = path.indexOf(0x2f, from);
		const end = slash < 0 ? path.length : slash;
		parts.push(path.subarray(from, end));
		from = end + 1;
	}
	return parts;
}

/** @throws Refused when a name is none, or means something else here */
export function checkName(name: Buffer, platform: NodeJS.Platform = process.platform): void {
	const text = name.toString('latin1');
	if (text === '' || text === '.' || text === '..') throw new Refused('its path is not a plain one');
	if (text.includes('\0')) throw new Refused('its name has a zero byte');
	if (platform !== 'win32') return;
	const reserved = /[\x01-\x1f<>:"\\|?*]|[. ]$|^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])($|\.)/i;
	if (reserved.test(text)) throw new Refused('its name means something else on Windows');
}

function parentOf(path: Buffer): Buffer {
	return path.subarray(0, Math.max(path.lastIndexOf(0x2f), 0));
}

function keyOf(index: number, path: Buffer): string {
	return `${index}:${path.toString('latin1')}`;
}

/**
 * Whether a link's text stays inside what is copied: no `..` behind a name (that name could be a link itself), and no more
 * of them at its start than the link is deep.
 */
function staysInside(entry: Entry): boolean {
	const parts = components(entry.link).map((part) => part.toString('latin1'));
	const up = parts.findIndex((part) => part !== '..');
	const names = up < 0 ? [] : parts.slice(up);
	const depth = components(entry.path).length - 1;
	if (entry.path.length === 0 || entry.link.length === 0 || entry.link[0] === 0x2f || entry.link.includes(0))
		return false;
	if (process.platform === 'win32' && /[\\:]/.test(entry.link.toString('latin1'))) return false;
	return !names.includes('..') && (up < 0 ? parts.length : up) <= depth;
}
