import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { lineOfKey } from '../text/yaml.ts';
import type { Toolkit } from '../toolkit/toolkit.ts';
import { boxSource } from './box.ts';
import { DOCUMENT, readFolder } from './folder.ts';
import { includeFindings, setsFor } from './includes.ts';
import { type Finding, inspect, inspectScripts } from './inspect.ts';
import { NO_CACHE } from './parsed-cache.ts';
import { type Entry, type Source, setOf } from './source.ts';

/** What a check came to. */
export interface Checked {
	/** The documents looked at, as they are called in findings. */
	files: string[];
	findings: Finding[];
	/** Whether there was a sh to look at scripts with. */
	syntax: boolean;
}

/** Milliseconds that sh may take to read one script. */
const PATIENCE = 10_000;

/**
 * A folder with a toolkit, or with folders of toolkits.
 * @throws UserError where it is neither
 */
export async function checkFolder(path: string): Promise<Checked> {
	const folder = resolve(path);
	const one = existsSync(join(folder, DOCUMENT));
	const source = await readFolder(one ? dirname(folder) : folder, { kind: 'team', trust: 'named' }, NO_CACHE);
	const [problem] = source.problems;
	if (problem !== undefined) throw new UserError(problem);
	const entries = source.entries.filter(({ name }) => !one || name === basename(folder));
	if (entries.length === 0)
		throw new UserError(`${path} is no toolkit and holds none`, `A toolkit is a folder with a ${DOCUMENT}.`);
	return checkEntries([{ source, entries }], await boxSource());
}

/** Everything in these sources. */
export async function checkSources(sources: readonly Source[]): Promise<Checked> {
	return checkEntries(
		sources.map((source) => ({ source, entries: source.entries })),
		sources[0],
	);
}

/** One document with its scripts and what it includes, as it stands there now. */
export async function checkEntry(entry: Entry, sets: ReadonlyMap<string, Entry>): Promise<Finding[]> {
	const place = await entry.place();
	const { text, parsed, findings } = await inspect(place);
	if (!parsed) return findings;
	const set = setOf(parsed);
	const { scripts, findings: wrong } = inspectScripts(place, set, parsed.inline, text);
	const include = parsed.kind === 'Toolkit' ? await includeFindings(entry, parsed.toolkit.include, sets) : [];
	const bodies = linesOfSh(set as Toolkit).map(({ path, body }) => {
		const line = lineOfKey(text, path);
		return readBySh(body, { file: entry.file, ...(line !== undefined && { line }), key: path.join('.') });
	});
	const files = Object.entries(scripts).map(([path, body]) => {
		if (!Object.hasOwn(parsed.inline, path)) return readBySh(body, { file: join(dirname(entry.file), path) });
		return readBySh(body, { file: entry.file, key: `files.${path}` });
	});
	return [...include, ...wrong, ...[...bodies, ...files].flatMap((finding) => finding ?? [])];
}

async function checkEntries(all: { source: Source; entries: Entry[] }[], box: Source | undefined): Promise<Checked> {
	const checked: Checked = { files: [], findings: [], syntax: readsSh() };
	for (const { source, entries } of all) {
		const sets = setsFor(source, box);
		for (const entry of entries) {
			checked.files.push(entry.file);
			checked.findings.push(...(await checkEntry(entry, sets)));
		}
	}
	return checked;
}

/** The lines of sh that stand in a document. */
function linesOfSh({ recipes, test }: Toolkit): { path: string[]; body: string }[] {
	return [
		...recipes.flatMap(({ name, body, test: own }) => [
			...('run' in body ? [{ path: ['recipes', name, 'run'], body: body.run }] : []),
			...(own === undefined ? [] : [{ path: ['recipes', name, 'test', 'run'], body: own }]),
		]),
		...(test === undefined ? [] : [{ path: ['test', 'run'], body: test }]),
	];
}

/** What sh finds wrong with the syntax of a script; it runs nothing of it. */
function readBySh(script: string, where: Omit<Finding, 'text'>): Finding | undefined {
	const { status, stderr } = spawnSync('sh', ['-n'], {
		input: script,
		env: { PATH: process.env.PATH, LC_ALL: 'C' },
		encoding: 'utf8',
		timeout: PATIENCE,
	});
	if (status === 0 || status === null || stderr === null) return undefined;
	const [, line, why] = /^[^:\n]*: (?:line )?(?:(\d+): )?(.*)$/m.exec(stderr) ?? [];
	const at = where.line === undefined && line !== undefined ? { line: Number(line) } : {};
	return { ...where, ...at, text: `is not what sh takes: ${why ?? `it ends with ${status}`}` };
}

function readsSh(): boolean {
	return spawnSync('sh', ['-n'], { input: '', env: { PATH: process.env.PATH } }).status === 0;
}
