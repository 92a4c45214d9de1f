import { type BigIntStats, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { LARGEST_TEXT, scriptPaths } from '../toolkit/scripts.ts';
import type { SourceKind, TrustRule } from '../toolkit/toolkit.ts';
import { brokenEntry, entryOf } from './entry.ts';
import type { Place } from './inspect.ts';
import { isFresh, type ParsedCache, stateOf } from './parsed-cache.ts';
import { FileTrouble, isOwn, NOWHERE, readRegular, troubleOf } from './read-file.ts';
import { type Entry, type Source, setOf } from './source.ts';

/** The file that makes a folder a toolkit. */
export const DOCUMENT = 'toolkit.yaml';

/**
 * The toolkits of a folder of `NAME/toolkit.yaml` folders; what is hidden, and folders without that file, are no toolkits.
 */
export async function readFolder(
	folder: string,
	source: { kind: SourceKind; trust: TrustRule },
	cache: ParsedCache,
): Promise<Source> {
	const found: Source = { ...source, name: folder, entries: [], problems: [] };
	let names: string[];
	try {
		names = foldersIn(folder);
	} catch (error) {
		const isFile = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
		found.problems.push(`${folder} ${isFile ? 'is no folder' : sayTrouble(error)}`);
		return found;
	}
	for (const name of names) {
		const entry = await readEntry(folder, name, source.trust, cache);
		if (entry) found.entries.push(entry);
	}
	return found;
}

/** The names of what in a folder may be a toolkit's, by name: folders, and links to folders. @throws the file system's error */
function foldersIn(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true })
		.filter(({ name }) => !name.startsWith('.'))
		.filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && !isFile(join(folder, entry.name))))
		.map(({ name }) => name)
		.sort();
}

/** Whether a link leads to a file; one that leads nowhere is told where the toolkit is looked for. */
function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

/** The document and the scripts of one folder; none of them is read from outside of it. */
export function placeOf(folder: string, name: string): Place {
	const at = join(folder, name);
	const read = (path: string): { bytes: Uint8Array; file: string } => {
		const file = join(at, path);
		try {
			return { file, bytes: readRegular(file, LARGEST_TEXT, realpathSync(at)).bytes };
		} catch (error) {
			throw troubleOf(error);
		}
	};
	return { name, file: join(at, DOCUMENT), document: () => read(DOCUMENT), script: read };
}

async function readEntry(
	folder: string,
	name: string,
	trust: TrustRule,
	cache: ParsedCache,
): Promise<Entry | undefined> {
	const place = placeOf(folder, name);
	let stat: BigIntStats | undefined;
	try {
		stat = statSync(place.file, { bigint: true, throwIfNoEntry: false });
		if (!stat) return withoutDocument(join(folder, name), place);
	} catch (error) {
		return brokenEntry(place, `${place.file}: ${sayTrouble(error)}`);
	}
	const held = { key: `${place.file} ${name}`, state: stateOf(stat), settled: !isFresh(stat) };
	return entryOf(place, held, cache, (document) =>
		trust === 'own' ? writableBy(folder, join(folder, name), [DOCUMENT, ...scriptPaths(setOf(document))]) : undefined,
	);
}

/** Why a folder without a document is one that should have it; undefined: it should not. @throws the file system's error */
function withoutDocument(at: string, place: Place): Entry | undefined {
	const broken = (file: string, message: string): Entry => {
		const document = (): never => {
			throw new FileTrouble(message);
		};
		return brokenEntry({ ...place, file, document }, `${file}: ${message}`);
	};
	if (!statSync(at, { throwIfNoEntry: false })) return broken(at, NOWHERE);
	if (lstatSync(place.file, { throwIfNoEntry: false })) return broken(place.file, NOWHERE);
	const other = join(at, 'toolkit.yml');
	return statSync(other, { throwIfNoEntry: false }) && broken(other, `must be called ${DOCUMENT}`);
}

/**
 * The first of the files that make a toolkit, and of the folders on the way to them, that others may write: the user's
 * folder, the toolkit's own, and what is between it and its files. What a link leads to elsewhere is as safe as the whole
 * way there.
 */
function writableBy(folder: string, at: string, files: string[]): string | undefined {
	const config = realpathSync(dirname(folder));
	const home = realpathSync(folder);
	const real = realpathSync(at);
	const inside = files.flatMap((file) => {
		const target = realpathSync(join(at, file));
		return [...waysTo(target).filter((way) => way.startsWith(real + sep)), target];
	});
	const must = [config, home, real, ...inside];
	const way = [...(dirname(home) === config ? [] : waysTo(home)), ...(dirname(real) === home ? [] : waysTo(real))];
	// In a sticky folder on the way (/tmp) nobody can put another in the place of what is not theirs.
	return must.find((path) => !isOwn(lstatSync(path))) ?? way.find((path) => !isOwn(withoutSticky(lstatSync(path))));
}

function withoutSticky({ uid, mode }: { uid: number; mode: number }): { uid: number; mode: number } {
	return { uid, mode: mode & 0o1000 ? 0 : mode };
}

/** The folders that a path is in, the innermost first. */
function waysTo(path: string): string[] {
	const up = dirname(path);
	return up === path ? [] : [up, ...waysTo(up)];
}

function sayTrouble(error: unknown): string {
	const trouble = troubleOf(error);
	return trouble instanceof Error ? trouble.message : String(trouble);
}
