import { Flags } from '@oclif/core';
import { ourPaths } from '../catalogue/paths.ts';
import { UsageError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import { BaseCommand } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS } from './flags.ts';
import type { PackagesContext } from './packages-verbs.ts';

/** The flags of plugins. */
export const PACKAGES_FLAGS = {
	output: Flags.string({ char: 'o', description: 'json, yaml or name: of list', options: ['json', 'yaml', 'name'] }),
	quiet: POD_FLAGS.quiet,
	v: Flags.string({ char: 'v', description: 'Say more: 6 shows what the package manager said', helpGroup: 'GLOBAL' }),
	help: CONNECTION_FLAGS.help,
};

/** What is said about `plugins`: with how many words, and what they are. */
const VERBS = {
	install: { least: 1, most: 1, usage: 'plugins install (NAME[@VERSION] | FILE.tgz)' },
	link: { least: 1, most: 1, usage: 'plugins link FOLDER' },
	list: { least: 0, most: 0, usage: 'plugins [list] [-o json|yaml|name]' },
	update: { least: 0, most: Number.POSITIVE_INFINITY, usage: 'plugins update [NAME…]' },
	uninstall: { least: 1, most: Number.POSITIVE_INFINITY, usage: 'plugins uninstall NAME…' },
};

type Verb = keyof typeof VERBS;

/** `kubectl ephemeral plugins`: the extension packages of this machine. */
export class PackagesCommand extends BaseCommand {
	static override id = 'plugins';
	static override strict = false;
	static override summary = 'Install, update and remove extension packages: npm packages with toolkits and commands';
	static override usage = Object.values(VERBS).map(({ usage }) => usage);
	static override examples = [
		'# From the registry that ~/.npmrc names\nkubectl ephemeral plugins install @acme/ephemeral@^2',
		'# From a file, without a network\nkubectl ephemeral plugins install ./acme-ephemeral-2.1.0.tgz',
		'# What is installed, from where, and its integrity\nkubectl ephemeral plugins list',
	];
	static override flags = PACKAGES_FLAGS;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: PACKAGES_FLAGS, strict: false });
		if (this.invocation.rest !== undefined) throw new UsageError('plugins runs no command');
		const [word = 'list', ...words] = argv as string[];
		const verb = checkedVerb(word, words.length);
		if (flags.output !== undefined && verb !== 'list') throw new UsageError(`plugins ${verb} has no -o`);
		const { packages, packagesFolder } = ourPaths(process.env);
		const context: PackagesContext = {
			paths: { index: packages, folder: packagesFolder },
			toolkits: this.invocation.toolkits,
			output: flags.output as PackagesContext['output'],
			quiet: flags.quiet ?? false,
			verbose: Number(flags.v ?? 0) >= 6,
		};
		const { runVerb } = await import('./packages-verbs.ts');
		return runVerb(verb, words, context);
	}
}

/** @throws UsageError for what is none, or has too few words or too many behind it */
function checkedVerb(word: string, count: number): Verb {
	const verbs = Object.keys(VERBS) as Verb[];
	const verb = verbs.find((one) => one === word);
	if (verb === undefined) {
		const near = nearest(word, verbs);
		throw new UsageError(
			`unknown command "plugins ${word}" for "kubectl ephemeral"`,
			near ? `Did you mean plugins ${near}?` : `It is one of ${sayList(verbs, 'or')}.`,
		);
	}
	const { least, most, usage } = VERBS[verb];
	if (count < least || count > most)
		throw new UsageError(`plugins ${verb} takes ${count < least ? 'more' : 'fewer'} words`, `Usage: ${usage}`);
	return verb;
}
