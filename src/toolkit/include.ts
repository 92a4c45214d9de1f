import type { Recipe, RecipeBody, RecipeSet, Scripts, Toolkit } from './toolkit.ts';

/** A set of recipes with the texts of its scripts. */
export interface SourcedSet {
	set: RecipeSet;
	scripts(): Promise<Scripts>;
}

/**
 * A toolkit with the recipes and helpers of the sets that it includes, and how the texts of all its scripts are had. What
 * the toolkit has itself comes first and stays; a set's scripts are called `SET:PATH`.
 * @param sets those known, by name
 */
export function includeSets(
	toolkit: Toolkit,
	own: () => Promise<Scripts>,
	sets: ReadonlyMap<string, SourcedSet>,
): { toolkit: Toolkit; scripts: () => Promise<Scripts> } {
	const included = toolkit.include.flatMap((name) => sets.get(name) ?? []);
	if (included.length === 0) return { toolkit, scripts: own };
	const names = new Set([...toolkit.recipes, ...toolkit.helpers].map(({ name }) => name));
	const fresh = <T extends { name: string }>(all: T[]): T[] =>
		all.filter(({ name }) => !names.has(name) && names.add(name));
	const recipes = included.flatMap(({ set }) => fresh(set.recipes).map((recipe) => moved(recipe, set.name)));
	const helpers = included.flatMap(({ set }) =>
		fresh(set.helpers).map(({ name, script }) => ({ name, script: key(set.name, script) })),
	);
	return {
		toolkit: { ...toolkit, recipes: [...toolkit.recipes, ...recipes], helpers: [...toolkit.helpers, ...helpers] },
		scripts: async () => {
			const all = await own();
			for (const { set, scripts } of included)
				for (const [path, text] of Object.entries(await scripts())) all[key(set.name, path)] = text;
			return all;
		},
	};
}

function moved(recipe: Recipe, set: string): Recipe {
	const body: RecipeBody = 'script' in recipe.body ? { script: key(set, recipe.body.script) } : recipe.body;
	return { ...recipe, body, ...(recipe.preflight !== undefined && { preflight: key(set, recipe.preflight) }) };
}

function key(set: string, path: string): string {
	return `${set}:${path}`;
}
