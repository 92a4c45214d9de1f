import { readdirSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { boxSource } from './box.ts';
import { type Claim, settle } from './claims.ts';
import { DOCUMENT, readFolder } from './folder.ts';
import { toolkitOf } from './includes.ts';
import { openParsedCache, type ParsedCache } from './parsed-cache.ts';
import { type OurPaths, ourPaths } from './paths.ts';
import type { Source } from './source.ts';

/** All toolkits known in this run, and what of them could not be used. */
export interface Catalogue {
	/** By name. */
	toolkits: SourcedToolkit[];
	/** One sentence each, naming file, line and key. */
	problems: string[];
	/** Names that stand for no toolkit because of a problem, with the error that whoever uses them is given. */
	disabled: ReadonlyMap<string, UserError>;
	/** Those of them that are not about one document: about places, and names that come twice. */
	general: string[];
	/** Where all of them came from. */
	sources: Source[];
}

/**
 * The catalogue of this run, out of all sources: the box, extension packages, the team's folders and its ConfigMap as it
 * was synced, the user's own folder. Scripts are not read here. Never fails: what is wrong is a problem of its own.
 * @param version of the program, for the cache
 */
export async function openCatalogue(env: NodeJS.ProcessEnv, version: string): Promise<Catalogue> {
	const paths = ourPaths(env);
	const cache = openParsedCache(paths.parsed, version);
	const sources = await readSources(env, paths, cache);
	cache.save();
	const [box] = sources;
	const claims: Claim[] = [];
	const problems: string[] = [];
	for (const source of sources) {
		problems.push(...source.problems);
		for (const entry of source.entries) {
			const { name, document } = entry;
			if (document?.kind === 'Recipes') continue;
			const made = document ? await toolkitOf(source, entry, document, box) : entry.problem;
			if (made instanceof UserError) {
				problems.push(made.message);
				claims.push({ name, source, file: entry.file, problem: made });
			} else if (made) claims.push({ name, source, file: made.source, toolkit: made });
		}
	}
	const settled = await settle(claims, paths);
	const general = [...sources.flatMap((source) => source.problems), ...settled.problems];
	return { ...settled, problems: [...problems, ...settled.problems], general, sources };
}

/** The box first, the user's own last. */
async function readSources(env: NodeJS.ProcessEnv, paths: OurPaths, cache: ParsedCache): Promise<Source[]> {
	const sources = [await boxSource()];
	// What of all that can be there is there; without the folder, this is all that is looked for.
	const there = new Set(namesIn(paths.home));
	if (there.has('packages.json')) {
		const { packageSource } = await import('./packaged.ts');
		const { readPackages } = await import('../packages/read.ts');
		const given = await readPackages({ index: paths.packages, folder: paths.packagesFolder });
		sources.push(...(await Promise.all(given.map(packageSource))));
	}
	for (const folder of foldersNamed(env.KUBECTL_EPHEMERAL_PATH)) {
		if (folder === paths.toolkits) continue;
		const source = await readFolder(folder, { kind: 'team', trust: 'named' }, cache);
		source.problems = source.problems.map((problem) => `KUBECTL_EPHEMERAL_PATH: ${problem}`);
		if (isToolkit(folder))
			source.problems.push(`KUBECTL_EPHEMERAL_PATH: ${folder} is a toolkit itself; name the folder that it is in`);
		sources.push(source);
	}
	if (there.has('synced.json')) {
		const { readSynced } = await import('./synced.ts');
		const source = await readSynced(paths, cache);
		if (source) sources.push(source);
	}
	if (there.has('toolkits')) sources.push(await readFolder(paths.toolkits, { kind: 'user', trust: 'own' }, cache));
	return sources;
}

/** The folders of a list separated as PATH is on this platform; an empty one is none, and not the current one. */
function foldersNamed(list: string | undefined): string[] {
	const folders = (list ?? '').split(delimiter).filter((folder) => folder !== '');
	return [...new Set(folders.map((folder) => resolve(folder)))];
}

function isToolkit(folder: string): boolean {
	try {
		return statSync(join(folder, DOCUMENT), { throwIfNoEntry: false }) !== undefined;
	} catch {
		return false;
	}
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
