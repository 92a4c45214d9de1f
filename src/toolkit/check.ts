import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import type { Remark } from './fields.ts';
import { readValue } from './inputs.ts';
import { COMMAND_NAMES, FLAG_LETTERS, FLAG_NAMES, inputVariable, KIND_NAMES } from './reserved.ts';
import { keysOf, TEMPLATE_KEYS } from './template.ts';
import type { Input, Recipe, RecipeSet, Toolkit } from './toolkit.ts';

/** Names that commands of every session bear. */
const SESSION_NAMES = ['in-target', 'bring', 'recipe', 'help'];

/**
 * The rules that hold between the keys of a toolkit whose shape is right (definition.ts); paths are those of the document.
 * @param formats what output may be said to be
 */
export function checkToolkit(toolkit: Toolkit | RecipeSet, formats: readonly string[]): Remark[] {
	return [
		...checkName(toolkit.name),
		...checkHelpers(toolkit),
		...toolkit.recipes.flatMap((recipe) =>
			checkRecipe(recipe, formats).map(({ path, text }) => ({ path: ['recipes', recipe.name, ...path], text })),
		),
	];
}

function checkName(name: string): Remark[] {
	if (COMMAND_NAMES.includes(name))
		return [{ path: ['name'], text: `is the name of a command: kubectl ephemeral ${name}` }];
	if (KIND_NAMES.includes(name)) return [{ path: ['name'], text: `is kubectl's word for a kind of resource: ${name}` }];
	return [];
}

function checkHelpers({ helpers, recipes }: Toolkit | RecipeSet): Remark[] {
	const seen = new Set<string>();
	return helpers.flatMap(({ name, script }) => {
		const path = ['helpers', script];
		if (SESSION_NAMES.includes(name)) return [{ path, text: `is called like a command of every session: ${name}` }];
		if (recipes.some((recipe) => recipe.name === name)) return [{ path, text: `is called like the recipe ${name}` }];
		if (seen.has(name)) return [{ path, text: `is a second helper called ${name}` }];
		seen.add(name);
		if (!/^[a-z][a-z0-9-]*$/.test(name))
			return [{ path, text: 'must be called by lower-case letters, digits and dashes, with .sh or without' }];
		return [];
	});
}

function checkRecipe(recipe: Recipe, formats: readonly string[]): Remark[] {
	const { name, output, inputs } = recipe;
	const remarks: Remark[] = [];
	const remark = (text: string, ...path: string[]): void => void remarks.push({ path, text });
	if (KIND_NAMES.includes(name)) remark(`is kubectl's word for a kind of resource; a pod is named behind it`);
	if (SESSION_NAMES.includes(name)) remark('is the name of a command of every session');
	if (output.format !== undefined && !formats.includes(output.format)) {
		const near = nearest(output.format, formats);
		const known = near === undefined ? `known are ${sayList(formats)}` : `did you mean ${near}?`;
		remark(`is no known format, "${output.format}"; ${known}`, 'output', 'format');
	}
	if (output.name !== undefined) remarks.push(...checkTemplate(output.name, output.kind));
	if (output.kind === 'forward') remarks.push(...checkPort(output.port, inputs));
	else if (output.port !== undefined) remark('is for forward only', 'output', 'port');
	if (recipe.control && !['stream', 'file', 'files', 'text', 'json'].includes(output.kind))
		remark(`has no meaning with output ${output.kind}`, 'control');
	if (recipe.pods === 'merge' && output.format === undefined) remark('takes a format that makes one of all', 'pods');
	if (recipe.pods !== 'never' && (output.kind === 'interactive' || output.kind === 'forward'))
		remark(`must be never with output ${output.kind}`, 'pods');
	if (recipe.preflight === undefined && keysOf(recipe.confirm ?? '').length > 0)
		remark('has {keys}, and no preflight fills them', 'confirm');
	return [...remarks, ...checkInputs(inputs)];
}

function checkTemplate(template: string, kind: string): Remark[] {
	const path = ['output', 'name'];
	if (kind !== 'file' && kind !== 'files' && kind !== 'stream')
		return [{ path, text: `has no meaning with output ${kind}` }];
	if (/[/\\\0-\x1f]/.test(template) || template.startsWith('.') || template.startsWith('-') || template === '')
		return [{ path, text: 'must be a plain file name, without folders and no hidden one' }];
	const unknown = keysOf(template).find((key) => !TEMPLATE_KEYS.some((known) => known === key));
	if (unknown === undefined) return [];
	return [{ path, text: `has no {${unknown}}; there are ${sayList(TEMPLATE_KEYS.map((key) => `{${key}}`))}` }];
}

function checkPort(port: number | string | undefined, inputs: Input[]): Remark[] {
	const path = ['output', 'port'];
	if (port === undefined) return [{ path, text: 'is missing: forward needs a port of the pod' }];
	if (typeof port === 'number')
		return Number.isInteger(port) && port > 0 && port < 65536 ? [] : [{ path, text: 'must be 1 to 65535' }];
	if (inputs.some(({ name, type }) => name === port && type === 'port')) return [];
	return [{ path, text: `must be a number or the name of an input of type port, not "${port}"` }];
}

function checkInputs(inputs: Input[]): Remark[] {
	const letters = new Map<string, string>();
	const variables = new Map<string, string>();
	let optional: string | undefined;
	return inputs.flatMap((input): Remark[] => {
		const { name, short, positional } = input;
		const remarks: Remark[] = [];
		const remark = (text: string, ...path: string[]): void =>
			void remarks.push({ path: ['inputs', name, ...path], text });
		if (FLAG_NAMES.includes(name)) remark(`is called like a flag of every command, --${name}`);
		const twin = variables.get(inputVariable(name));
		if (twin !== undefined) remark(`would be ${inputVariable(name)}, as ${twin} is`);
		variables.set(inputVariable(name), name);
		if (short !== undefined) {
			if (positional) remark('has no meaning for a positional input', 'short');
			else if (FLAG_LETTERS.includes(short)) remark(`is a flag of every command, -${short}`, 'short');
			else if (letters.has(short)) remark(`-${short} is ${letters.get(short)}'s already`, 'short');
			letters.set(short, name);
		}
		if (positional) {
			if (input.required && optional !== undefined) remark(`is required, and ${optional} before it is not`);
			if (!input.required) optional ??= name;
			if (input.type === 'boolean') remark('cannot be positional: a boolean is a flag', 'positional');
		}
		remarks.push(...checkValues(input).map(({ path, text }) => ({ path: ['inputs', name, ...path], text })));
		return remarks;
	});
}

function checkValues(input: Input): Remark[] {
	const { type, choices, pattern } = input;
	if (type === 'choice' && !choices?.length) return [{ path: ['choices'], text: 'is missing: a choice has values' }];
	if (type !== 'choice' && choices) return [{ path: ['choices'], text: 'is for inputs of type choice' }];
	if (pattern !== undefined) {
		try {
			new RegExp(`^(?:${pattern})$`, 'u');
		} catch {
			return [{ path: ['pattern'], text: 'is no regular expression' }];
		}
	}
	if (input.default === undefined) return [];
	if (input.required) return [{ path: ['default'], text: 'has no meaning for a required input' }];
	if (/[\n\t]/.test(input.default)) return [{ path: ['default'], text: 'must be one line without tabs' }];
	// Patterns wait for a value of a user's: one made to be slow must not be run by reading a file.
	const { pattern: _, ...typed } = input;
	const read = readValue(typed, input.default);
	return 'wrong' in read ? [{ path: ['default'], text: read.wrong }] : [];
}
