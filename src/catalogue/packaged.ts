import { UserError } from '../errors.ts';
import type { PackageToolkits } from '../packages/index-file.ts';
import { isMapping } from '../toolkit/fields.ts';
import { brokenEntry } from './entry.ts';
import { inspect, inspectScripts, type Place, sayFinding } from './inspect.ts';
import { FileTrouble } from './read-file.ts';
import { type Entry, once, type Source, setOf } from './source.ts';

/** The part that is the document itself: a package has no text of it. */
export const VALUE = 'toolkit.json';

/** The toolkits that an extension package gives. */
export async function packageSource({ name, version, documents, problem }: PackageToolkits): Promise<Source> {
	const file = version === '' ? name : `${name} ${version}`;
	const entries = await Promise.all(documents.map((document) => entryOf(document, file)));
	const problems = problem === undefined ? [] : [problem];
	return { kind: 'package', name, trust: 'digest', entries, problems };
}

async function entryOf(value: unknown, file: string): Promise<Entry> {
	const name = isMapping(value) && typeof value.name === 'string' ? value.name : '';
	const place: Place = {
		name,
		file: name === '' ? file : `${file}, toolkit ${name}`,
		document: () => ({ value }),
		script: () => {
			throw new FileTrouble('does not stand under files, where those of a package are');
		},
	};
	const { parsed, findings } = await inspect(place);
	if (!parsed || !isMapping(value)) return brokenEntry(place, findings[0] ? sayFinding(findings[0]) : file);
	const { inline, ...document } = parsed;
	if (Object.hasOwn(inline, VALUE)) return brokenEntry(place, `${file}: files.${VALUE} may not be called so`);
	const contents = once(async () => {
		const { scripts, findings: wrong } = inspectScripts(place, setOf(document), inline, '');
		if (wrong[0]) throw new UserError(sayFinding(wrong[0]));
		// As it came: the order of inputs has a meaning.
		const { files: _, ...rest } = value;
		return { scripts, parts: { ...inline, [VALUE]: `${JSON.stringify(rest, null, 2)}\n` } };
	});
	return { name, file: place.file, document, contents, place: async () => place };
}
