import { UserError } from '../errors.ts';
import { lineOfKey } from '../text/yaml.ts';
import { includeSets, type SourcedSet } from '../toolkit/include.ts';
import type { Contents, SourcedToolkit } from '../toolkit/toolkit.ts';
import { type Finding, sayFinding } from './inspect.ts';
import type { Document, Entry, Source } from './source.ts';

/** The sets of recipes that a source's toolkits may include: its own, and of the box what it has none of that name for. */
export function setsFor(source: Source, box: Source | undefined): Map<string, Entry> {
	const sets = new Map<string, Entry>();
	for (const { entries } of box && box !== source ? [box, source] : [source])
		for (const entry of entries) if (entry.document?.kind === 'Recipes' || entry.problem) sets.set(entry.name, entry);
	return sets;
}

/** What is wrong with the sets that a toolkit includes. */
export async function includeFindings(
	entry: Entry,
	include: readonly string[],
	sets: ReadonlyMap<string, Entry>,
): Promise<Finding[]> {
	const findings: Finding[] = [];
	for (const name of include) {
		const set = sets.get(name);
		if (set?.document) continue;
		const why = set ? 'which is wrong itself' : 'which is no set of recipes of its source or the box';
		const line = await lineOf(entry, ['include']);
		findings.push({ file: entry.file, ...(line && { line }), key: 'include', text: `names ${name}, ${why}` });
	}
	return findings;
}

/**
 * A toolkit with what it includes.
 * @returns the error instead, where a set is missing
 */
export async function toolkitOf(
	source: Source,
	entry: Entry,
	document: Extract<Document, { kind: 'Toolkit' }>,
	box: Source | undefined,
): Promise<SourcedToolkit | UserError> {
	const { include } = document.toolkit;
	const sets = include.length > 0 ? setsFor(source, box) : new Map<string, Entry>();
	const [finding] = await includeFindings(entry, include, sets);
	if (finding) return new UserError(sayFinding(finding));
	const included = include.flatMap((name) => sets.get(name) ?? []);
	const sourced = new Map<string, SourcedSet>();
	for (const { name, document: set, contents } of included)
		if (set?.kind === 'Recipes') sourced.set(name, { set: set.set, scripts: async () => (await contents()).scripts });
	const { toolkit, scripts } = includeSets(
		document.toolkit,
		async () => ({ ...(await entry.contents()).scripts }),
		sourced,
	);
	const own = included.filter((set) => source.entries.includes(set));
	return {
		toolkit,
		kind: source.kind,
		source: source.kind === 'built-in' ? source.name : entry.file,
		origin: source.name,
		trust: source.trust,
		scripts,
		contents: () => together(entry, own),
	};
}

/** What a toolkit and the sets of its own source consist of. */
async function together(entry: Entry, sets: Entry[]): Promise<Contents> {
	const { parts, writable } = await entry.contents();
	const all = { ...parts };
	let by = writable;
	for (const set of sets) {
		const included = await set.contents();
		by ??= included.writable;
		for (const [path, text] of Object.entries(included.parts)) all[`../${set.name}/${path}`] = text;
	}
	return { parts: all, ...(by !== undefined && { writable: by }) };
}

async function lineOf(entry: Entry, path: string[]): Promise<number | undefined> {
	try {
		const document = (await entry.place()).document();
		return 'bytes' in document ? lineOfKey(Buffer.from(document.bytes).toString(), path) : undefined;
	} catch {
		return undefined;
	}
}
