import { existsSync } from 'node:fs';
import { type InstalledPackage, type PackagePaths, readIndex } from '../packages/index-file.ts';
import { nameCommands, sayId } from '../packages/names.ts';
import { goneFrom, rootOf } from '../packages/read.ts';
import { printable } from '../text/printable.ts';
import { tableOf } from '../text/table.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { printDocument } from './print.ts';

/** What `-o` may say. */
export type PackagesOutput = 'json' | 'yaml' | 'name' | undefined;

/** Print the installed packages; what is wrong with one goes to standard error. */
export async function listPackages(
	paths: PackagePaths,
	toolkits: readonly SourcedToolkit[],
	output: PackagesOutput,
): Promise<void> {
	const { packages, problem } = await readIndex(paths.index);
	const problems = problem === undefined ? [] : [problem];
	for (const one of packages) {
		const root = rootOf(one, paths);
		if (!existsSync(root)) problems.push(goneFrom(one, root).message);
	}
	for (const { id, owner, wrong } of nameCommands(packages, toolkits))
		if (wrong !== undefined)
			problems.push(`the command "${sayId(id)}" of the extension package ${owner.name} is passed over: it ${wrong}`);
	if (output === 'json' || output === 'yaml') await printDocument(packages.map(documentOf), output);
	else if (output === 'name') write(packages.map(({ name }) => name));
	else if (packages.length > 0) write(table(packages));
	else if (problem === undefined) problems.push('No extension packages are installed.');
	process.stderr.write(problems.map((line) => `${printable(line)}\n`).join(''));
}

/** Where it came from, as it was asked for. */
export function sayOrigin({ name, from }: InstalledPackage): string {
	if ('registry' in from) return `${name}@${from.registry}`;
	return 'file' in from ? from.file : from.link;
}

function documentOf(one: InstalledPackage): object {
	const { name, version, integrity, from, toolkits, commands } = one;
	return {
		name,
		version,
		...(integrity !== '' && { integrity }),
		from,
		toolkits,
		commands: commands.map(({ id, summary }) => ({ name: sayId(id), summary })),
	};
}

function table(packages: InstalledPackage[]): string[] {
	const rows = packages.map((one) => [
		one.name,
		one.version,
		one.integrity || '-',
		'link' in one.from ? `${sayOrigin(one)} (link)` : sayOrigin(one),
		one.toolkits.join(',') || '-',
		one.commands.map(({ id }) => id).join(',') || '-',
	]);
	return tableOf(['NAME', 'VERSION', 'INTEGRITY', 'FROM', 'TOOLKITS', 'COMMANDS'], rows);
}

function write(lines: string[]): void {
	process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}
