import type { Command, Interfaces } from '@oclif/core';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import type { CommandClass } from './base.ts';

const BIN = 'kubectl ephemeral';

/** The help of the whole program, in kubectl's manner. */
export function printProgramHelp(toolkits: SourcedToolkit[], commands: CommandClass[]): void {
	const rows = (list: [string, string][]): string[] => {
		const width = Math.max(...list.map(([name]) => name.length));
		return list.map(([name, text]) => `  ${name.padEnd(width)}   ${text}`);
	};
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
		...rows(toolkits.map(({ toolkit }) => [toolkit.name, toolkit.description])),
		'',
		'Commands:',
		...rows([
			...commands.map((command): [string, string] => [command.id, command.summary ?? '']),
			['help', 'Help for a command or toolkit'],
			['version', 'The version'],
		]),
		'',
		'Usage:',
		`  ${BIN} TOOLKIT (POD | TYPE/NAME | -l SELECTOR) [flags] [-- COMMAND [args…]]`,
		'',
		`Use "${BIN} <command> --help" for more about one.`,
	]);
}

/** The help of one command, in kubectl's manner: what it is, examples, options, usage. */
export function printCommandHelp(command: CommandClass): void {
	const flags = Object.entries(command.flags).filter(([, flag]) => !flag.hidden);
	const own = flags.filter(([, flag]) => flag.helpGroup === undefined);
	const global = flags.filter(([, flag]) => flag.helpGroup !== undefined);
	print([
		`${command.summary}.`,
		'',
		'Examples:',
		...(command.examples ?? []).flatMap((example) => exampleLines(example)),
		'Options:',
		...own.flatMap(flagLines),
		'',
		"kubectl's options:",
		...global.flatMap(flagLines),
		'',
		'Usage:',
		`  ${BIN} ${command.usage}`,
	]);
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
	process.stdout.write(`${lines.join('\n')}\n`);
}
