import { UserError } from '../errors.ts';
import { inputVariable } from '../toolkit/reserved.ts';
import type { Recipe, RecipeBody, Right, Scripts, Toolkit } from '../toolkit/toolkit.ts';
import { RUNTIME_DEFAULTS } from './capabilities.ts';
import type { Candidate } from './container.ts';
import type { RecipeRequest } from './request.ts';

/** What a recipe runs in the container: everything but the container itself. Made of plain values only. */
export interface RecipePlan {
	toolkit: string;
	recipe: string;
	/** The text of its script. */
	script: string;
	/** Its inputs, as the script's environment has them. */
	env: { name: string; value: string }[];
	/** Its positional inputs. */
	args: string[];
	/** Seconds; undefined: as long as it takes. */
	timeout: number | undefined;
	output: Recipe['output'];
}

/** The text that a recipe, a helper or a preflight names. @throws UserError where the toolkit has no such script */
export function scriptOf(body: RecipeBody, scripts: Scripts): string {
	if ('run' in body) return body.run;
	const text = scripts[body.script];
	if (text === undefined) throw new UserError(`there is no script ${body.script} in this toolkit`);
	return text;
}

/**
 * What a recipe runs, with the values that were asked for.
 * @throws UserError where its script is missing
 */
export function planRecipe(toolkit: Toolkit, { recipe, values }: RecipeRequest, scripts: Scripts): RecipePlan {
	const positional = recipe.inputs.filter((input) => input.positional).map(({ name }) => values[name] ?? '');
	while (positional.length > 0 && positional.at(-1) === '') positional.pop();
	return {
		toolkit: toolkit.name,
		recipe: recipe.name,
		script: scriptOf(recipe.body, scripts),
		env: recipe.inputs.map(({ name }) => ({ name: inputVariable(name), value: values[name] ?? '' })),
		args: positional,
		timeout: recipe.timeout,
		output: recipe.output,
	};
}

/**
 * A toolkit as the container is planned for: once for its shell and all its recipes together, so that they share it. A
 * recipe with an image or a profile of its own has a container of its own; what a recipe needs, its container must have.
 */
export function toolkitFor(toolkit: Toolkit, recipe: Recipe | undefined): Toolkit {
	const own = recipe && (recipe.image !== undefined || recipe.profile !== undefined);
	const sharing = own
		? [recipe]
		: toolkit.recipes.filter(({ image, profile }) => image === undefined && profile === undefined);
	const all = new Set<Right>([
		...toolkit.needs,
		...toolkit.wants,
		...sharing.flatMap(({ needs, wants }) => [...needs, ...wants]),
	]);
	const needs = [...new Set([...toolkit.needs, ...(recipe?.needs ?? [])])];
	return {
		...toolkit,
		image: recipe?.image ?? toolkit.image,
		path: recipe?.image === undefined ? toolkit.path : [],
		profile: recipe?.profile ?? toolkit.profile,
		needs,
		wants: [...all],
	};
}

/**
 * The capabilities that a recipe gives up before it starts: those that its container was given for others. What any
 * container has stays: without it root could not look at a target that is root and has it.
 * @param asked what the command line added by name
 */
export function spareCapabilities(
	{ needs, wants }: Recipe,
	{ container }: Pick<Candidate, 'container'>,
	asked: string[],
): string[] {
	const context = container.securityContext;
	if (context?.privileged) return [];
	const kept = new Set([...needs, ...wants, ...asked.map((name) => name.toUpperCase().replace(/^CAP_/, ''))]);
	return (context?.capabilities?.add ?? []).filter((name) => !kept.has(name) && !RUNTIME_DEFAULTS.has(name));
}
