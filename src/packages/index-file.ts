import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { isPackageName } from './asked.ts';
import { withLock } from './lock.ts';

/** Where extension packages are kept on this machine; the paths are named by the catalogue. */
export interface PackagePaths {
	/** `packages.json`: what is installed, pinned, with a snapshot of what it gives. */
	index: string;
	/** The folder with a folder for each of them. */
	folder: string;
}

/** What an extension package gives to the catalogue and to the program. */
export interface PackageToolkits {
	/** The npm package's; empty where the index itself is damaged. */
	name: string;
	version: string;
	/** Toolkits and sets of recipes, as src/toolkit/document.ts describes them, scripts in `files`. Not checked: data from outside. */
	documents: unknown[];
	/** One sentence that names the package and what is wrong with it; `documents` are what could be had all the same. */
	problem?: string;
}

/** A command of an extension package. */
export interface PackageCommand {
	/** The words, joined by `:`. */
	id: string;
	summary: string;
	hidden: boolean;
	/** Other ids for it. */
	aliases: string[];
}

/** What was asked for when a package was installed: what an update asks for again. */
export type Origin =
	/** A version, range or tag of the registry. */
	| { registry: string }
	/** The absolute path of a .tgz. */
	| { file: string }
	/** The absolute path of an author's folder, used as it stands. */
	| { link: string };

/** An extension package as `packages.json` pins it. */
export interface InstalledPackage {
	name: string;
	version: string;
	/** `sha512-…` of the archive it was installed from, as npm writes it; empty for a link, and where a registry says none. */
	integrity: string;
	from: Origin;
	/** Its name in the folder of packages; empty for a link. */
	folder: string;
	/** What its toolkits hook gave when it was installed; empty for a link, whose hook is asked each time. */
	documents: unknown[];
	/** The names of the toolkits that it gave then. */
	toolkits: string[];
	commands: PackageCommand[];
}

/** What the index holds, and what of it cannot be read. */
export interface Index {
	packages: InstalledPackage[];
	/** One sentence. */
	problem?: string;
}

const VERSION = 1;

/** What is installed; nothing where there is no index. Damage is told, not thrown: it must not break other commands. */
export async function readIndex(file: string): Promise<Index> {
	let text: string;
	try {
		text = await readFile(file, 'utf8');
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return { packages: [] };
		return { packages: [], problem: `the extension packages in ${file} cannot be read: ${code ?? message}` };
	}
	const damaged = (what: string): string => `${file}, which lists the extension packages, is damaged: ${what}`;
	let content: unknown;
	try {
		content = JSON.parse(text);
	} catch {
		return { packages: [], problem: damaged('it is no JSON') };
	}
	if (!isMapping(content) || !Array.isArray(content.packages))
		return { packages: [], problem: damaged('it holds no packages') };
	if (content.version !== VERSION)
		return { packages: [], problem: `${file} was written by a later kubectl ephemeral, which this one cannot read` };
	const packages = content.packages.filter(isInstalled);
	if (packages.length === content.packages.length) return { packages };
	return { packages, problem: damaged('an entry of it is none') };
}

/**
 * Change the index, one process at a time.
 * @param change the packages there are → those there shall be
 * @param after is told what there is now, before another process can change it
 * @throws UserError where the index is damaged: what it held would be lost
 */
export async function changeIndex(
	file: string,
	change: (packages: InstalledPackage[]) => InstalledPackage[] | Promise<InstalledPackage[]>,
	after: (packages: readonly InstalledPackage[]) => Promise<void>,
): Promise<void> {
	await mkdir(dirname(file), { recursive: true });
	await withLock(`${file}.lock`, async () => {
		const { packages, problem } = await readIndex(file);
		if (problem !== undefined) throw damagedIndex(problem);
		const changed = await change(packages);
		const sorted = changed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
		const fresh = `${file}.new`;
		await writeFile(fresh, `${JSON.stringify({ version: VERSION, packages: sorted }, null, '\t')}\n`);
		await rename(fresh, file);
		await after(sorted);
	});
}

/** That the index must be mended before anything is changed. */
export function damagedIndex(problem: string): UserError {
	return new UserError(problem, 'Mend or remove it; what is installed must then be installed anew.');
}

function isInstalled(value: unknown): value is InstalledPackage {
	if (!isMapping(value)) return false;
	const { name, version, integrity, from, folder, documents, toolkits, commands } = value;
	return (
		[version, integrity, folder].every((text) => typeof text === 'string') &&
		// Both are parts of paths: nothing outside the folder of packages is ever removed or run.
		typeof name === 'string' &&
		isPackageName(name) &&
		/^[\w@.+-]*$/.test(String(folder)) &&
		!/^\.{1,2}$/.test(String(folder)) &&
		isMapping(from) &&
		Object.values(from).every((text) => typeof text === 'string') &&
		(folder !== '' || typeof from.link === 'string') &&
		Array.isArray(documents) &&
		areTexts(toolkits) &&
		Array.isArray(commands) &&
		commands.every(isCommand)
	);
}

function isCommand(value: unknown): boolean {
	if (!isMapping(value)) return false;
	const { id, summary, hidden, aliases } = value;
	return typeof id === 'string' && typeof summary === 'string' && typeof hidden === 'boolean' && areTexts(aliases);
}

function areTexts(value: unknown): boolean {
	return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
