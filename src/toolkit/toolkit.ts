import type { InputDocument, OutputDocument } from './document.ts';

/** The only version of the format there is so far. */
export const API_VERSION = 'ephemeral/v1';

/** What `profile` may say: ours, and kubectl's by name. */
export const PROFILES = ['auto', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin', 'legacy'] as const;

/** A right a toolkit's programs need or want: a Linux capability (`NET_RAW`) or the target's own uid and gid. */
export type Right = 'same-user' | (string & {});

/** The shell that a bare `TOOLKIT POD` opens. */
export interface ToolkitShell {
	/** Programs to try in this order; without it the best of bash, zsh, ash and sh that the image has. */
	command?: string[];
	/** Whether `/` is the target's root or the debug image's. */
	root: 'target' | 'debug';
}

/** A toolkit as the program uses it: read from a document (document.ts says what each key means), everything filled in. */
export interface Toolkit {
	name: string;
	description: string;
	image: string;
	images: Record<string, string>;
	path: string[];
	target?: { container: string };
	profile: string;
	needs: Right[];
	wants: Right[];
	shell: ToolkitShell;
	default: boolean;
	helpers: Helper[];
	include: string[];
	recipes: Recipe[];
	/** A line of sh. */
	test?: string;
}

/** A set of recipes and helpers, to be included. */
export type RecipeSet = Pick<Toolkit, 'name' | 'description' | 'helpers' | 'recipes'>;

/** A script that is a command inside a session. */
export interface Helper {
	name: string;
	/** Where its text is: a key of the toolkit's scripts. */
	script: string;
}

/** What a recipe runs: a line, or a script by its key among the toolkit's. */
export type RecipeBody = { run: string } | { script: string };

/** A recipe as the program uses it. */
export interface Recipe {
	name: string;
	description: string;
	/** In the order declared. */
	inputs: Input[];
	body: RecipeBody;
	image?: string;
	profile?: string;
	needs: Right[];
	wants: Right[];
	user?: 'target' | 'root';
	/** Seconds. */
	timeout?: number;
	/** A key of the toolkit's scripts. */
	preflight?: string;
	confirm?: string;
	control: boolean;
	output: Output;
	pods: 'never' | 'each' | 'merge';
	/** A line of sh. */
	test?: string;
}

export type OutputKind = OutputDocument['kind'];

/** What comes back of a recipe. */
export interface Output {
	kind: OutputKind;
	format?: string;
	name?: string;
	port?: number | string;
}

export type InputType = NonNullable<InputDocument['type']>;

/** What a recipe is given. */
export interface Input {
	name: string;
	type: InputType;
	description: string;
	required: boolean;
	/** As a user would write it. */
	default?: string;
	pattern?: string;
	choices?: string[];
	positional: boolean;
	short?: string;
}

/** The texts of a toolkit's scripts, by key. */
export type Scripts = Record<string, string>;

/** Where toolkits come from: the box, an extension package, the team (a folder or a ConfigMap), the user's own folder. */
export type SourceKind = 'built-in' | 'package' | 'team' | 'user';

/**
 * What it takes to run a toolkit of a source: nothing (`none`); that nobody else may write it (`own`); a yes (`named`: the
 * same invocation names it); a digest that the user has agreed to (`digest`).
 */
export type TrustRule = 'none' | 'own' | 'named' | 'digest';

/** A toolkit with the place it came from, for messages, for the list of toolkits and for trust. */
export interface SourcedToolkit {
	toolkit: Toolkit;
	kind: SourceKind;
	/** `built-in`, or the file, package or ConfigMap it was read from. */
	source: string;
	/** Its source as configuration names it whole: a folder, a package's name, `NAMESPACE/NAME` of a ConfigMap. */
	origin: string;
	trust: TrustRule;
	/** The texts of its scripts, read when they are needed. @throws UserError for one that is missing or no script */
	scripts(): Promise<Scripts>;
	/** All that it consists of; the scripts are those that `scripts` gives. @throws UserError as `scripts` does */
	contents(): Promise<Contents>;
}

/** All that a toolkit consists of. */
export interface Contents {
	/**
	 * By path from its folder: `toolkit.yaml` (of a package, which has only its value, `toolkit.json`), each script that it
	 * names, and the same of the sets of its own source that it includes, as `../SET/…`.
	 */
	parts: Record<string, string>;
	/** One of the files or folders that others than this user and root may write, where there is one. */
	writable?: string;
}
