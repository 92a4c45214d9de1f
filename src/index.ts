/**
 * What authors of extension packages write against: types, and nothing that runs. The host calls the package's `toolkits`
 * hook and passes what it may call, so that a package needs nothing of ours where it runs.
 *
 *   "oclif": {"hooks": {"toolkits": "./toolkits.js"}, "commands": "./commands"}
 *
 * The names of commands: the first word is no command's of kubectl ephemeral and no toolkit's, but that of a toolkit that
 * the same package gives. `acme:report` is then `kubectl ephemeral acme report` beside `kubectl ephemeral acme POD`; its
 * second word is no recipe of that toolkit.
 */
import type { RecipesDocument, ToolkitDocument } from './toolkit/document.ts';

export type {
	InputDocument as Input,
	OutputDocument as Output,
	ProfileWord as Profile,
	RecipeDocument as Recipe,
	RecipesDocument as Recipes,
	ToolkitDocument as Toolkit,
} from './toolkit/document.ts';

/** What the host gives to a `toolkits` hook. */
export interface ToolkitsHookOptions {
	/**
	 * The toolkits of a folder of `NAME/toolkit.yaml` folders, scripts included.
	 * @param folder `new URL('./toolkits', import.meta.url)`, or a path from the package's folder
	 */
	loadToolkits(folder: string | { readonly href: string }): Promise<(ToolkitDocument | RecipesDocument)[]>;
}

/** The default export of the module that `oclif.hooks.toolkits` of a package.json names. */
export type ToolkitsHook = (
	options: ToolkitsHookOptions,
) => (ToolkitDocument | RecipesDocument)[] | Promise<(ToolkitDocument | RecipesDocument)[]>;
