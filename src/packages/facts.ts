import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Interfaces } from '@oclif/core';
import { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { isPackageName } from './asked.ts';

/** What a package says about itself, as far as we want to know it. */
export interface PackageFacts {
	name: string;
	version: string;
	/** What oclif reads: all of its package.json. */
	json: Interfaces.PJSON;
	/** Its `toolkits` hooks, as written; undefined where it has none. */
	hooks: unknown;
	/** Whether it says where commands are. */
	hasCommands: boolean;
}

/**
 * The package.json of an extension package.
 * @param root its folder
 * @param what names it in messages
 * @throws UserError for what is none
 */
export async function readFacts(root: string, what: string): Promise<PackageFacts> {
	let json: unknown;
	try {
		json = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
	} catch (error) {
		const missing = (error as NodeJS.ErrnoException).code !== undefined;
		throw new UserError(`${what} has ${missing ? 'no package.json' : 'a package.json that is no JSON'}`, undefined, {
			cause: error,
		});
	}
	const { name, version, oclif } = isMapping(json) ? json : {};
	if (typeof name !== 'string' || !isPackageName(name) || typeof version !== 'string' || !/^[\w.+-]+$/.test(version))
		throw new UserError(`${what} has a package.json without a valid name and version`);
	const { hooks, commands } = isMapping(oclif) ? oclif : {};
	const toolkits = isMapping(hooks) ? hooks.toolkits : undefined;
	if (toolkits === undefined && commands === undefined)
		throw new UserError(
			`${what} is no extension package: its package.json has neither oclif.hooks.toolkits nor oclif.commands`,
		);
	return {
		name,
		version,
		json: json as unknown as Interfaces.PJSON,
		hooks: toolkits,
		hasCommands: commands !== undefined,
	};
}
