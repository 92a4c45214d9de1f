import type { Command, Interfaces } from '@oclif/core';
import { printable, printableLine } from '../text/printable.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import type { CommandClass } from './base.ts';
import { inputLines } from './recipe-help.ts';

const BIN = 'kubectl ephemeral';

/**
 * The help of the whole program, in kubectl's manner.
 * @param extensions the commands of extension packages, and what each is
 */
export function printProgramHelp(
	toolkits: SourcedToolkit[],
	commands: CommandClass[],
	extensions: [string, string][],
): void {
	const [one = 'TOOLKIT', other = one] = toolkits.map(({ toolkit }) => toolkit.name);
	print([
		'Bring a toolkit into a running pod, as an ephemeral container with the least rights that work.',
		'',
		'Examples:',
		"  # A shell with a toolkit's tools beside a pod of a deployment",
		`  ${BIN} ${one} deploy/web`,
		"  # One command; its output and exit code are the command's own",
		`  ${BIN} ${one} web-0 -q -- curl -s localhost:8080/healthz`,
		'  # What would be done, without doing it',
		`  ${BIN} ${other} web-0 --dry-run -o yaml`,
		'',
		'Toolkits:',
		...rowsOf(toolkits.map(({ toolkit }) => [toolkit.name, toolkit.description])),
		'',
		'Commands:',
		...rowsOf([
			...commands.map((command): [string, string] => [command.id, command.summary ?? '']),
			['help', 'Help for a command or toolkit'],
			['version', 'The version'],
		]),
		'',
		...(extensions.length > 0 ? ['Commands of extension packages:', ...rowsOf(extensions), ''] : []),
		'Usage:',
		`  ${BIN} TOOLKIT (POD | TYPE/NAME | -l SELECTOR) [flags] [-- COMMAND [args…]]`,
		`  ${BIN} TOOLKIT RECIPE (POD | TYPE/NAME | -l SELECTOR) [inputs] [flags]`,
		'',
		`Use "${BIN} <command> --help" for more about one; of a toolkit it lists the recipes.`,
	]);
}

/** The help of one command, in kubectl's manner: what it is, examples, options, usage. */
export function printCommandHelp(command: CommandClass): void {
	const flags = Object.entries(command.flags).filter(([, flag]) => !flag.hidden);
	const own = flags.filter(([, flag]) => flag.helpGroup === undefined);
	const inputs = command.inputs ?? [];
	const global = flags.filter(([, flag]) => flag.helpGroup !== undefined);
	const recipes = (command.recipes ?? []).map(({ name, description }): [string, string] => [name, description]);
	print([
		sentence(command.summary ?? ''),
		'',
		'Examples:',
		...(command.examples ?? []).flatMap((example) => exampleLines(example)),
		...(recipes.length > 0 ? ['Recipes:', ...rowsOf(recipes), ''] : []),
		...(inputs.length > 0 ? ['Inputs:', ...inputs.flatMap(inputLines), ''] : []),
		'Options:',
		...own.flatMap(flagLines),
		'',
		"kubectl's options:",
		...global.flatMap(flagLines),
		'',
		'Usage:',
		...[command.usage ?? []].flat().map((usage) => `  ${BIN} ${usage}`),
	]);
}

/** Names in a column, and what each is. */
export function rowsOf(list: [string, string][]): string[] {
	const width = Math.max(...list.map(([name]) => name.length));
	return list.map(([name, text]) => `  ${name.padEnd(width)}   ${printableLine(text)}`);
}

function sentence(text: string): string {
	return /[.!?]$/.test(text) ? text : `${text}.`;
}

function exampleLines(example: Command.Example): string[] {
	const text = typeof example === 'string' ? example : `# ${example.description}\n${example.command}`;
	return [...text.split('\n').map((line) => `  ${line}`), ''];
}

function flagLines([name, flag]: [string, Interfaces.FlagInput[string]]): string[] {
	const letter = flag.char ? `-${flag.char}, ` : '    ';
	const value = flag.type === 'option' ? `=${flag.options ? flag.options.join('|') : "''"}` : '';
	return [`    ${letter}--${name}${value}:`, `\t${flag.description}`];
}

function print(lines: string[]): void {
	process.stdout.write(`${printable(lines.join('\n'))}\n`);
}
