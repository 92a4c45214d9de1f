import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError, UserError } from '../errors.ts';

/** What `plugins install` was asked for. */
export type Asked =
	/** A package of the registry, and a version, range or tag of it. */
	| { name: string; range: string }
	/** The absolute path of an archive that `npm pack` made. */
	| { file: string };

/** What the registry takes as names, scope included. */
const NAME = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/;

/** Whether it is the name of an npm package: with its scope, one folder in another at most. */
export function isPackageName(name: string): boolean {
	return NAME.test(name) && name.length <= 214;
}

/** Versions, ranges and tags; no addresses, paths or aliases, which a registry's range can be too. */
const RANGE = /^[\w.^~<>=|*+ -]+$/;

/** From the root, from here, or a file that looks like an archive; no address. */
const PATH = /^\.{0,2}\/|^\.{1,2}$|^[A-Za-z]:\\|^[^:]+\.(tgz|tar\.gz)$/;

/**
 * The word behind `plugins install` → what is meant: a path names a file, everything else is a package of the registry.
 * @throws UsageError for what is neither, UserError for a file that is not there or a folder
 */
export async function readAsked(word: string, folder: string): Promise<Asked> {
	if (PATH.test(word)) return { file: await archiveAt(resolve(folder, word)) };
	const at = word.indexOf('@', 1);
	const name = at < 0 ? word : word.slice(0, at);
	const range = at < 0 ? 'latest' : word.slice(at + 1);
	if (isPackageName(name) && RANGE.test(range)) return { name, range };
	throw new UsageError(
		`"${word}" is neither the name of a package nor a .tgz`,
		'plugins install takes NAME, NAME@VERSION or the path of a file that npm pack made.',
	);
}

async function archiveAt(file: string): Promise<string> {
	const found = await stat(file).catch(() => undefined);
	if (found?.isFile()) return file;
	if (found?.isDirectory())
		throw new UserError(`${file} is a folder`, `kubectl ephemeral plugins link ${file} uses it as it stands.`);
	throw new UserError(`${file} cannot be read: no such file`);
}
