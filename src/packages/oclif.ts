import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Interfaces, Plugin, settings } from '@oclif/core';
import { isMapping } from '../toolkit/fields.ts';
import { contained } from './contain.ts';
import type { PackageFacts } from './facts.ts';
import { shareHost } from './host.ts';
import type { PackageCommand } from './index-file.ts';

/** oclif's Plugin with the two of its methods that are not said to be for us. */
type OpenPlugin = Pick<Plugin, keyof Plugin> & { getCommandIDs(): Promise<string[]> };
const OpenPlugin = Plugin as unknown as new (options: Interfaces.Options) => OpenPlugin;

/** An extension package as oclif knows one; of its commands, where no manifest tells of them, only some are loaded. */
class PackagePlugin extends OpenPlugin {
	readonly #only: string[] | undefined;
	constructor(options: Interfaces.Options, only: string[] | undefined) {
		super(options);
		this.#only = only;
	}

	override async getCommandIDs(): Promise<string[]> {
		return this.#only ?? super.getCommandIDs();
	}
}

/**
 * An extension package, loaded by oclif. Its manifest (`oclif.manifest.json`) tells of its commands where it has one of
 * its own version; else their modules do.
 * @param only the ids of the commands wanted; all of them by default
 * @throws whatever a module of a command throws when it is imported
 */
export async function openPlugin(root: string, { json, version }: PackageFacts, only?: string[]): Promise<Plugin> {
	await shareHost();
	// TypeScript is understood by Bun and Node themselves; oclif would look for a compiler in the package.
	settings.enableAutoTranspile = false;
	const plugin = new PackagePlugin(
		{
			root,
			// oclif fills in what is missing.
			pjson: structuredClone(json),
			type: 'user',
			ignoreManifest: !(await hasManifest(root, version)),
			errorOnManifestCreate: true,
		},
		only,
	);
	await plugin.load();
	return plugin as unknown as Plugin;
}

/** The commands of a package, for its entry in the index. @throws as openPlugin does */
export async function listCommands(root: string, facts: PackageFacts): Promise<PackageCommand[]> {
	if (!facts.hasCommands) return [];
	const { commands } = await contained(() => openPlugin(root, facts));
	return commands.map(({ id, summary, description, hidden, aliases, hiddenAliases }) => ({
		id,
		summary: (summary ?? description ?? '').split('\n')[0]?.trim() ?? '',
		hidden: hidden ?? false,
		aliases: [...(aliases ?? []), ...(hiddenAliases ?? [])].map((alias) => alias.replaceAll(' ', ':')),
	}));
}

async function hasManifest(root: string, version: string): Promise<boolean> {
	try {
		const manifest: unknown = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8'));
		return isMapping(manifest) && isMapping(manifest.commands) && manifest.version === version;
	} catch {
		return false;
	}
}
