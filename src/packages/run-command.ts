import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Config, Help, type Interfaces, Plugin } from '@oclif/core';
import { UserError } from '../errors.ts';
import { readFacts } from './facts.ts';
import type { PackagePaths } from './index-file.ts';
import { type NamedCommand, sayId } from './names.ts';
import { openPlugin } from './oclif.ts';
import { goneFrom, rootOf } from './read.ts';

/**
 * Run a command of an extension package as oclif runs one: with the package's own hooks, `--help`, and argv as it is.
 * @param host the program, as commands see it in their `config`
 * @returns the exit code
 * @throws UserError for one that cannot be loaded; whatever the command throws
 */
export async function runPackageCommand(
	{ command, owner }: NamedCommand,
	argv: string[],
	host: { name: string; version: string },
	paths: PackagePaths,
): Promise<number> {
	const { id } = command;
	const root = rootOf(owner, paths);
	if (!existsSync(join(root, 'package.json'))) throw goneFrom(owner, root);
	// oclif would start a PowerShell to ask which shell this is.
	if (process.platform === 'win32') process.env.SHELL ??= process.env.COMSPEC ?? 'cmd.exe';
	let config: Config;
	let loadable: Command.Loadable;
	let loaded: Command.Class;
	try {
		const plugin = await openPlugin(root, await readFacts(root, `the extension package ${owner.name}`), [id]);
		config = await configOf(host, plugin);
		loadable = config.findCommand(id, { must: true });
		loaded = await loadable.load();
	} catch (cause) {
		const why = cause instanceof Error ? cause.message.split('\n')[0] || cause.name : String(cause);
		throw new UserError(
			`the command "${sayId(id)}" of the extension package ${owner.name} ${owner.version} cannot be loaded: ${why}`,
			undefined,
			{ cause },
		);
	}
	await config.runHook('init', { id, argv });
	let failure: Error | undefined;
	try {
		if (wantsHelp(argv, loaded))
			await new Help(config, { hideCommandSummaryInDescription: true }).showHelp([...id.split(':')]);
		else await config.runCommand(id, argv);
	} catch (error) {
		failure = error instanceof Error ? error : new Error(String(error));
		throw error;
	} finally {
		await config.runHook('finally', { id, argv, Command: loadable, error: failure });
	}
	return Number(process.exitCode ?? 0);
}

/** oclif's Config of this program, that knows the one package only: hooks of others have nothing to say here. */
async function configOf({ name, version }: { name: string; version: string }, plugin: Plugin): Promise<Config> {
	const pjson: Interfaces.PJSON = {
		name,
		version,
		oclif: {
			bin: 'kubectl ephemeral',
			binAliases: ['kubectl-ephemeral'],
			dirname: 'kubectl-ephemeral',
			topicSeparator: ' ',
		},
	};
	const host = new Plugin({ root: '/', name, pjson, isRoot: true, type: 'core', ignoreManifest: true });
	await host.load();
	const plugins = new Map([host, plugin].map((one) => [one.name, one]));
	const config = new Config({ root: '/', plugins });
	await config.load();
	return config;
}

/** `--help` anywhere before `--`, and `-h` where the command means nothing else by it. */
function wantsHelp(argv: string[], { flags, baseFlags }: Command.Class): boolean {
	const own = Object.entries({ ...baseFlags, ...flags }).some(([name, { char }]) => char === 'h' && name !== 'help');
	const end = argv.indexOf('--');
	return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === '--help' || (word === '-h' && !own));
}
