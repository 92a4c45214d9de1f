import { readBox } from './builtin.ts';
import type { Place } from './inspect.ts';
import { FileTrouble } from './read-file.ts';
import { once, type Source, setOf } from './source.ts';

/** What came with the program. */
export async function boxSource(): Promise<Source> {
	const box = await readBox();
	const texts = once(async () => (await import('./builtin-texts.ts')).readBoxTexts());
	const entries = box.map(({ inline, ...document }) => {
		const { name } = setOf(document);
		const file = `plugins/${name}/toolkit.yaml`;
		return {
			name,
			file,
			document,
			place: async () => placeOfParts(name, file, (await texts())[name] ?? {}),
			contents: once(async () => {
				const parts = (await texts())[name] ?? {};
				const { 'toolkit.yaml': _, ...scripts } = parts;
				return { parts, scripts: { ...inline, ...scripts } };
			}),
		};
	});
	return { kind: 'built-in', name: 'built-in', trust: 'none', entries, problems: [] };
}

/** The place of a document whose texts are all at hand. */
function placeOfParts(name: string, file: string, parts: Record<string, string>): Place {
	const text = (path: string): Uint8Array => {
		const found = Object.hasOwn(parts, path) ? parts[path] : undefined;
		if (found === undefined) throw new FileTrouble('does not exist');
		return Buffer.from(found);
	};
	return {
		name,
		file,
		document: () => ({ bytes: text('toolkit.yaml') }),
		script: (path) => ({ bytes: text(path), file: `plugins/${name}/${path}` }),
	};
}
