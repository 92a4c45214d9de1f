import { randomBytes } from 'node:crypto';
import { constants, existsSync, linkSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError, UserError } from '../../errors.ts';
import { printableLine } from '../../text/printable.ts';
import { fileWord, fillTemplate, keysOf } from '../../toolkit/template.ts';

/** Where what comes back of a recipe goes on this machine. */
export type Place = { to: 'stdout' } | { to: 'file'; path: string; replaces: boolean };

/** What decides it. */
export interface PlaceInput {
	/** `-w`. */
	write: string | undefined;
	/** The recipe's name for it; else `fallback` is. */
	template: string | undefined;
	/** For templates: pod, namespace, time … */
	words: Readonly<Record<string, string>>;
	/** `--overwrite`. */
	overwrite: boolean;
	/** Several pods: each must have a name of its own. */
	several: boolean;
}

/**
 * The local name of an artefact: `-w` where it names a file; in a folder that it names, or here, the recipe's template.
 * @param fallback a name from the pod, where the recipe has no template
 * @throws UserError where something is there already that may not be replaced
 */
export function placeFor({ write, template, words, overwrite, several }: PlaceInput, fallback: string): Place {
	if (write === '-') {
		if (several) throw new UsageError('several pods cannot all go to standard output', 'A folder is -w NAME/.');
		return { to: 'stdout' };
	}
	const folder =
		write !== undefined && (/[/\\]$/.test(write) || statSync(write, { throwIfNoEntry: false })?.isDirectory());
	if (write !== undefined && !folder) {
		if (several)
			throw new UsageError(`-w ${write} is one file for several pods`, 'A folder ends in a slash: -w NAME/.');
		if (!existsSync(dirname(write)))
			throw new UserError(`the folder of -w ${printableLine(write)} is not there`, 'mkdir makes it; -w NAME/ would.');
		return checked({ to: 'file', path: write, replaces: overwrite });
	}
	const safe = Object.fromEntries(Object.entries(words).map(([key, word]) => [key, fileWord(word)]));
	const filled = template === undefined ? fileWord(fallback) || 'artefact' : fillTemplate(template, safe);
	if (folder && !existsSync(write)) makeFolder(write);
	const named = template !== undefined && keysOf(template).includes('pod');
	const name = several && !named ? `${safe.pod}-${filled}` : filled;
	return checked({ to: 'file', path: folder ? join(write, name) : name, replaces: overwrite });
}

/** @throws UserError where it cannot be made */
function makeFolder(path: string): void {
	try {
		mkdirSync(path, { recursive: true });
	} catch (error) {
		throw new UserError(`${printableLine(path)} cannot be made: ${(error as NodeJS.ErrnoException).code}`);
	}
}

/** @throws UserError where something is there that may not be replaced */
function checked(place: Place & { to: 'file' }): Place {
	if (!place.replaces && existsSync(place.path)) throw new IsThere(place.path);
	return place;
}

/** The name under which it is written until it is whole: another for each run. */
export function partOf(path: string): string {
	return `${path}.${randomBytes(3).toString('hex')}.part`;
}

/** Make a file that nobody has made. @throws UserError */
export function createPart(part: string): number {
	try {
		return openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
	} catch (error) {
		throw new UserError(
			`${printableLine(part)} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
			undefined,
			{
				cause: error,
			},
		);
	}
}

/** Give a whole file its name. @throws UserError where something came there meanwhile that may not be replaced */
export function publish(part: string, path: string, replaces: boolean): void {
	if (replaces) {
		renameSync(part, path);
		return;
	}
	try {
		// A link fails where a name is taken; a rename would replace it.
		linkSync(part, path);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EEXIST' || existsSync(path)) throw new IsThere(path, part);
		// File systems without hard links.
		renameSync(part, path);
		return;
	}
	rmSync(part);
}

/** The same for a folder, whose name must be free. @throws IsThere */
export function publishFolder(part: string, path: string): string {
	try {
		renameSync(part, path);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw new IsThere(path, part);
		throw new UserError(`${printableLine(path)} cannot be made: ${code}`, `What came is in ${printableLine(part)}.`);
	}
	return path;
}

/** The name of what is not whole, or not what it should be, but may be all there is. */
export function keepIncomplete(part: string, path: string): string {
	let name = `${path}.incomplete`;
	for (let n = 2; existsSync(name); n++) name = `${path}.incomplete-${n}`;
	renameSync(part, name);
	return name;
}

/** A name that is taken. */
export class IsThere extends UserError {
	override readonly name = 'IsThere';
	/** @param kept what came and has no name now */
	constructor(path: string, kept?: string) {
		const where = kept === undefined ? '' : ` What came is in ${printableLine(kept)}.`;
		super(`${printableLine(path)} is there already`, `--overwrite replaces it, -w names another.${where}`);
	}
}

/** The time in a template: local, sortable, without what file systems refuse. */
export function timeWord(now: Date): string {
	const two = (n: number): string => String(n).padStart(2, '0');
	const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
	return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
