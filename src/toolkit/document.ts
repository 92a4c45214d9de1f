/**
 * A toolkit as it is written: what a `toolkit.yaml` holds, and what the `toolkits` hook of an extension package gives.
 * This file is the reference of the format `ephemeral/v1`, and imports nothing, so that it is what authors' types come from.
 */

/** A toolkit as written. Paths are below its folder, or keys of `files`. */
export interface ToolkitDocument {
	apiVersion: 'ephemeral/v1';
	kind: 'Toolkit';
	/** The folder's name; no command's and no resource kind's. */
	name: string;
	/** One line for lists. */
	description: string;
	/** A pinned image reference. */
	image: string;
	/**
	 * Other images with what the recipes need, by a short word for `--image`; of a toolkit in the box for every command.
	 */
	images?: Record<string, string>;
	/** Folders that hold the image's tools and are not on its PATH; they are put before it. */
	path?: string[];
	/** The container meant when the user names none. */
	target?: { container: string };
	/** `auto` (the default), or a profile of kubectl debug's by name. */
	profile?: ProfileWord;
	/** Rights without which nothing here works: `same-user` (the target's uid and gid) or a Linux capability. */
	needs?: string[];
	/** Rights with which more works. */
	wants?: string[];
	/** What a bare `TOOLKIT POD` opens; `command` are programs to try in this order, `root` is what `/` is (default debug). */
	shell?: { command?: string[]; root?: 'target' | 'debug' };
	/** Brought where a command needs any container of ours, as `cp` does. */
	default?: boolean;
	/** Scripts that are commands inside a session, each called like its file without `.sh`. */
	helpers?: string[];
	/** Sets of recipes and helpers that this toolkit has too; its own of the same name come first. */
	include?: string[];
	recipes?: Record<string, RecipeDocument>;
	/** Proves that an image has what the recipes need (`toolkits test`). */
	test?: { run: string };
	/** Texts of scripts by their path, where there is no folder to hold them. */
	files?: Record<string, string>;
}

/** Recipes without an image, to be included by toolkits. */
export interface RecipesDocument
	extends Pick<ToolkitDocument, 'apiVersion' | 'name' | 'description' | 'helpers' | 'recipes' | 'files'> {
	kind: 'Recipes';
}

/** The profiles by name: ours, and kubectl's. */
export type ProfileWord = 'auto' | 'general' | 'baseline' | 'restricted' | 'netadmin' | 'sysadmin' | 'legacy';

/** A declared piece of work: a script in the container, what it is given, and what comes back. */
export interface RecipeDocument {
	description: string;
	/** By name; the order is that of the help and of positional ones. */
	inputs?: Record<string, InputDocument>;
	/** A line or two of POSIX sh. One of `run` and `script` is there. */
	run?: string;
	/** A file of POSIX sh, that begins with `#!/bin/sh`. */
	script?: string;
	/** Instead of the toolkit's. */
	image?: string;
	/** Instead of the toolkit's. */
	profile?: ProfileWord;
	/** Rights without which this recipe is refused, before anything is added. */
	needs?: string[];
	wants?: string[];
	/** Who runs it: the container's own user when nothing is said. */
	user?: 'target' | 'root';
	/** How long it may run, as a duration: 90s, 15m. */
	timeout?: string;
	/** A script whose JSON is asked before anything is done: `refuse` is a reason not to, other keys fill `confirm`. */
	preflight?: string;
	/** A question before it runs; `{key}` is filled by the preflight. */
	confirm?: string;
	/** The script reads `beat`, `stop` and `end` from its stdin. */
	control?: 'stdin';
	output?: OutputDocument;
	/** Whether it may run in several pods: `each` by itself, `merge` where its format makes one of all. */
	pods?: 'never' | 'each' | 'merge';
	test?: { run: string };
}

/** What comes back of a recipe. */
export interface OutputDocument {
	/** interactive: a terminal; text, json: standard output; file, files: what is left in $OUT; stream: bytes; forward: ports. */
	kind: 'interactive' | 'text' | 'json' | 'file' | 'files' | 'stream' | 'forward';
	/** What the bytes are, so that they are checked. */
	format?: string;
	/** The local file's name: `{pod}-{time}.hprof`; also {namespace}, {container}, {toolkit}, {recipe}, {node}. */
	name?: string;
	/** For forward: the port in the pod, a number or the name of an input of type port. */
	port?: number | string;
}

/** What a recipe is given: a flag `--NAME`, unless it is positional. */
export interface InputDocument {
	/** Default: string. */
	type?: 'string' | 'integer' | 'boolean' | 'duration' | 'size' | 'choice' | 'port' | 'path';
	description: string;
	required?: boolean;
	default?: string | number | boolean;
	/** A regular expression that the whole value must match. */
	pattern?: string;
	/** The values of a choice. */
	choices?: string[];
	/** A word behind NAME instead of a flag. */
	positional?: boolean;
	/** One letter for the flag. */
	short?: string;
}
