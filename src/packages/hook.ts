import { existsSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { contained } from './contain.ts';
import { shareHost } from './host.ts';
import { loadToolkits } from './load-toolkits.ts';

const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.ts'];

/**
 * What the `toolkits` hooks of a package give, not checked.
 * @param root the package's folder
 * @param hooks what its package.json says: a path, or what oclif takes besides
 * @param spoilt gets what is wrong with a single file of a toolkit
 * @throws whatever the package's code throws, and Error for a hook that is none or gives what is none
 */
export async function askToolkits(
	root: string,
	hooks: unknown,
	spoilt: (error: UserError) => void,
): Promise<unknown[]> {
	const documents: unknown[] = [];
	for (const hook of Array.isArray(hooks) ? hooks : [hooks]) {
		const { target, identifier = 'default' }: Record<string, unknown> = isMapping(hook) ? hook : { target: hook };
		if (typeof target !== 'string' || typeof identifier !== 'string')
			throw new Error('its package.json names no file for it');
		const file = moduleAt(root, target);
		await shareHost();
		const given = await contained(async () => {
			const run = hookOf((await import(pathToFileURL(file).href)) as Record<string, unknown>, identifier);
			if (!run) throw new Error(`${target} exports no function`);
			return run({ loadToolkits: (folder: string | URL) => loadToolkits(folder, root, spoilt) });
		});
		const list = isMapping(given) ? [given] : given;
		if (!Array.isArray(list) || !list.every(isMapping))
			throw new Error(`it gave ${sayWhat(list)}; a list of toolkits is expected`);
		documents.push(...list);
	}
	return documents;
}

/** @throws Error when there is none */
function moduleAt(root: string, target: string): string {
	const path = join(root, target);
	if (!path.startsWith(root + sep)) throw new Error(`${target} is not in the package`);
	const ending = EXTENSIONS.find((end) => existsSync(path + end) && statSync(path + end).isFile());
	if (ending === undefined) throw new Error(`there is no ${target} in the package`);
	return path + ending;
}

/** As oclif looks for it; CommonJS stands in `default` once more. */
function hookOf(module: Record<string, unknown>, identifier: string): ((options: object) => unknown) | undefined {
	const inner = isMapping(module.default) ? module.default : {};
	const named = [module[identifier], inner[identifier]];
	const any = identifier === 'default' ? [...Object.values(module), ...Object.values(inner)] : [];
	return [...named, ...any].find((value) => typeof value === 'function') as ((options: object) => unknown) | undefined;
}

function sayWhat(value: unknown): string {
	if (Array.isArray(value)) return `a list with ${sayWhat(value.find((one) => !isMapping(one)))} in it`;
	return value === undefined || value === null ? 'nothing' : `a ${typeof value}`;
}
