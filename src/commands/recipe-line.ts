import { UsageError } from '../errors.ts';
import { printableLine } from '../text/printable.ts';
import { readValue } from '../toolkit/inputs.ts';
import type { Input, Recipe } from '../toolkit/toolkit.ts';
import { arrange, type FlagShape, wordAt } from './argv.ts';
import { kindOf } from './kinds.ts';

/** Characters of a value that an error repeats. */
const SHOWN = 40;

/** A command line that calls a recipe, taken apart. */
export interface RecipeLine {
	recipe: Recipe;
	/** The words that choose the pod. */
	target: string[];
	/** The flags that are no inputs, as `arrange` gives them. */
	flags: string[];
	/** The inputs' values, as their scripts get them. */
	values: Record<string, string>;
}

/**
 * Where a command line calls a recipe: the index in argv of the recipe's name. A pod that is called like a recipe is
 * reached as pod/NAME.
 * @param shapes the flags that may stand before it
 */
export function recipeAt(
	argv: string[],
	shapes: Record<string, FlagShape>,
	recipes: readonly Recipe[],
): { recipe: Recipe; at: number } | undefined {
	const at = wordAt(argv, shapes, 1);
	const recipe = recipes.find(({ name }) => at !== undefined && argv[at] === name);
	return recipe && at !== undefined ? { recipe, at } : undefined;
}

/** The flags that a recipe's inputs are. */
export function inputShapes({ inputs }: Recipe): Record<string, FlagShape> {
	const shapes: Record<string, FlagShape> = {};
	for (const { name, type, short, positional } of inputs) {
		if (positional) continue;
		shapes[name] = { type: type === 'boolean' ? 'boolean' : 'option', ...(short !== undefined && { char: short }) };
		if (type === 'boolean') shapes[`no-${name}`] = { type: 'boolean' };
	}
	return shapes;
}

/** Shapes without the letters that belong to what stands before a recipe's name. */
export function withoutLetters(shapes: Record<string, FlagShape>, letters: string): Record<string, FlagShape> {
	return Object.fromEntries(
		Object.entries(shapes).map(([name, { char, ...shape }]) => [
			name,
			char !== undefined && !letters.includes(char) ? { ...shape, char } : shape,
		]),
	);
}

/**
 * What stands behind a recipe's name → its target, its inputs and the other flags.
 * @param shapes the flags of every recipe
 * @param called how it is called, for messages: `net dns`
 * @throws UsageError naming the input
 */
export function readRecipeLine(
	behind: string[],
	shapes: Record<string, FlagShape>,
	recipe: Recipe,
	called: string,
): RecipeLine {
	const own = inputShapes(recipe);
	const { words, flags, rest = [] } = arrange(behind, { ...withoutLetters(shapes, 'it'), ...own });
	const mine = flags.filter((flag) => Object.hasOwn(own, nameOf(flag)));
	const others = flags.filter((flag) => !mine.includes(flag));
	const positional = recipe.inputs.filter((input) => input.positional);
	const { target, more } = takeTarget(words, others, positional.length);
	const given = [...more, ...rest];
	const [surplus] = given.slice(positional.length);
	if (surplus !== undefined) {
		const takes = ['NAME', ...positional.map(({ name }) => name.toUpperCase())].join(' ');
		throw new UsageError(`"${shown(surplus)}" is a word too many: ${called} takes ${takes}`);
	}
	const texts = new Map([
		...mine.map((flag): [string, string] => [
			nameOf(flag).replace(/^no-(?=.)/, (no) => (isNegated(flag, own) ? '' : no)),
			textOf(flag, own),
		]),
		...given.map((text, i): [string, string] => [positional[i]?.name ?? '', text]),
	]);
	return { recipe, target, flags: others, values: readInputs(recipe.inputs, texts, called) };
}

function readInputs(inputs: Input[], texts: ReadonlyMap<string, string>, called: string): Record<string, string> {
	const values: Record<string, string> = {};
	for (const input of inputs) {
		const text = texts.get(input.name) ?? input.default;
		const name = input.positional ? input.name.toUpperCase() : `--${input.name}`;
		if (text === undefined) {
			if (!input.required) continue;
			const how = input.positional ? `${name} behind NAME` : `${name}`;
			throw new UsageError(`${called} needs ${how}: ${input.description}`);
		}
		const read = readValue(input, text);
		if ('wrong' in read) throw new UsageError(`invalid argument "${shown(text)}" for ${name}: it ${read.wrong}`);
		values[input.name] = read.value;
	}
	return values;
}

/** The words that choose the pod, in front of those that are inputs. */
function takeTarget(words: string[], flags: string[], inputs: number): { target: string[]; more: string[] } {
	const elsewhere = flags.some((flag) => /^--(selector=|pods=|pick$)/.test(flag));
	const [first, second] = words;
	if (first === undefined || (elsewhere && !kindOf(first))) return { target: [], more: words };
	const isKind = !first.includes('/') && kindOf(first) !== undefined;
	// `deploy web`; but one word alone, or with only the inputs behind it, may be a pod's name.
	const length = isKind && second !== undefined && words.length <= inputs + 2 && words.length > 1 ? 2 : 1;
	return { target: words.slice(0, length), more: words.slice(length) };
}

/** `--live`, `--no-live`, `--since=90s` */
function nameOf(flag: string): string {
	const equals = flag.indexOf('=');
	return flag.slice(2, equals < 0 ? undefined : equals);
}

function isNegated(flag: string, own: Record<string, FlagShape>): boolean {
	const name = nameOf(flag);
	return name.startsWith('no-') && own[name.slice(3)]?.type === 'boolean';
}

function textOf(flag: string, own: Record<string, FlagShape>): string {
	if (isNegated(flag, own)) return 'false';
	const equals = flag.indexOf('=');
	return equals < 0 ? 'true' : flag.slice(equals + 1);
}

function shown(text: string): string {
	const line = printableLine(text);
	return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
