import { UserError } from '../errors.ts';
import { readDuration } from '../text/quantity.ts';
import { lineOfKey, parseYaml } from '../text/yaml.ts';
import { checkToolkit } from './check.ts';
import { RECIPES, TOOLKIT } from './definition.ts';
import type { InputDocument, RecipeDocument, RecipesDocument, ToolkitDocument } from './document.ts';
import { checkFields, isMapping, type Remark } from './fields.ts';
import { FORMATS } from './formats.ts';
import type { Helper, Input, Recipe, RecipeSet, Scripts, Toolkit } from './toolkit.ts';

/** A document, read: a toolkit or a set of recipes, and the scripts that stand in it. */
export type Parsed =
	| { kind: 'Toolkit'; toolkit: Toolkit; inline: Scripts }
	| { kind: 'Recipes'; set: RecipeSet; inline: Scripts };

/** Values that a document may stand for: by aliases a short text can hold more than memory does. */
const MOST_VALUES = 100_000;

/**
 * The text of a `toolkit.yaml` → what it describes.
 * @param folder the name of the folder it stands in; a toolkit is called like its folder
 * @throws UserError naming the source, the line, the key and what is wrong with it
 */
export async function parseToolkit(text: string, source: string, folder: string): Promise<Parsed> {
	return readDocument(await parseYaml(text, source), source, folder, text);
}

/**
 * A document as a value → what it describes.
 * @param text what it was parsed from, so that lines can be told
 * @throws UserError as parseToolkit does
 */
export function readDocument(value: unknown, source: string, folder: string, text = ''): Parsed {
	const { parsed, remarks } = inspectDocument(value, folder);
	const [remark] = remarks;
	if (remark) throw new UserError(sayRemark(remark, source, text));
	if (!parsed) throw new TypeError('a document without remarks is read');
	return parsed;
}

/** All that is wrong with a document; `parsed` is there only where nothing is. */
export function inspectDocument(value: unknown, folder: string): { parsed?: Parsed; remarks: Remark[] } {
	if (isTooLarge(value)) return { remarks: [{ path: [], text: 'stands for too much: its aliases multiply' }] };
	const asSet = isMapping(value) && value.kind === 'Recipes';
	const shape = checkFields(value, asSet ? RECIPES : TOOLKIT).map(orKinds);
	// What holds between the keys can be told only where each of them is right.
	if (shape.length > 0) return { remarks: shape };
	const document = value as ToolkitDocument | RecipesDocument;
	const remarks: Remark[] = [...bodyRemarks(document)];
	if (document.name !== folder)
		remarks.unshift({
			path: ['name'],
			text: `must be "${folder}", as its folder is called, not "${document.name}"`,
		});
	const inline = document.files ?? {};
	const parsed: Parsed =
		document.kind === 'Toolkit'
			? { kind: 'Toolkit', toolkit: fillToolkit(document), inline }
			: { kind: 'Recipes', set: fillSet(document), inline };
	remarks.push(...checkToolkit(parsed.kind === 'Toolkit' ? parsed.toolkit : parsed.set, FORMATS));
	return remarks.length > 0 ? { remarks } : { parsed, remarks };
}

/** A remark as one sentence: file, line, key, what is wrong. */
export function sayRemark({ path, text: says }: Remark, source: string, text: string): string {
	const line = lineOfKey(text, path);
	return `${source}${line === undefined ? '' : `:${line}`}: ${path.join('.') || 'the file'} ${says}`;
}

/** The kinds are two definitions; a wrong one is told with both, a version from later than ours as such. */
function orKinds(remark: Remark): Remark {
	if (remark.path.join() === 'kind')
		return { ...remark, text: remark.text.replace('must be Toolkit,', 'must be Toolkit or Recipes,') };
	if (remark.path.join() !== 'apiVersion' || !/not "ephemeral\/v\d+/.test(remark.text)) return remark;
	return { ...remark, text: `${remark.text.replace(/; did you mean .*/, '')}: it is for a later kubectl ephemeral` };
}

function* bodyRemarks({ recipes = {} }: ToolkitDocument | RecipesDocument): Generator<Remark> {
	for (const [name, { run, script, timeout }] of Object.entries(recipes)) {
		const path = ['recipes', name];
		if (run === undefined && script === undefined) yield { path, text: 'has neither run nor script' };
		if (run !== undefined && script !== undefined) yield { path, text: 'has both run and script' };
		if (run !== undefined && (run.trim() === '' || run.includes('\0')))
			yield { path: [...path, 'run'], text: 'is empty or no text' };
		if (timeout !== undefined && !readDuration(timeout))
			yield { path: [...path, 'timeout'], text: 'must be longer than nothing, and no ten years' };
	}
}

function fillToolkit(document: ToolkitDocument): Toolkit {
	const { test } = document;
	return {
		...fillSet(document),
		image: document.image,
		images: document.images ?? {},
		path: document.path ?? [],
		...(document.target && { target: document.target }),
		profile: document.profile ?? 'auto',
		needs: document.needs ?? [],
		wants: document.wants ?? [],
		shell: { root: 'debug', ...document.shell },
		default: document.default ?? false,
		include: document.include ?? [],
		...(test && { test: test.run }),
	};
}

function fillSet({ name, description, helpers = [], recipes = {} }: ToolkitDocument | RecipesDocument): RecipeSet {
	return {
		name,
		description,
		helpers: helpers.map(fillHelper),
		recipes: Object.entries(recipes).map(([key, recipe]) => fillRecipe(key, recipe)),
	};
}

function fillHelper(script: string): Helper {
	return { name: script.slice(script.lastIndexOf('/') + 1).replace(/\.sh$/, ''), script };
}

function fillRecipe(name: string, recipe: RecipeDocument): Recipe {
	const { image, profile, user, preflight, confirm, script, run = '', timeout, test } = recipe;
	const seconds = timeout === undefined ? undefined : readDuration(timeout);
	return {
		name,
		description: recipe.description,
		inputs: Object.entries(recipe.inputs ?? {}).map(([key, input]) => fillInput(key, input)),
		body: script === undefined ? { run } : { script },
		...(image !== undefined && { image }),
		...(profile !== undefined && { profile }),
		needs: recipe.needs ?? [],
		wants: recipe.wants ?? [],
		...(user !== undefined && { user }),
		...(seconds !== undefined && { timeout: seconds }),
		...(preflight !== undefined && { preflight }),
		...(confirm !== undefined && { confirm }),
		control: recipe.control === 'stdin',
		output: recipe.output ?? { kind: 'text' },
		pods: recipe.pods ?? 'never',
		...(test && { test: test.run }),
	};
}

function fillInput(name: string, input: InputDocument): Input {
	const { pattern, choices, short, required = false } = input;
	// A flag that nobody gave is false.
	const value = input.default ?? (input.type === 'boolean' && !required ? false : undefined);
	return {
		name,
		type: input.type ?? 'string',
		description: input.description,
		required,
		...(value !== undefined && { default: String(value) }),
		...(pattern !== undefined && { pattern }),
		...(choices && { choices }),
		positional: input.positional ?? false,
		...(short !== undefined && { short }),
	};
}

/** Whether a value has too many parts, shared ones counted as often as they stand; ends as soon as it is sure. */
function isTooLarge(value: unknown): boolean {
	let left = MOST_VALUES;
	const open: unknown[] = [value];
	while (open.length > 0) {
		const one = open.pop();
		if (--left < 0 || open.length > MOST_VALUES) return true;
		if (typeof one === 'object' && one !== null) for (const member of Object.values(one)) open.push(member);
	}
	return false;
}
