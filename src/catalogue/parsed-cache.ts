import type { BigIntStats } from 'node:fs';
import { isMapping } from '../toolkit/fields.ts';
import { readRegular } from './read-file.ts';
import type { Document } from './source.ts';
import { replaceFile } from './write-file.ts';

/** What became of a document: what it describes, with the digest of its bytes, or why it describes nothing. */
export type Known =
	| { document: Document; digest: string /** Whether scripts stand in it. */; inline: boolean }
	| { problem: string };

/**
 * Documents as they were parsed, by path; what is known of a file holds as long as its size, its times and its place on the
 * disk do. A cache: losing it costs a reading, so nothing here ever fails.
 */
export interface ParsedCache {
	get(path: string, state: string): Known | undefined;
	put(path: string, state: string, known: Known): void;
	/** A path whose content turned out to be other than its state tells. */
	forget(path: string): void;
	/** Write what has changed, if anything has. */
	save(): void;
}

/** For what is read once. */
export const NO_CACHE: ParsedCache = { get: () => undefined, put() {}, forget() {}, save() {} };

/** Bytes of the largest cache that is read. */
const LARGEST = 64 << 20;
/** Documents of other runs (another KUBECTL_EPHEMERAL_PATH) that are kept. */
const OTHERS = 200;
/** To be raised with every change to what is kept, or to what parsing makes of a document. */
const FORMAT = 1;

/** @param version of the program: another may read the same file otherwise */
export function openParsedCache(file: string, version: string): ParsedCache {
	const program = `${version} ${FORMAT}`;
	const fresh = new Map<string, [state: string, known: Known]>();
	let before: Map<string, [state: string, known: Known]> | undefined;
	let changed = false;
	const load = (): Map<string, [string, Known]> => {
		before ??= readCache(file, program);
		return before;
	};
	const save = (): void => {
		if (!changed) return;
		const others = [...load()].filter(([path]) => !fresh.has(path)).slice(-OTHERS);
		changed = false;
		try {
			replaceFile(file, JSON.stringify({ program, files: [...others, ...fresh] }));
		} catch {
			// A cache.
		}
	};
	return {
		get(path, state) {
			const [then, known] = load().get(path) ?? [];
			if (known === undefined || then !== state) return undefined;
			fresh.set(path, [state, known]);
			return known;
		},
		put(path, state, known) {
			fresh.set(path, [state, known]);
			changed = true;
		},
		forget(path) {
			fresh.delete(path);
			load().delete(path);
			changed = true;
			save();
		},
		save,
	};
}

/** What tells one content of a file from another without reading it. */
export function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
	return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** Whether a file was changed so lately that it could change again within the same tick of its clock. */
export function isFresh({ ctimeNs, mtimeNs }: BigIntStats): boolean {
	const latest = Number((ctimeNs > mtimeNs ? ctimeNs : mtimeNs) / 1_000_000n);
	return Math.abs(Date.now() - latest) < 100;
}

function readCache(file: string, program: string): Map<string, [string, Known]> {
	try {
		const { bytes, own } = readRegular(file, LARGEST);
		const value: unknown = JSON.parse(bytes.toString());
		// Who may write it could have any toolkit run as any other.
		if (!own || !isMapping(value) || value.program !== program || !Array.isArray(value.files)) return new Map();
		return new Map(value.files.filter(isEntry));
	} catch {
		return new Map();
	}
}

function isEntry(entry: unknown): entry is [string, [string, Known]] {
	if (!Array.isArray(entry) || typeof entry[0] !== 'string' || !Array.isArray(entry[1])) return false;
	const [state, known] = entry[1];
	if (typeof state !== 'string' || !isMapping(known)) return false;
	if (typeof known.problem === 'string') return true;
	const { document } = known;
	if (typeof known.digest !== 'string' || !isMapping(document)) return false;
	const set = document.kind === 'Toolkit' ? document.toolkit : document.set;
	return isMapping(set) && typeof set.name === 'string' && Array.isArray(set.recipes) && Array.isArray(set.helpers);
}
