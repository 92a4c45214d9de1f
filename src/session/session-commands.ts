import { scriptOf } from '../plan/recipe.ts';
import { readValue } from '../toolkit/inputs.ts';
import type { Recipe, Scripts, Toolkit } from '../toolkit/toolkit.ts';
import type { EnvEntry } from './header.ts';

/**
 * What makes a toolkit's recipes and helpers commands of a session, as the launcher takes it (src/inside/request.c): the
 * script of each, what inputs it has, and what `help` says.
 */
export function sessionCommands(toolkit: Toolkit, scripts: Scripts): EnvEntry[] {
	return [
		...toolkit.recipes.flatMap((recipe) => {
			const why = outsideOnly(recipe);
			if (why !== undefined)
				return [{ name: `=command ${recipe.name}`, value: pointOutside(toolkit.name, recipe, why) }];
			return [
				{ name: `=command ${recipe.name}`, value: asFile(scriptOf(recipe.body, scripts)) },
				{ name: `=inputs ${recipe.name}`, value: inputLines(recipe) },
			];
		}),
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

/** A line for each input, its fields parted by tabs, as src/inside/inputs.c reads them. */
function inputLines({ inputs }: Recipe): string {
	return inputs
		.map((input) => {
			const { name, short, type, positional, required, description, choices = [], default: value = '' } = input;
			const kind = positional ? 'positional' : type === 'boolean' ? 'flag' : 'value';
			const read = value === '' ? { value } : readValue(input, value);
			const given = 'value' in read ? read.value : '';
			const facts = [name, short ?? '-', kind, required ? 'yes' : 'no', given, type, description, ...choices];
			return `${facts.map((fact) => fact.replace(/[\t\n]+/g, ' ')).join('\t')}\n`;
		})
		.join('');
}

/** Why a recipe runs only from outside: we have a part in it that nobody plays here. */
function outsideOnly({ preflight, confirm, control, output }: Recipe): string | undefined {
	if (confirm !== undefined || preflight !== undefined) return 'asks before it does anything';
	if (control) return 'is told when to stop';
	return output.kind === 'forward' ? 'opens a port on your machine' : undefined;
}

/** What stands for such a recipe in a session: names only, which are plain words. */
function pointOutside(toolkit: string, { name }: Recipe, why: string): string {
	const call = `kubectl ephemeral ${toolkit} ${name} $POD -n $NAMESPACE`;
	return `#!/bin/sh\necho "error: ${name} ${why}, so it runs from outside: ${call}" >&2\nexit 1\n`;
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
