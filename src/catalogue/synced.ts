import { join } from 'node:path';
import { isMapping } from '../toolkit/fields.ts';
import { sha256 } from './digest.ts';
import { entryOf } from './entry.ts';
import type { Place } from './inspect.ts';
import type { ParsedCache } from './parsed-cache.ts';
import type { OurPaths } from './paths.ts';
import { FileTrouble, readRegular } from './read-file.ts';
import type { Source } from './source.ts';

/** What `toolkits sync` has pinned of a ConfigMap. */
export interface Pin {
	configMap: { namespace: string; name: string };
	/** The address of the API server that it came from. */
	server: string;
	resourceVersion: string;
	/** Of the texts, as they stand in the cache: hexadecimal SHA-256. */
	digest: string;
	/** The toolkits and sets in it, by name. */
	names: string[];
}

/** Bytes of the largest pin, and of the texts of a ConfigMap (etcd takes 1.5 MiB), as JSON. */
const LARGEST_PIN = 1 << 20;
const LARGEST_TEXTS = 16 << 20;

/** What is pinned; undefined: nothing ever was. @throws FileTrouble for a pin that is none, or that others may write */
export function readPin(paths: OurPaths): Pin | undefined {
	let text: string;
	try {
		const { bytes, own } = readRegular(paths.synced, LARGEST_PIN);
		if (!own) throw new FileTrouble('may be written by others');
		text = bytes.toString();
	} catch (error) {
		if (error instanceof FileTrouble && error.code === 'ENOENT') return undefined;
		throw error;
	}
	try {
		const pin: unknown = JSON.parse(text);
		if (isPin(pin)) return pin;
	} catch {
		// Not even JSON.
	}
	throw new FileTrouble('is damaged');
}

/** Where the texts of a pin are. */
export function textsFile(paths: OurPaths, digest: string): string {
	return join(paths.syncedTexts, `${digest}.json`);
}

/** The texts that are pinned, by name. @throws FileTrouble where the cache has lost them, or has others */
export function readTexts(paths: OurPaths, { digest }: Pick<Pin, 'digest'>): Record<string, string> {
	let bytes: Uint8Array;
	try {
		bytes = readRegular(textsFile(paths, digest), LARGEST_TEXTS).bytes;
	} catch (error) {
		if (!(error instanceof FileTrouble)) throw error;
		throw new FileTrouble(`is no longer in the cache; ${AGAIN}`);
	}
	if (sha256(bytes) !== digest) throw new FileTrouble(`is not in the cache as it was synced; ${AGAIN}`);
	return JSON.parse(Buffer.from(bytes).toString());
}

/** The toolkits of the ConfigMap that was synced last; undefined: none was. */
export async function readSynced(paths: OurPaths, cache: ParsedCache): Promise<Source | undefined> {
	const source: Source = { kind: 'team', name: '', trust: 'digest', entries: [], problems: [] };
	let pin: Pin | undefined;
	try {
		pin = readPin(paths);
	} catch (error) {
		if (!(error instanceof FileTrouble)) throw error;
		source.problems.push(`${paths.synced} ${error.message}; ${AGAIN}`);
		return source;
	}
	if (!pin) return undefined;
	source.name = nameOf(pin.configMap);
	for (const name of pin.names) {
		const held = { key: `${textsFile(paths, pin.digest)} ${name}`, state: pin.digest, settled: true };
		source.entries.push(await entryOf(placeIn(paths, pin, name), held, cache));
	}
	return source;
}

/** A ConfigMap as configuration names it whole. */
export function nameOf({ namespace, name }: Pin['configMap']): string {
	return `${namespace}/${name}`;
}

/** The place of a document that is a text of a ConfigMap. @param text @throws FileTrouble where it cannot be had */
export function placeInConfigMap(configMap: Pin['configMap'], name: string, text: () => string): Place {
	return {
		name,
		file: `ConfigMap ${nameOf(configMap)}, ${name}.yaml`,
		document: () => ({ bytes: Buffer.from(text()) }),
		script: () => {
			throw new FileTrouble('does not stand under files, where those of a ConfigMap are');
		},
	};
}

const AGAIN = 'kubectl ephemeral toolkits sync fetches it again';

function placeIn(paths: OurPaths, pin: Pin, name: string): Place {
	return placeInConfigMap(pin.configMap, name, () => {
		const texts = readTexts(paths, pin);
		return Object.hasOwn(texts, name) ? (texts[name] ?? '') : '';
	});
}

function isPin(value: unknown): value is Pin {
	if (!isMapping(value) || !isMapping(value.configMap) || !Array.isArray(value.names)) return false;
	const texts = [value.configMap.namespace, value.configMap.name, value.server, value.resourceVersion, value.digest];
	return (
		[...texts, ...value.names].every((text) => typeof text === 'string') && /^[0-9a-f]{64}$/.test(`${value.digest}`)
	);
}
