import { readFileSync } from 'node:fs';
import { scriptPaths } from '../toolkit/scripts.ts';
import { readBox } from './builtin.ts';

/**
 * The texts of what is in the box, by document and by path: `toolkit.yaml` and the scripts that it names. Compiled in like
 * the documents, but apart from them: most runs need none.
 */
export async function readBoxTexts(): Promise<Record<string, Record<string, string>>> {
	const box = await readBox();
	return Object.fromEntries(
		box.map((parsed) => {
			const set = parsed.kind === 'Toolkit' ? parsed.toolkit : parsed.set;
			const read = (path: string): string =>
				readFileSync(new URL(`../../plugins/${set.name}/${path}`, import.meta.url), 'utf8');
			const scripts = scriptPaths(set).filter((path) => !Object.hasOwn(parsed.inline, path));
			return [set.name, Object.fromEntries(['toolkit.yaml', ...scripts].map((path) => [path, read(path)]))];
		}),
	);
}
