import type { Field } from './fields.ts';
import { API_VERSION, PROFILES } from './toolkit.ts';

/**
 * The keys of the format, once: what parsing checks (fields.ts) and what editors complete by (schema.ts). Rules that
 * hold between keys are in check.ts.
 */

// No name that every object has (constructor), since they are looked up by name.
const NAME = {
	test: /^(?!constructor$)[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
	say: 'lower-case letters, digits and dashes, at most 32',
};
const IMAGE = { test: /^[A-Za-z0-9]([\w.:/-]*\w)?(@sha256:[0-9a-f]{64})?$/, say: 'an image reference' };
const RIGHT = { test: /^(same-user|[A-Z][A-Z_]+)$/, say: 'same-user or a capability' };
const FILE = {
	test: /^(?!\/)(?!.*(^|\/)(\.{1,2}|__proto__)(\/|$))[\w./ -]+$/,
	say: 'a path below the folder of the toolkit',
};
/** As commands/duration.ts takes them. */
export const DURATION = { test: /^(\d+|(\d+(\.\d+)?(ms|s|m|h|d))+)$/, say: 'a duration like 90s or 1h30m' };

const TEST: Field = {
	type: 'object',
	description: 'Proves that an image has what is needed',
	fields: { run: { type: 'string', required: true, description: 'A line of sh that ends with 0' } },
};
const RIGHTS = (description: string): Field => ({ type: 'string[]', pattern: RIGHT, description });

const INPUT: Record<string, Field> = {
	type: {
		type: 'string',
		values: ['string', 'integer', 'boolean', 'duration', 'size', 'choice', 'port', 'path'],
		description: 'What values it takes; default: string',
	},
	description: { type: 'string', required: true, description: 'For the help' },
	required: { type: 'boolean' },
	default: { type: 'scalar', description: 'The value when none is given' },
	pattern: { type: 'string', description: 'A regular expression that the whole value must match' },
	choices: { type: 'string[]', description: 'The values of a choice' },
	positional: { type: 'boolean', description: 'A word behind NAME instead of a flag' },
	short: {
		type: 'string',
		pattern: { test: /^[A-Za-z0-9]$/, say: 'one letter' },
		description: 'One letter for the flag',
	},
};

const OUTPUT: Record<string, Field> = {
	kind: {
		type: 'string',
		required: true,
		values: ['interactive', 'text', 'json', 'file', 'files', 'stream', 'forward'],
		description: 'What comes back',
	},
	format: { type: 'string', description: 'What the bytes are, so that they are checked' },
	name: { type: 'string', description: 'The local file: {pod}-{time}.hprof' },
	port: { type: 'scalar', description: 'For forward: a port of the pod, or the name of an input of type port' },
};

const RECIPE: Record<string, Field> = {
	description: { type: 'string', required: true, description: 'For the help' },
	inputs: { type: 'objects', key: NAME, fields: INPUT, description: 'Each is a flag --NAME, unless positional' },
	run: { type: 'string', description: 'A line or two of POSIX sh' },
	script: { type: 'string', pattern: FILE, description: 'A file of POSIX sh' },
	image: { type: 'string', pattern: IMAGE, description: "Instead of the toolkit's" },
	profile: { type: 'string', values: PROFILES, description: "Instead of the toolkit's" },
	needs: RIGHTS('Rights without which it is refused'),
	wants: RIGHTS('Rights with which it does more'),
	user: { type: 'string', values: ['target', 'root'], description: 'Who runs it' },
	timeout: { type: 'string', pattern: DURATION, description: 'How long it may run' },
	preflight: { type: 'string', pattern: FILE, description: 'A script whose JSON feeds confirm and refuse' },
	confirm: { type: 'string', description: 'A question before it runs; {key} is filled by the preflight' },
	control: { type: 'string', values: ['stdin'], description: 'The script reads beat, stop and end from stdin' },
	output: { type: 'object', fields: OUTPUT, description: 'What comes back; default: text' },
	pods: { type: 'string', values: ['never', 'each', 'merge'], description: 'Whether it may run in several pods' },
	test: TEST,
};

/** What a toolkit and a set of recipes share. */
const SHARED: Record<string, Field> = {
	apiVersion: { type: 'string', required: true, values: [API_VERSION] },
	name: { type: 'string', required: true, pattern: NAME, description: "The folder's name" },
	description: { type: 'string', required: true, description: 'One line for lists' },
	helpers: { type: 'string[]', pattern: FILE, description: 'Scripts that are commands inside a session' },
	recipes: { type: 'objects', key: NAME, fields: RECIPE },
	files: { type: 'map', key: FILE, description: 'Texts of scripts, where there is no folder' },
};

/** The keys of `kind: Toolkit`. */
export const TOOLKIT: Record<string, Field> = {
	...SHARED,
	kind: { type: 'string', required: true, values: ['Toolkit'] },
	image: { type: 'string', required: true, pattern: IMAGE, description: 'A pinned image reference' },
	images: { type: 'map', key: NAME, pattern: IMAGE, description: 'Other images, by a short word for --image' },
	path: {
		type: 'string[]',
		pattern: { test: /^\/[^:\n]*$/, say: 'an absolute folder' },
		description: "Folders of tools that are not on the image's PATH",
	},
	target: {
		type: 'object',
		fields: { container: { type: 'string', required: true } },
		description: 'The container meant when none is named',
	},
	profile: { type: 'string', values: PROFILES, description: "auto, or a profile of kubectl debug's" },
	default: { type: 'boolean', description: 'Brought by commands that need any container of ours' },
	needs: RIGHTS('Rights without which nothing here works'),
	wants: RIGHTS('Rights with which more works'),
	shell: {
		type: 'object',
		fields: {
			command: { type: 'string[]', description: 'Programs to try in this order' },
			root: { type: 'string', values: ['target', 'debug'], description: 'What / is' },
		},
		description: 'What a bare TOOLKIT POD opens',
	},
	include: { type: 'string[]', pattern: NAME, description: 'Sets of recipes that it has too' },
	test: TEST,
};

/** The keys of `kind: Recipes`. */
export const RECIPES: Record<string, Field> = {
	...SHARED,
	kind: { type: 'string', required: true, values: ['Recipes'] },
};
