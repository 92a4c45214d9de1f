import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { readAsked } from '../packages/asked.ts';
import { damagedIndex, type InstalledPackage, type PackagePaths, readIndex } from '../packages/index-file.ts';
import {
	type Installation,
	installPackage,
	linkPackage,
	type Surroundings,
	uninstallPackage,
	updatePackage,
} from '../packages/install.ts';
import { sayId } from '../packages/names.ts';
import { type Console, openConsole } from '../session/console.ts';
import { nearest } from '../text/nearest.ts';
import { printable } from '../text/printable.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { describeFailure } from './failure.ts';
import { listPackages, sayOrigin } from './packages-list.ts';

/** What the verbs of `plugins` need beside their words. */
export interface PackagesContext {
	paths: PackagePaths;
	toolkits: readonly SourcedToolkit[];
	output: 'json' | 'yaml' | 'name' | undefined;
	quiet: boolean;
	/** `-v=6` or more. */
	verbose: boolean;
}

/** Carry out one of the verbs. @returns the exit code @throws UserError */
export async function runVerb(
	verb: 'install' | 'link' | 'list' | 'update' | 'uninstall',
	words: string[],
	context: PackagesContext,
): Promise<number> {
	const { paths, toolkits, output, quiet, verbose } = context;
	const console = openConsole(quiet);
	const around: Surroundings = {
		paths,
		toolkits,
		log: (line) => void (verbose && process.stderr.write(`${printable(line)}\n`)),
	};
	const [word = ''] = words;
	try {
		if (verb === 'list') await listPackages(paths, toolkits, output);
		else if (verb === 'install') await install(word, around, console);
		else if (verb === 'link') await link(word, around, console);
		else if (verb === 'update') return await update(words, around, console, verbose);
		else await uninstall(words, paths);
		return 0;
	} catch (error) {
		throw sayFiles(error, paths);
	}
}

async function install(word: string, around: Surroundings, console: Console): Promise<void> {
	const asked = await readAsked(word, process.cwd());
	const done = await waitFor(console, `installing ${word}`, installPackage(asked, around));
	const { version, integrity } = done.now;
	say(done, `${version} installed from ${sayOrigin(done.now)}${integrity && ` (${integrity})`}`);
	explain(done, around, console);
}

async function link(word: string, around: Surroundings, console: Console): Promise<void> {
	const done = await linkPackage(resolve(word), around);
	say(done, `${done.now.version} linked to ${sayOrigin(done.now)}`);
	explain(done, around, console);
}

/** One after the other; one that fails does not hold up the others. @returns the exit code */
async function update(names: string[], around: Surroundings, console: Console, verbose: boolean): Promise<number> {
	let code = 0;
	for (const one of await chosen(names, around.paths)) {
		try {
			const done = await waitFor(console, `updating ${one.name}`, updatePackage(one, around));
			say(done, sayUpdate(done));
			if (done.changed) explain(done, around, console);
		} catch (error) {
			process.stderr.write(describeFailure(sayFiles(error, around.paths), verbose));
			code = 1;
		}
	}
	return code;
}

async function uninstall(names: string[], paths: PackagePaths): Promise<void> {
	for (const name of names) {
		const { version } = await uninstallPackage(name, paths);
		process.stdout.write(`${printable(`${name} ${version} uninstalled`)}\n`);
	}
}

/** One line for what is done, and what the package brings. */
function say({ now }: Installation, done: string): void {
	const { name, toolkits, commands } = now;
	const shown = commands.filter(({ hidden }) => !hidden).map(({ id }) => sayId(id));
	const brings = [
		...(toolkits.length > 0 ? [`  toolkits: ${toolkits.join(', ')}`] : []),
		...(shown.length > 0 ? [`  commands: ${shown.join(', ')}`] : []),
	];
	process.stdout.write(`${printable([`${name} ${done}`, ...brings].join('\n'))}\n`);
}

/** What an update came to, the old beside the new. */
function sayUpdate({ now, before, changed }: Installation): string {
	if ('link' in now.from) return `${now.version} was read anew`;
	if (!before || !changed) return `${now.version} is up to date`;
	const same = before.version === now.version ? ', from another archive' : '';
	return `${before.version} → ${now.version}${same} (${now.integrity})`;
}

/** What is to be done before the toolkits that came with it can be used. */
function explain({ now }: Installation, { toolkits }: Surroundings, console: Console): void {
	for (const name of now.toolkits) {
		const twin = toolkits.find(({ toolkit, origin }) => toolkit.name === name && origin !== now.name);
		if (twin)
			console.warn(
				`there is a toolkit ${name} of ${twin.source} too; overrides in the configuration says which counts`,
			);
	}
	if (now.toolkits.length > 0)
		console.say(
			`Toolkits of packages run when they are trusted: kubectl ephemeral toolkits trust ${now.toolkits.join(' ')}`,
		);
}

async function waitFor<T>(console: Console, what: string, work: Promise<T>): Promise<T> {
	const progress = console.wait();
	progress.show(what);
	try {
		return await work;
	} finally {
		await progress.end();
	}
}

/** The installed packages of these names; all where none is named. */
async function chosen(names: string[], { index }: PackagePaths): Promise<InstalledPackage[]> {
	const { packages, problem } = await readIndex(index);
	if (problem !== undefined) throw damagedIndex(problem);
	if (names.length === 0) return packages;
	const known = packages.map((one) => one.name);
	return names.map((name) => {
		const found = packages.find((one) => one.name === name);
		if (found) return found;
		const near = nearest(name, known);
		throw new UserError(`there is no extension package ${name}`, near && `Did you mean ${near}?`);
	});
}

/** A failure of the file system in words. */
function sayFiles(error: unknown, { folder }: PackagePaths): unknown {
	const { code, path } = error as NodeJS.ErrnoException;
	if (error instanceof UserError || code === undefined || path === undefined) return error;
	const why = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'permission denied' : code;
	return new UserError(`${path} cannot be changed: ${why}`, `Extension packages are kept in ${folder}.`, {
		cause: error,
	});
}
