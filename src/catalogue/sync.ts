import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { getConfigMap } from '../cluster/config-maps.ts';
import type { Connection } from '../cluster/connect.ts';
import { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { boxSource } from './box.ts';
import { checkEntry } from './check.ts';
import { sha256 } from './digest.ts';
import { entryOf } from './entry.ts';
import { setsFor } from './includes.ts';
import type { Finding } from './inspect.ts';
import { NO_CACHE } from './parsed-cache.ts';
import type { OurPaths } from './paths.ts';
import { FileTrouble } from './read-file.ts';
import type { Source } from './source.ts';
import { nameOf, type Pin, placeInConfigMap, readPin, readTexts, textsFile } from './synced.ts';
import { replaceFile } from './write-file.ts';

/** What a sync has changed. */
export interface Synced {
	pin: Pin;
	added: string[];
	changed: string[];
	gone: string[];
	/** Keys that are no `NAME.yaml`. */
	passedOver: string[];
	/** What is wrong with what came; it is kept all the same, and told wherever it is used. */
	findings: Finding[];
}

const KEY = /^([a-z][a-z0-9-]*)\.yaml$/;

/**
 * Fetch the team's ConfigMap, and pin what is in it. Where that fails, what was pinned before stays as it is.
 * @throws UserError, ApiError
 */
export async function syncToolkits(
	connection: Connection,
	configMap: Pin['configMap'],
	paths: OurPaths,
): Promise<Synced> {
	const { data, metadata } = await getConfigMap(connection, configMap.namespace, configMap.name);
	const texts: Record<string, string> = {};
	const passedOver: string[] = [];
	for (const [key, text] of Object.entries(isMapping(data) ? data : {}).sort(([one], [other]) =>
		one < other ? -1 : 1,
	)) {
		const [, name] = KEY.exec(key) ?? [];
		if (name === undefined || typeof text !== 'string') passedOver.push(key);
		else texts[name] = text;
	}
	const content = JSON.stringify(texts);
	const pin: Pin = {
		configMap,
		server: connection.server.href,
		resourceVersion: String(metadata?.resourceVersion ?? ''),
		digest: sha256(content),
		names: Object.keys(texts),
	};
	const before = textsBefore(paths);
	try {
		replaceFile(textsFile(paths, pin.digest), content);
		replaceFile(paths.synced, `${JSON.stringify(pin, null, '\t')}\n`);
	} catch (error) {
		const { code, path } = error as NodeJS.ErrnoException;
		throw new UserError(`${path ?? paths.synced} cannot be written: ${code}`);
	}
	removeOthers(paths, [pin.digest, before.digest]);
	return {
		pin,
		added: pin.names.filter((name) => !Object.hasOwn(before.texts, name)),
		changed: pin.names.filter((name) => Object.hasOwn(before.texts, name) && before.texts[name] !== texts[name]),
		gone: Object.keys(before.texts).filter((name) => !Object.hasOwn(texts, name)),
		passedOver,
		findings: await check(configMap, texts),
	};
}

/** Forget what was synced. @returns whether there was something */
export function forgetSynced(paths: OurPaths): boolean {
	const { digest } = textsBefore(paths);
	rmSync(paths.synced, { force: true });
	removeOthers(paths, []);
	return digest !== undefined;
}

async function check(configMap: Pin['configMap'], texts: Record<string, string>): Promise<Finding[]> {
	const source: Source = { kind: 'team', name: nameOf(configMap), trust: 'digest', entries: [], problems: [] };
	for (const [name, text] of Object.entries(texts)) {
		const held = { key: name, state: '', settled: false };
		source.entries.push(
			await entryOf(
				placeInConfigMap(configMap, name, () => text),
				held,
				NO_CACHE,
			),
		);
	}
	const sets = setsFor(source, await boxSource());
	return (await Promise.all(source.entries.map((entry) => checkEntry(entry, sets)))).flat();
}

/** What was pinned before, as far as it can still be told; of a text that is lost, only that it was there. */
function textsBefore(paths: OurPaths): { digest?: string; texts: Record<string, string | undefined> } {
	let pin: Pin | undefined;
	try {
		pin = readPin(paths);
		return pin ? { digest: pin.digest, texts: readTexts(paths, pin) } : { texts: {} };
	} catch (error) {
		if (!(error instanceof FileTrouble)) throw error;
		return pin
			? { digest: pin.digest, texts: Object.fromEntries(pin.names.map((name) => [name, undefined])) }
			: { texts: {} };
	}
}

/** A run that reads the former pin at this moment still finds its texts; older ones go. */
function removeOthers(paths: OurPaths, digests: (string | undefined)[]): void {
	try {
		for (const file of readdirSync(paths.syncedTexts))
			if (!digests.includes(file.replace(/\.json$/, ''))) rmSync(join(paths.syncedTexts, file), { force: true });
	} catch {
		// A cache.
	}
}
