import type { Catalogue } from '../catalogue/open.ts';
import { ourPaths } from '../catalogue/paths.ts';
import { UsageError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { COMMAND_NAMES } from '../toolkit/reserved.ts';
import type { Recipe, SourcedToolkit } from '../toolkit/toolkit.ts';
import { arrange, type FlagShape, firstWord } from './argv.ts';
import type { CommandClass } from './base.ts';
import { CP_FLAGS, CpCommand } from './cp.ts';
import type { ExtensionGround } from './extensions.ts';
import { CONNECTION_FLAGS, shapesOf } from './flags.ts';
import { printCommandHelp, printProgramHelp } from './help.ts';
import { type Invocation, ProgramConfig } from './invocation.ts';
import { LS_FLAGS, LsCommand } from './ls.ts';
import { PACKAGES_FLAGS, PackagesCommand } from './packages.ts';
import { warnOf } from './problems.ts';
import { RECIPE_FLAGS, recipeCommand } from './recipe.ts';
import { inputShapes, type RecipeLine, readRecipeLine, recipeAt, withoutLetters } from './recipe-line.ts';
import { ALL_SESSION_FLAGS } from './session.ts';
import { ShellCommand } from './shell.ts';
import { STOP_FLAGS, StopCommand } from './stop.ts';
import { toolkitCommand } from './toolkit.ts';
import { TOOLKITS_FLAGS, ToolkitsCommand } from './toolkits.ts';

/** What the package says about itself, as far as oclif wants to know it. */
export interface PackageFacts {
	name: string;
	version: string;
}

/** The program: argv in, exit code out. */
export interface Program {
	/** @throws UserError, and whatever else went wrong */
	run(argv: string[]): Promise<number>;
	/** Whether failures around this command line are those of a command run elsewhere (125), or our own (1). */
	isSession(argv: string[]): boolean;
	/** The level of `-v`; 0 where there is none, or argv cannot be taken apart. */
	verbosity(argv: string[]): number;
}

/** Every flag there is, so that argv can be taken apart before the command is known. */
const SHAPES = shapesOf({
	...ALL_SESSION_FLAGS,
	...RECIPE_FLAGS,
	...STOP_FLAGS,
	...CP_FLAGS,
	...LS_FLAGS,
	...PACKAGES_FLAGS,
	...TOOLKITS_FLAGS,
	...CONNECTION_FLAGS,
});
// Which values a flag takes, its own command says.
for (const shape of Object.values(SHAPES)) delete shape.options;

/** The commands of ours, in the order of the help. */
const COMMANDS: CommandClass[] = [ShellCommand, CpCommand, LsCommand, StopCommand, ToolkitsCommand, PackagesCommand];

/** Those that run nothing of the user's elsewhere: their failures are our own. */
const OURS = new Set([CpCommand.id, LsCommand.id, StopCommand.id, ToolkitsCommand.id, PackagesCommand.id]);

/**
 * The program with its commands: those of ours, and one for each toolkit.
 * @param began milliseconds since the epoch when the process began
 */
export function openProgram(facts: PackageFacts, catalogue: Catalogue, began: number): Program {
	const { toolkits, sources, disabled, problems } = catalogue;
	const commands: Record<string, CommandClass> = Object.fromEntries(COMMANDS.map((command) => [command.id, command]));
	for (const sourced of toolkits) commands[sourced.toolkit.name] = toolkitCommand(sourced);
	const called = (argv: string[]) => calledRecipe(argv, toolkits);
	const extensions = sources.some(({ kind }) => kind === 'package') ? groundOf(facts, toolkits) : undefined;
	return {
		isSession: (argv) => {
			const word = firstWord(argv, SHAPES);
			return word !== undefined && (Object.hasOwn(commands, word) ? !OURS.has(word) : disabled.has(word));
		},
		verbosity: (argv) => {
			try {
				const recipe = called(argv);
				const flags = recipe ? [...recipe.flags, ...recipe.line().flags] : arrange(argv, SHAPES).flags;
				return Number(/^--v=(\d+)$/.exec(flags.findLast((flag) => flag.startsWith('--v=')) ?? '')?.[1] ?? 0);
			} catch {
				return 0;
			}
		},
		async run(argv) {
			if (extensions) {
				const { findExtension } = await import('./extensions.ts');
				const extension = await findExtension(argv, extensions);
				if (extension) return extension();
			}
			const recipe = called(argv);
			if (recipe) return runRecipe(recipe, facts, { began, toolkits, catalogue });
			const all = arrange(argv, SHAPES);
			const [first] = all.words;
			const asked = all.flags.includes('--help');
			if (first === undefined || first === 'help' || asked) {
				const topic = first === 'help' ? all.words[1] : first;
				const asked = first === 'help' ? called(all.words.slice(1)) : undefined;
				if (asked) {
					printCommandHelp(recipeCommand(asked.sourced, asked.recipe));
					return 0;
				}
				const command =
					topic === undefined || topic === 'help' || topic === 'version'
						? undefined
						: commandOf(topic, commands, catalogue);
				if (command) printCommandHelp(command);
				else {
					const rows = extensions ? (await import('./extensions.ts')).listExtensions(extensions) : [];
					printProgramHelp(toolkits, COMMANDS, await rows);
					warnOf(problems);
				}
				return first === undefined && !asked && all.rest !== undefined ? 1 : 0;
			}
			if (first === 'version') {
				process.stdout.write(`${versionLine(facts)}\n`);
				return 0;
			}
			const command = commandOf(first, commands, catalogue);
			// Again, by what this command knows: a flag of another one is unknown here.
			const { words, flags, rest } = arrange(argv, shapesOf(command.flags));
			const others = words.slice(1);
			return new command([...flags, ...others], new ProgramConfig(facts, { rest, began, toolkits, catalogue })).run();
		},
	};
}

/** What the commands of extension packages are found in. */
function groundOf(host: PackageFacts, toolkits: readonly SourcedToolkit[]): ExtensionGround {
	const { packages, packagesFolder } = ourPaths(process.env);
	const paths = { index: packages, folder: packagesFolder };
	return { paths, toolkits, host, shapes: SHAPES, ours: (word) => COMMAND_NAMES.includes(word) };
}

/** A command line that calls a recipe. */
interface CalledRecipe {
	sourced: SourcedToolkit;
	recipe: Recipe;
	/** The flags before its name. */
	flags: string[];
	/** Whether only its help is wanted. */
	asksHelp: boolean;
	/** What stands behind its name. @throws UsageError */
	line(): RecipeLine;
}

/** The recipe that a command line calls; undefined where it is about something else. @throws UsageError */
function calledRecipe(argv: string[], toolkits: readonly SourcedToolkit[]): CalledRecipe | undefined {
	const word = firstWord(argv, SHAPES);
	const sourced = toolkits.find(({ toolkit }) => toolkit.name === word);
	const found = sourced && recipeAt(argv, SHAPES, sourced.toolkit.recipes);
	if (!sourced || !found) return undefined;
	const { recipe, at } = found;
	const behind = argv.slice(at + 1);
	const shapes = shapesOf(RECIPE_FLAGS);
	const { flags } = arrange(argv.slice(0, at), shapes);
	return {
		sourced,
		recipe,
		flags,
		asksHelp: flags.includes('--help') || asksHelp(behind, { ...withoutLetters(shapes, 'it'), ...inputShapes(recipe) }),
		line: () => readRecipeLine(behind, shapes, recipe, `${sourced.toolkit.name} ${recipe.name}`),
	};
}

/** Whether help is asked for, also on a line that is wrong otherwise; a value is no question. */
function asksHelp(behind: string[], shapes: Record<string, FlagShape>): boolean {
	try {
		return arrange(behind, shapes).flags.includes('--help');
	} catch {
		return behind.includes('--help') || behind.includes('-h');
	}
}

async function runRecipe(
	{ sourced, recipe, flags, asksHelp, line }: CalledRecipe,
	facts: PackageFacts,
	about: Omit<Invocation, 'rest'>,
): Promise<number> {
	if (asksHelp) {
		printCommandHelp(recipeCommand(sourced, recipe));
		return 0;
	}
	const read = line();
	const command = recipeCommand(sourced, recipe, read);
	const config = new ProgramConfig(facts, { rest: undefined, ...about });
	return new command([...flags, ...read.flags, ...read.target], config).run();
}

/** What `--version` prints. */
export function versionLine({ name, version }: PackageFacts): string {
	const runtime = process.versions.bun ? `bun ${process.versions.bun}` : `node ${process.versions.node}`;
	return `${name} v${version} (${process.platform}/${process.arch}, ${runtime})`;
}

function commandOf(
	word: string,
	commands: Record<string, CommandClass>,
	{ disabled, general }: Catalogue,
): CommandClass {
	const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
	if (command) return command;
	const problem = disabled.get(word);
	if (problem) throw problem;
	// What could not even be looked into may be where it is.
	warnOf(general);
	const near = nearest(word, Object.keys(commands));
	throw new UsageError(
		`unknown command "${word}" for "kubectl ephemeral"`,
		near ? `Did you mean ${near}?` : 'kubectl ephemeral --help lists commands and toolkits.',
	);
}
