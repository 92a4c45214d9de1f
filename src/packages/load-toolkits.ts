import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import { parseYaml } from '../text/yaml.ts';
import { isMapping } from '../toolkit/fields.ts';
import { LARGEST_TEXT, readText } from '../toolkit/scripts.ts';

/** Where a document came from, for messages about it. */
export interface Written {
	/** The file. */
	source: string;
	/** The name of its folder, which the toolkit must have too. */
	folder: string;
	text: string;
}

const WRITTEN = new WeakMap<object, Written>();

/** The file that a document of loadToolkits was read from; undefined for one that was made in another way. */
export function writtenAs(document: unknown): Written | undefined {
	return typeof document === 'object' && document !== null ? WRITTEN.get(document) : undefined;
}

/**
 * What the host gives to a `toolkits` hook: the documents of a folder of `NAME/toolkit.yaml` folders, with the scripts
 * that they name put inline, so that the package's folder is not needed any more.
 * @param folder a file URL, or a path from the package's folder
 * @param root the package's folder
 * @param spoilt gets a UserError naming the file, for one that is no YAML or cannot be read; it is left out. What is in
 * the others is checked elsewhere
 * @throws UserError when the folder cannot be read
 */
export async function loadToolkits(
	folder: string | URL,
	root: string,
	spoilt: (error: UserError) => void,
): Promise<unknown[]> {
	const path = folder instanceof URL || folder.startsWith('file:') ? fileURLToPath(folder) : resolve(root, folder);
	const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
		throw new UserError(`the folder of toolkits ${path} cannot be read: ${error.code}`, undefined, { cause: error });
	});
	const documents: unknown[] = [];
	for (const name of names.sort()) {
		const file = join(path, name, 'toolkit.yaml');
		if (!(await stat(file).catch(() => undefined))?.isFile()) continue;
		try {
			documents.push(await readDocument(join(path, name), file));
		} catch (error) {
			if (!(error instanceof UserError)) throw error;
			spoilt(error);
		}
	}
	return documents;
}

async function readDocument(folder: string, file: string): Promise<unknown> {
	const text = await readWithin(folder, file);
	const value = await parseYaml(text, file);
	if (!isMapping(value)) throw new UserError(`${file} must be a mapping`);
	const files = { ...(isMapping(value.files) ? value.files : {}) };
	for (const script of namedScripts(value)) {
		const path = join(folder, script);
		// One that is missing or no path below is told where the document is checked.
		if (Object.hasOwn(files, script) || !path.startsWith(folder + sep)) continue;
		if (await lstat(path).catch(() => undefined)) files[script] = await readWithin(folder, path);
	}
	const document = Object.keys(files).length > 0 ? { ...value, files } : value;
	WRITTEN.set(document, { source: file, folder: basename(folder), text });
	return document;
}

/** The scripts that a document names, of whatever else it may be made. */
function namedScripts({ helpers, recipes }: Record<string, unknown>): string[] {
	const bodies = isMapping(recipes) ? Object.values(recipes).filter(isMapping) : [];
	const named = [
		...(Array.isArray(helpers) ? helpers : []),
		...bodies.flatMap(({ script, preflight }) => [script, preflight]),
	];
	return [...new Set(named.filter((path): path is string => typeof path === 'string' && path !== ''))];
}

/** The text of a file, wherever links lead, as long as they stay in the folder. */
async function readWithin(folder: string, file: string): Promise<string> {
	const [top, real] = await Promise.all([realpath(folder), realpath(file).catch(() => file)]);
	if (!real.startsWith(top + sep)) throw new UserError(`${file} is a link that leads out of its folder, to ${real}`);
	const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }));
	if (!isFile) throw new UserError(`${file} is no regular file`);
	if (size > LARGEST_TEXT) throw new UserError(`${file} is too large: ${LARGEST_TEXT / 1024} KiB is the most`);
	const read = readText(await readFile(real));
	if ('wrong' in read) throw new UserError(`${file} ${read.wrong}`);
	return read.text;
}
