import { Flags } from '@oclif/core';
import { loadConfiguration } from '../catalogue/load-configuration.ts';
import type { Catalogue } from '../catalogue/open.ts';
import { type OurPaths, ourPaths } from '../catalogue/paths.ts';
import type { Connection } from '../cluster/connect.ts';
import { UsageError, UserError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import type { Configuration } from '../toolkit/configuration.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { BaseCommand } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS, SESSION_FLAGS } from './flags.ts';

const { image, profile, 'run-as': runAs, new: fresh, yes } = SESSION_FLAGS;
const { 'show-role': _, ...POD } = POD_FLAGS;

/** The flags of `toolkits test`, beside those of every command: a pod, and what container is brought. */
const TEST_FLAGS = { ...POD, image, profile, 'run-as': runAs, new: fresh, yes };

/** The flags of toolkits. */
export const TOOLKITS_FLAGS = {
	...CONNECTION_FLAGS,
	...TEST_FLAGS,
	output: Flags.string({
		char: 'o',
		description: 'json, yaml, or name (a list)',
		options: ['json', 'yaml', 'name'],
	}),
	files: Flags.string({ description: 'Write the folder of the toolkit into this one (show)' }),
	overwrite: Flags.boolean({ description: 'Replace files that are there already (show)' }),
	own: Flags.boolean({ description: 'In your own folder, where it needs no trust, instead of the current one (new)' }),
};

/** The values of those flags, as parsed. */
export type ToolkitsValues = Parameters<BaseCommand['connect']>[0] & {
	container?: string | undefined;
	selector?: string | undefined;
	pick?: boolean | undefined;
	quiet?: boolean | undefined;
	timeout?: string | undefined;
	image?: string | undefined;
	profile?: string | undefined;
	'run-as'?: string | undefined;
	new?: boolean | undefined;
	yes?: boolean | undefined;
	output?: string | undefined;
	files?: string | undefined;
	overwrite?: boolean | undefined;
	own?: boolean | undefined;
};

/** What the verbs of `toolkits` work with. */
export interface ToolkitsContext {
	catalogue: Catalogue;
	configuration(): Promise<Configuration>;
	paths: OurPaths;
	words: string[];
	flags: ToolkitsValues;
	connect(): Promise<Connection>;
	/** Of the program. */
	version: string;
}

/** One of the verbs. */
interface Verb {
	/** The flags it has beside those of every command. */
	flags: readonly (keyof ToolkitsValues)[];
	/** How many words stand behind it. */
	words: [least: number, most: number];
	/** Carries it out. @returns the exit code */
	run(context: ToolkitsContext): Promise<number>;
}

const VERBS: Readonly<Record<string, Verb>> = {
	list: {
		flags: ['output'],
		words: [0, 0],
		run: async (context) => (await import('./toolkits-list.ts')).listToolkits(context),
	},
	show: {
		flags: ['output', 'files', 'overwrite'],
		words: [1, 1],
		run: async (context) => (await import('./toolkits-show.ts')).showToolkit(context),
	},
	new: {
		flags: ['own'],
		words: [1, 1],
		run: async (context) => (await import('./toolkits-new.ts')).newToolkit(context),
	},
	check: {
		flags: ['output'],
		words: [0, 1],
		run: async (context) => (await import('./toolkits-check.ts')).checkToolkits(context),
	},
	test: {
		flags: [...Object.keys(CONNECTION_FLAGS), ...Object.keys(TEST_FLAGS), 'output'] as (keyof ToolkitsValues)[],
		words: [1, 3],
		run: async (context) => (await import('./toolkits-test.ts')).testCommand(context),
	},
	trust: {
		flags: [],
		words: [1, Number.POSITIVE_INFINITY],
		run: async (context) => (await import('./toolkits-trust.ts')).trustToolkits(context),
	},
	untrust: {
		flags: [],
		words: [1, Number.POSITIVE_INFINITY],
		run: async (context) => (await import('./toolkits-trust.ts')).untrustToolkits(context),
	},
	sync: {
		flags: Object.keys(CONNECTION_FLAGS) as (keyof ToolkitsValues)[],
		words: [0, 0],
		run: async (context) => (await import('./toolkits-sync.ts')).syncCommand(context),
	},
	schema: {
		flags: [],
		words: [0, 0],
		run: async () => (await import('./toolkits-new.ts')).printSchema(),
	},
};

/** `kubectl ephemeral toolkits`: what toolkits there are, where from, and whether they may run. */
export class ToolkitsCommand extends BaseCommand {
	static override id = 'toolkits';
	static override strict = false;
	static override summary = 'List toolkits, show, make, check, test and trust them';
	static override usage = [
		'toolkits [list] [-o json|yaml|name]',
		'toolkits show NAME [-o json|yaml] [--files DIR [--overwrite]]',
		'toolkits new NAME [--own]',
		'toolkits check [DIR] [-o json|yaml]',
		'toolkits test NAME (POD | TYPE/NAME | -l SELECTOR) [flags]',
		'toolkits trust NAME[@sha256:…]…',
		'toolkits untrust NAME…',
		"toolkits sync [kubectl's options]",
		'toolkits schema',
	];
	static override examples = [
		'# All there are, where they come from, and whether they may run\nkubectl ephemeral toolkits',
		'# A new one, whole and ready to be changed\nkubectl ephemeral toolkits new acme',
		'# What is wrong with those in a folder\nkubectl ephemeral toolkits check ./toolkits',
	];
	static override flags = TOOLKITS_FLAGS;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: TOOLKITS_FLAGS, strict: false });
		if (this.invocation.rest !== undefined) throw new UsageError('toolkits runs no command');
		const [name = 'list', ...words] = argv as string[];
		const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
		if (!verb) throw unknownVerb(name);
		checkLine(name, verb, words, flags);
		const paths = ourPaths(process.env);
		return verb.run({
			catalogue: this.invocation.catalogue,
			configuration: () => loadConfiguration(paths),
			paths,
			words,
			flags,
			connect: () => this.connect(flags),
			version: this.config.version,
		});
	}
}

/**
 * The toolkit of a name.
 * @throws UserError for one that is not known, or that cannot be used
 */
export function findToolkit({ toolkits, disabled }: Catalogue, name: string): SourcedToolkit {
	const found = toolkits.find(({ toolkit }) => toolkit.name === name);
	if (found) return found;
	const why = disabled.get(name);
	if (why) throw why;
	const near = nearest(name, [...toolkits.map(({ toolkit }) => toolkit.name), ...disabled.keys()]);
	throw new UserError(
		`there is no toolkit "${name}"`,
		near ? `Did you mean ${near}?` : 'kubectl ephemeral toolkits lists them.',
	);
}

function checkLine(name: string, verb: Verb, words: string[], flags: ToolkitsValues): void {
	const always = ['help', 'v'];
	for (const flag of Object.keys(flags) as (keyof ToolkitsValues)[])
		if (flags[flag] !== undefined && !always.includes(flag) && !verb.flags.includes(flag))
			throw new UsageError(`unknown flag: --${flag}`, `toolkits ${name} has no such flag.`);
	const [least, most] = verb.words;
	const usage = ToolkitsCommand.usage.find((line) => line.split(/[ [\]]+/)[1] === name);
	if (words.length < least) throw new UsageError(`toolkits ${name} takes more words`, usage && `Usage: ${usage}`);
	if (words.length > most)
		throw new UsageError(`unexpected "${words[most]}" behind toolkits ${name}`, usage && `Usage: ${usage}`);
}

function unknownVerb(word: string): UsageError {
	const verbs = Object.keys(VERBS);
	const near = nearest(word, verbs);
	return new UsageError(
		`unknown command "toolkits ${word}"`,
		near ? `Did you mean ${near}?` : `It is one of ${sayList(verbs, 'or')}.`,
	);
}
