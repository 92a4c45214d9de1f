import { readdirSync, readFileSync } from 'node:fs';
import { parseToolkit } from './parse.ts';
import type { SourcedToolkit } from './toolkit.ts';

/**
 * The toolkits in the box: read from the folder plugins/, or, in the built program, compiled in by the build, which
 * replaces this module (bin/build.ts).
 * @throws UserError when one is wrong
 */
export async function builtinToolkits(): Promise<SourcedToolkit[]> {
	const folder = new URL('../../plugins/', import.meta.url);
	const names = readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.sort((a, b) => (a.name < b.name ? -1 : 1));
	return Promise.all(
		names.map(async ({ name }) => {
			const text = readFileSync(new URL(`${name}/toolkit.yaml`, folder), 'utf8');
			return { toolkit: await parseToolkit(text, `plugins/${name}/toolkit.yaml`, name), source: 'built-in' };
		}),
	);
}
