import { scriptOf } from '../plan/recipe.ts';
import type { Recipe, Scripts, Toolkit } from '../toolkit/toolkit.ts';
import type { EnvEntry } from './header.ts';

/**
 * What makes a toolkit's recipes and helpers commands of a session, as the launcher takes it (src/inside/request.c): the
 * script of each, what inputs it has, and what `help` says.
 */
export function sessionCommands(toolkit: Toolkit, scripts: Scripts): EnvEntry[] {
	return [
		...toolkit.recipes.flatMap((recipe) => [
			{ name: `=command ${recipe.name}`, value: asFile(scriptOf(recipe.body, scripts)) },
			{ name: `=inputs ${recipe.name}`, value: inputLines(recipe) },
		]),
		...toolkit.helpers.map(({ name, script }) => ({
			name: `=command ${name}`,
			value: scriptOf({ script }, scripts),
		})),
		{ name: '=help', value: helpText(toolkit) },
	];
}

/** A `run:` as the file it becomes there. */
function asFile(script: string): string {
	return script.startsWith('#!') ? script : `#!/bin/sh\n${script}${script.endsWith('\n') ? '' : '\n'}`;
}

/** A line for each input: name, letter, kind, whether it is required, default; parted by tabs. */
function inputLines({ inputs }: Recipe): string {
	return inputs
		.map(({ name, short, type, positional, required, default: value = '' }) => {
			const kind = positional ? 'positional' : type === 'boolean' ? 'flag' : 'value';
			return `${[name, short ?? '-', kind, required ? 'yes' : 'no', value].join('\t')}\n`;
		})
		.join('');
}

function helpText(toolkit: Toolkit): string {
	const rows = [
		...toolkit.recipes.map(({ name, description }) => [name, description]),
		...toolkit.helpers.map(({ name }) => [name, '']),
		['in-target', "COMMAND in the target's root, as its user"],
		['bring', 'FILE to the machine you came from'],
	];
	const width = Math.max(...rows.map(([name = '']) => name.length));
	return [
		`${toolkit.name}: ${toolkit.description}`,
		...rows.map(([name = '', text = '']) => `  ${name.padEnd(width)}   ${text}`.trimEnd()),
		'NAME --help tells what a recipe takes. What is left in $OUT is offered when you leave.',
		'',
	].join('\n');
}
