import { COMMAND_NAMES, KIND_NAMES } from '../toolkit/reserved.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import type { InstalledPackage, PackageCommand } from './index-file.ts';

/** What the names of a package's commands can collide with. */
export interface Taken {
	toolkits: readonly SourcedToolkit[];
	/** The other packages. */
	packages: readonly InstalledPackage[];
}

/** A toolkit that the package brings itself. */
export interface OwnToolkit {
	name: string;
	recipes: readonly string[];
}

/** Words of a command: as oclif makes them of the names of files. */
const ID = /^[A-Za-z0-9][\w.-]*(:[A-Za-z0-9][\w.-]*)*$/;

/** A command by any of its names. */
export function idsOf({ id, aliases }: PackageCommand): string[] {
	return [id, ...aliases];
}

/** An id as it is typed. */
export function sayId(id: string): string {
	return id.replaceAll(':', ' ');
}

/**
 * Why a package may not have a command called so, as the end of a sentence that begins with the command; undefined when
 * it may.
 *
 * The first word is no command's of ours, planned ones included, and no toolkit's. Only below the name of a toolkit that
 * the same package brings may it have commands: `acme report` is its command, `acme POD` its toolkit; the second word is
 * then no recipe of that toolkit, and no word for a kind of resource.
 */
export function whyNot(
	id: string,
	{ owner, own }: { owner: string; own: readonly OwnToolkit[] },
	{ toolkits, packages }: Taken,
): string | undefined {
	const [first = '', second] = id.split(':');
	if (!ID.test(id)) return 'must be called by letters, digits and dashes';
	if (COMMAND_NAMES.includes(first)) return `begins like a command of kubectl ephemeral: ${first}`;
	const known = toolkits.find(({ toolkit }) => toolkit.name === first);
	const mine = own.find(({ name }) => name === first);
	if (known && !(mine && known.kind === 'package' && known.origin === owner))
		return `begins like the toolkit ${first}, which is of ${known.source}`;
	if (mine) {
		if (second === undefined) return `is called like its toolkit ${first}`;
		if (KIND_NAMES.includes(second)) return `has kubectl's word for a kind of resource: ${second}`;
		const recipes = [...mine.recipes, ...(known?.toolkit.recipes.map(({ name }) => name) ?? [])];
		if (recipes.includes(second)) return `is called like a recipe of its toolkit ${first}: ${second}`;
	}
	const other = packages.find(({ commands }) => commands.some((command) => idsOf(command).includes(id)));
	return other && `is a command of the package ${other.name} already`;
}

/** A command of a package by one of its names; `wrong` says why it cannot be reached by it. */
export interface NamedCommand {
	/** The id or alias. */
	id: string;
	command: PackageCommand;
	owner: InstalledPackage;
	wrong?: string;
}

/** The commands of all packages by all their names; of two packages the first comes first. */
export function nameCommands(
	packages: readonly InstalledPackage[],
	toolkits: readonly SourcedToolkit[],
): NamedCommand[] {
	return packages.flatMap((owner, i) => {
		const own = { owner: owner.name, own: owner.toolkits.map((name) => ({ name, recipes: [] })) };
		const taken = { toolkits, packages: packages.slice(0, i) };
		return owner.commands.flatMap((command) =>
			idsOf(command).map((id) => {
				const wrong = whyNot(id, own, taken);
				return { id, command, owner, ...(wrong !== undefined && { wrong }) };
			}),
		);
	});
}
