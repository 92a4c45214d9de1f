import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UserError } from '../errors.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import type { Asked } from './asked.ts';
import { type PackageFacts, readFacts } from './facts.ts';
import { fetchPackage } from './fetch.ts';
import { askToolkits } from './hook.ts';
import {
	changeIndex,
	damagedIndex,
	type InstalledPackage,
	type Origin,
	type PackagePaths,
	readIndex,
} from './index-file.ts';
import { isAlive } from './lock.ts';
import { idsOf, type OwnToolkit, sayId, whyNot } from './names.ts';
import { listCommands } from './oclif.ts';
import { sayHook } from './read.ts';
import { takeSnapshot } from './snapshot.ts';

/** What surrounds an installation. */
export interface Surroundings {
	paths: PackagePaths;
	/** Those of the catalogue, whose names no command may take. */
	toolkits: readonly SourcedToolkit[];
	/** Gets what the package manager said, line by line. */
	log(line: string): void;
}

/** What an installation came to. */
export interface Installation {
	now: InstalledPackage;
	/** What was there of this name. */
	before?: InstalledPackage;
	/** Whether that is something else now. */
	changed: boolean;
}

/**
 * Install a package beside what is there, or instead of what there is of its name. What fails changes nothing: it happens
 * in a folder of its own, and counts when the index names it.
 * @param expected what it must be called
 * @throws UserError for a package that cannot be had, is none of ours, or would take a name
 */
export async function installPackage(
	asked: Asked,
	around: Surroundings,
	expected = 'name' in asked ? asked.name : undefined,
): Promise<Installation> {
	const { paths, log } = around;
	await checkIndex(paths);
	await mkdir(paths.folder, { recursive: true });
	const fresh = await realpath(await mkdtemp(join(paths.folder, `.new-${process.pid}-`)));
	try {
		const { root, integrity } = await fetchPackage(asked, fresh, log);
		const from: Origin = 'file' in asked ? { file: asked.file } : { registry: asked.range };
		const what = 'file' in asked ? asked.file : `${asked.name}@${asked.range}`;
		const facts = await readFacts(root, what);
		if (expected !== undefined && facts.name !== expected)
			throw new UserError(`${what} is the package ${facts.name}, and not ${expected}`);
		const label = `${facts.name} ${facts.version}`;
		const found = await inspect(root, facts, label);
		const folder = `${facts.name.replace('/', '+')}@${facts.version}-${randomBytes(4).toString('hex')}`;
		const { name, version } = facts;
		return await commit({ name, version, integrity, from, folder, ...found }, found.documents, around, () =>
			rename(fresh, join(paths.folder, folder)),
		);
	} finally {
		await rm(fresh, { recursive: true, force: true });
	}
}

/**
 * Use the package in an author's folder as it stands there.
 * @param root an absolute path
 * @throws UserError as installPackage does
 */
export async function linkPackage(root: string, around: Surroundings): Promise<Installation> {
	await checkIndex(around.paths);
	const facts = await readFacts(root, root);
	const { documents, toolkits, commands } = await inspect(root, facts, root);
	const { name, version } = facts;
	const entry = { name, version, integrity: '', from: { link: root }, folder: '', documents: [], toolkits, commands };
	return commit(entry, documents, around, async () => {});
}

/**
 * Ask again for what was asked for: the newest version in the range, the archive as it is now, the folder as it is now.
 * @throws UserError as installPackage does, and for an archive that is gone
 */
export async function updatePackage(one: InstalledPackage, around: Surroundings): Promise<Installation> {
	const { name, from } = one;
	if ('link' in from) return linkPackage(from.link, around);
	return installPackage('file' in from ? { file: from.file } : { name, range: from.registry }, around, name);
}

/** @returns what was there */
export async function uninstallPackage(name: string, paths: PackagePaths): Promise<InstalledPackage> {
	let found: InstalledPackage | undefined;
	await changeIndex(
		paths.index,
		(packages) => {
			found = packages.find((one) => one.name === name);
			if (!found)
				throw new UserError(
					`there is no extension package ${name}`,
					packages.length > 0 ? `There are: ${packages.map((one) => one.name).join(', ')}.` : undefined,
				);
			return packages.filter((one) => one !== found);
		},
		(packages) => sweep(paths.folder, packages),
	);
	if (!found) throw new TypeError('a package was taken out and not found');
	return found;
}

async function checkIndex({ index }: PackagePaths): Promise<void> {
	const { problem } = await readIndex(index);
	if (problem !== undefined) throw damagedIndex(problem);
}

/** What a package gives, checked; its code runs here for the only time but when its commands are called. */
async function inspect(
	root: string,
	facts: PackageFacts,
	label: string,
): Promise<Pick<InstalledPackage, 'documents' | 'toolkits' | 'commands'> & { documents: Record<string, unknown>[] }> {
	let documents: Record<string, unknown>[] = [];
	// A file of a linked package is said with its path; of another, where it was fetched to is gone in a moment.
	const say = (text: string): string => {
		const short = label === root ? text : text.replaceAll(root + sep, '');
		return short.includes(label) ? short : `${label}: ${short}`;
	};
	try {
		const spoilt = (error: UserError): never => {
			throw error;
		};
		if (facts.hooks !== undefined) documents = takeSnapshot(await askToolkits(root, facts.hooks, spoilt), label);
	} catch (cause) {
		throw new UserError(say(sayHook(cause, label)), undefined, { cause });
	}
	const toolkits = documents.filter(({ kind }) => kind === 'Toolkit').map(({ name }) => String(name));
	try {
		return { documents, toolkits, commands: await listCommands(root, facts) };
	} catch (cause) {
		const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
		throw new UserError(say(`${label}: its commands cannot be loaded: ${why}`), undefined, { cause });
	}
}

/** Into the index, if its names are free. @param place puts the package where the entry says that it is */
async function commit(
	now: InstalledPackage,
	documents: readonly Record<string, unknown>[],
	{ paths, toolkits }: Surroundings,
	place: () => Promise<void>,
): Promise<Installation> {
	const own = documents.map(({ name, recipes }): OwnToolkit => {
		return { name: String(name), recipes: Object.keys(recipes ?? {}) };
	});
	let before: InstalledPackage | undefined;
	await changeIndex(
		paths.index,
		async (packages) => {
			before = packages.find(({ name }) => name === now.name);
			const others = packages.filter((one) => one !== before);
			const theirs = toolkits.filter(({ origin, kind }) => kind !== 'package' || origin !== now.name);
			for (const id of now.commands.flatMap(idsOf)) {
				const wrong = whyNot(id, { owner: now.name, own }, { toolkits: theirs, packages: others });
				if (wrong !== undefined)
					throw new UserError(`${now.name} ${now.version} cannot be installed: its command "${sayId(id)}" ${wrong}`);
			}
			await place();
			return [...others, now];
		},
		(packages) => sweep(paths.folder, packages),
	);
	const changed = before === undefined || before.version !== now.version || before.integrity !== now.integrity;
	return { now, changed, ...(before && { before }) };
}

/** Remove the folders that no package has: those replaced, and what an installation that was killed left. */
async function sweep(folder: string, packages: readonly InstalledPackage[]): Promise<void> {
	const used = new Set(packages.map((one) => one.folder));
	for (const name of await readdir(folder).catch(() => [])) {
		const [, pid] = /^\.new-(\d+)-/.exec(name) ?? [];
		if (used.has(name) || (pid !== undefined && isAlive(Number(pid)))) continue;
		await rm(join(folder, name), { recursive: true, force: true });
	}
}
