import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readFacts } from './facts.ts';
import { type InstalledPackage, type PackagePaths, type PackageToolkits, readIndex } from './index-file.ts';

/**
 * What the installed packages give. No code of theirs runs but the hook of linked ones, which are their author's.
 * Never fails: what is wrong with one is its own problem.
 */
export async function readPackages(paths: PackagePaths): Promise<PackageToolkits[]> {
	const { packages, problem } = await readIndex(paths.index);
	const given: PackageToolkits[] = problem === undefined ? [] : [{ name: '', version: '', documents: [], problem }];
	for (const one of packages) given.push('link' in one.from ? await readLinked(one, one.from.link) : read(one, paths));
	return given;
}

/** The folder with the package.json of a package. */
export function rootOf({ name, folder, from }: InstalledPackage, paths: PackagePaths): string {
	return 'link' in from ? from.link : join(paths.folder, folder, 'node_modules', name);
}

/** That a package is not where it was put. */
export function goneFrom({ name, version, from }: InstalledPackage, root: string): UserError {
	const again = 'registry' in from ? `${name}@${version}` : 'file' in from ? from.file : undefined;
	return new UserError(
		`the extension package ${name} ${version} is not in ${root} any more`,
		again === undefined
			? `kubectl ephemeral plugins uninstall ${name} forgets it.`
			: `kubectl ephemeral plugins install ${again} brings it back, plugins uninstall ${name} forgets it.`,
	);
}

/** The snapshot is whole without the folder; only the commands are gone with it. */
function read(one: InstalledPackage, paths: PackagePaths): PackageToolkits {
	const { name, version, documents } = one;
	const root = rootOf(one, paths);
	const gone = !existsSync(join(root, 'package.json'));
	return { name, version, documents, ...(gone && { problem: goneFrom(one, root).message }) };
}

async function readLinked(one: InstalledPackage, root: string): Promise<PackageToolkits> {
	const { name, version } = one;
	if (!existsSync(root)) return { name, version, documents: [], problem: goneFrom(one, root).message };
	const { askToolkits } = await import('./hook.ts');
	const { plainDocument } = await import('./snapshot.ts');
	const label = `the extension package ${name}, linked to ${root}`;
	let problem: string | undefined;
	try {
		const { hooks } = await readFacts(root, label);
		if (hooks === undefined) return { name, version, documents: [] };
		const documents = await askToolkits(root, hooks, ({ message }) => {
			problem ??= message;
		});
		return {
			name,
			version,
			documents: documents.map((document) => plainDocument(document, label)),
			...(problem !== undefined && { problem }),
		};
	} catch (error) {
		return { name, version, documents: [], problem: sayHook(error, label) };
	}
}

/** What went wrong in a hook, in one sentence. */
export function sayHook(error: unknown, label: string): string {
	if (error instanceof UserError) return error.message;
	const why = error instanceof Error ? error.message.split('\n')[0] || error.name : String(error);
	return `${label}: its toolkits hook failed: ${why}`;
}
