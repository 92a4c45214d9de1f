import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Parsed, parseToolkit } from '../toolkit/parse.ts';

const FOLDER = new URL('../../plugins/', import.meta.url);

/**
 * What is in the box: the toolkits and sets of recipes of the folder plugins/. In the built program they are compiled in by
 * the build, which replaces this module (bin/build.ts).
 * @throws UserError when one is wrong
 */
export async function readBox(): Promise<Parsed[]> {
	const names = readdirSync(FOLDER, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/toolkit.yaml`, FOLDER)))
		.map(({ name }) => name)
		.sort();
	return Promise.all(
		names.map((name) => {
			const path = `${name}/toolkit.yaml`;
			return parseToolkit(readFileSync(new URL(path, FOLDER), 'utf8'), `plugins/${path}`, name);
		}),
	);
}
