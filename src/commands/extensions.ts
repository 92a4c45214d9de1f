import { UserError } from '../errors.ts';
import { type PackagePaths, readIndex } from '../packages/index-file.ts';
import { type NamedCommand, nameCommands, sayId } from '../packages/names.ts';
import { printable, printableLine } from '../text/printable.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { type FlagShape, wordAt } from './argv.ts';
import { describeFailure } from './failure.ts';
import { rowsOf } from './help.ts';

/** A command line that is an extension package's: what carries it out and gives the exit code. */
export type Extension = () => Promise<number>;

/** What the commands of extension packages are found in. */
export interface ExtensionGround {
	paths: PackagePaths;
	toolkits: readonly SourcedToolkit[];
	/** The program, as commands see it. */
	host: { name: string; version: string };
	/** Every flag of ours. */
	shapes: Record<string, FlagShape>;
	/** Words that are never a package's. */
	ours(word: string): boolean;
}

/**
 * What a command line means where it is one of an extension package's commands; undefined where it is ours.
 *
 * Its argv is the command's own and not looked at: only its words must stand together. Flags of ours that stand before
 * them are handed on in front of the others, but for `-v`. `help WORDS` is `WORDS --help`.
 */
export async function findExtension(argv: string[], ground: ExtensionGround): Promise<Extension | undefined> {
	const help = argv[0] === 'help';
	const line = help ? [...argv.slice(1), '--help'] : argv;
	const at = wordAt(line, ground.shapes, 0);
	const first = at === undefined ? undefined : line[at];
	if (at === undefined || first === undefined || ground.ours(first)) return undefined;
	const toolkit = ground.toolkits.find(({ toolkit }) => toolkit.name === first);
	if (toolkit && toolkit.kind !== 'package') return undefined;
	const commands = await reachableCommands(ground);
	const end = line.findIndex((word, i) => i >= at && word.startsWith('-'));
	const words = line.slice(at, end < 0 ? undefined : end);
	for (let count = words.length; count > 0; count--) {
		const id = words.slice(0, count).join(':');
		const named = commands.find((one) => one.id === id);
		if (named) return () => run(named, line.slice(0, at), line.slice(at + count), ground);
	}
	const below = commands.filter(({ id, command }) => id.startsWith(`${first}:`) && !command.hidden);
	if (toolkit || below.length === 0) return undefined;
	return async () => listBelow(below, words, line.slice(at + words.length));
}

/** A word that only begins commands: these are listed. @throws UserError where more was said, which is none of them */
function listBelow(commands: NamedCommand[], words: string[], rest: string[]): number {
	const rows = rowsOf(rowsFor(commands));
	if (words.length > 1 || rest.some((word) => word !== '--help' && word !== '-h'))
		throw new UserError(
			`unknown command "${words.join(' ')}" for "kubectl ephemeral"`,
			['There are:', ...rows].join('\n'),
		);
	process.stdout.write(`${printable(['Commands:', ...rows].join('\n'))}\n`);
	return 0;
}

/** What the help lists: each command by its own name, and what it is. */
export async function listExtensions(ground: ExtensionGround): Promise<[string, string][]> {
	return rowsFor(await reachableCommands(ground));
}

async function reachableCommands({ paths, toolkits }: ExtensionGround): Promise<NamedCommand[]> {
	const { packages } = await readIndex(paths.index);
	return nameCommands(packages, toolkits).filter(({ wrong }) => wrong === undefined);
}

function rowsFor(commands: NamedCommand[]): [string, string][] {
	return commands
		.filter(({ id, command }) => id === command.id && !command.hidden)
		.map(({ id, command, owner }) => [sayId(id), printableLine(`${command.summary} (${owner.name})`)]);
}

async function run(
	named: NamedCommand,
	before: string[],
	after: string[],
	{ host, paths }: ExtensionGround,
): Promise<number> {
	const { level, others } = takeVerbosity(before);
	const { runPackageCommand } = await import('../packages/run-command.ts');
	try {
		return await runPackageCommand(named, [...others, ...after], host, paths);
	} catch (error) {
		const { code, oclif } = error as { code?: unknown; oclif?: { exit?: unknown } };
		// oclif's way to end with an exit code is an error that has nothing to say.
		if (code !== 'EEXIT') process.stderr.write(describeFailure(oclif ? inFull(error) : error, level >= 6));
		return typeof oclif?.exit === 'number' ? oclif.exit : 1;
	}
}

/** The level of `-v` among flags, in any of its forms, and the other flags as they are. */
function takeVerbosity(flags: string[]): { level: number; others: string[] } {
	let level = 0;
	const others = flags.filter((word, i) => {
		const [, joined] = /^(?:-v=?|--v=)(\d+)$/.exec(word) ?? [];
		const [, apart] = /^--?v (\d+)$/.exec(`${word} ${flags[i + 1]}`) ?? [];
		level = Number(joined ?? apart ?? level);
		return joined === undefined && apart === undefined && !/^--?v$/.test(flags[i - 1] ?? '');
	});
	return { level, others };
}

/** An error that was made for users, with all that it says and suggests. */
function inFull(error: unknown): UserError {
	const { message, suggestions = [] } = error as { message: string; suggestions?: string[] };
	return new UserError(message, suggestions.join('\n') || undefined, { cause: error });
}
