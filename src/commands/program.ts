import { UsageError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { arrange, firstWord } from './argv.ts';
import type { CommandClass } from './base.ts';
import { CP_FLAGS, CpCommand } from './cp.ts';
import { CONNECTION_FLAGS, shapesOf } from './flags.ts';
import { printCommandHelp, printProgramHelp } from './help.ts';
import { ProgramConfig } from './invocation.ts';
import { LS_FLAGS, LsCommand } from './ls.ts';
import { ALL_SESSION_FLAGS } from './session.ts';
import { ShellCommand } from './shell.ts';
import { STOP_FLAGS, StopCommand } from './stop.ts';
import { toolkitCommand } from './toolkit.ts';

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
const SHAPES = shapesOf({ ...ALL_SESSION_FLAGS, ...STOP_FLAGS, ...CP_FLAGS, ...LS_FLAGS, ...CONNECTION_FLAGS });

/** The commands of ours, in the order of the help. */
const COMMANDS: CommandClass[] = [ShellCommand, CpCommand, LsCommand, StopCommand];

/** Those that run nothing of the user's elsewhere: their failures are our own. */
const OURS = new Set([CpCommand.id, LsCommand.id, StopCommand.id]);

/**
 * The program with its commands: those of ours, and one for each toolkit.
 * @param began milliseconds since the epoch when the process began
 */
export function openProgram(facts: PackageFacts, toolkits: SourcedToolkit[], began: number): Program {
	const commands: Record<string, CommandClass> = Object.fromEntries(COMMANDS.map((command) => [command.id, command]));
	for (const { toolkit } of toolkits) commands[toolkit.name] = toolkitCommand(toolkit);
	return {
		isSession: (argv) => {
			const word = firstWord(argv, SHAPES);
			return word !== undefined && Object.hasOwn(commands, word) && !OURS.has(word);
		},
		verbosity: (argv) => {
			try {
				return Number(
					/^--v=(\d+)$/.exec(arrange(argv, SHAPES).flags.findLast((flag) => flag.startsWith('--v=')) ?? '')?.[1] ?? 0,
				);
			} catch {
				return 0;
			}
		},
		async run(argv) {
			const all = arrange(argv, SHAPES);
			const [first] = all.words;
			const asked = all.flags.includes('--help');
			if (first === undefined || first === 'help' || asked) {
				const topic = first === 'help' ? all.words[1] : first;
				const command =
					topic === undefined || topic === 'help' || topic === 'version' ? undefined : commandOf(topic, commands);
				if (command) printCommandHelp(command);
				else printProgramHelp(toolkits, COMMANDS);
				return first === undefined && !asked && all.rest !== undefined ? 1 : 0;
			}
			if (first === 'version') {
				process.stdout.write(`${versionLine(facts)}\n`);
				return 0;
			}
			const command = commandOf(first, commands);
			// Again, by what this command knows: a flag of another one is unknown here.
			const { words, flags, rest } = arrange(argv, shapesOf(command.flags));
			const others = words.slice(1);
			return new command([...flags, ...others], new ProgramConfig(facts, { rest, began, toolkits })).run();
		},
	};
}

/** What `--version` prints. */
export function versionLine({ name, version }: PackageFacts): string {
	const runtime = process.versions.bun ? `bun ${process.versions.bun}` : `node ${process.versions.node}`;
	return `${name} v${version} (${process.platform}/${process.arch}, ${runtime})`;
}

function commandOf(word: string, commands: Record<string, CommandClass>): CommandClass {
	const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
	if (command) return command;
	const near = nearest(word, Object.keys(commands));
	throw new UsageError(
		`unknown command "${word}" for "kubectl ephemeral"`,
		near ? `Did you mean ${near}?` : 'kubectl ephemeral --help lists commands and toolkits.',
	);
}
