import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { digestOf } from './digest.ts';
import type { OurPaths } from './paths.ts';
import { FileTrouble, readRegular } from './read-file.ts';
import { replaceFile } from './write-file.ts';

/** What a user has agreed to: one digest for each name, and the texts behind it, so that a change can be shown. */
export interface TrustStore {
	/** @throws UserError where the record is damaged, or others may write it */
	digest(name: string): string | undefined;
	/** The parts that a digest was made of, where they are still kept. */
	parts(digest: string): Record<string, string> | undefined;
	/** Agree to these parts under a name, instead of what was agreed to before. @returns their digest @throws UserError */
	trust(name: string, source: string, parts: Record<string, string>): string;
	/** Keep the texts of what is trusted otherwise; whether it succeeds matters little. */
	keep(parts: Record<string, string>): void;
	/** @returns whether it was trusted @throws UserError */
	forget(name: string): boolean;
}

interface Trusted {
	digest: string;
	source: string;
	/** When, as ISO 8601. */
	at: string;
}

/** Bytes of the largest record, and of the texts of a toolkit: its document and scripts are 1 MiB at most, each. */
const LARGEST_RECORD = 4 << 20;
const LARGEST_PARTS = 256 << 20;

/** The store in the user's folders. */
export function openTrustStore({ trust: file, trusted: folder }: Pick<OurPaths, 'trust' | 'trusted'>): TrustStore {
	const write = (all: Record<string, Trusted>): void => {
		try {
			replaceFile(file, `${JSON.stringify({ toolkits: all }, null, '\t')}\n`);
		} catch (error) {
			throw new UserError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
		}
	};
	const keep = (parts: Record<string, string>): void => {
		try {
			replaceFile(partsFile(folder, digestOf(parts)), JSON.stringify(parts));
		} catch {
			// A difference cannot be shown then.
		}
	};
	return {
		digest: (name) => {
			const all = readRecord(file);
			return Object.hasOwn(all, name) ? all[name]?.digest : undefined;
		},
		parts: (digest) => readParts(folder, digest),
		trust(name, source, parts) {
			const digest = digestOf(parts);
			write({ ...readRecord(file), [name]: { digest, source, at: new Date().toISOString() } });
			keep(parts);
			return digest;
		},
		keep(parts) {
			if (readParts(folder, digestOf(parts)) === undefined) keep(parts);
		},
		forget(name) {
			const { [name]: gone, ...rest } = readRecord(file);
			if (gone) write(rest);
			return gone !== undefined;
		},
	};
}

function readRecord(file: string): Record<string, Trusted> {
	const damaged = (what: string): UserError =>
		new UserError(`${file}, which says what is trusted, ${what}`, 'Remove it; what it said must be agreed to again.');
	let text: string;
	try {
		const { bytes, own } = readRegular(file, LARGEST_RECORD);
		if (!own) throw new UserError(`${file}, which says what is trusted, may be written by others`, `chmod 600 ${file}`);
		text = bytes.toString();
	} catch (error) {
		if (!(error instanceof FileTrouble)) throw error;
		if (error.code === 'ENOENT') return {};
		throw damaged(error.message);
	}
	try {
		const value: unknown = JSON.parse(text);
		if (!isMapping(value) || !isMapping(value.toolkits)) throw damaged('is damaged');
		return Object.fromEntries(Object.entries(value.toolkits).filter(isTrusted));
	} catch {
		throw damaged('is damaged');
	}
}

function isTrusted(entry: [string, unknown]): entry is [string, Trusted] {
	const [, value] = entry;
	return isMapping(value) && typeof value.digest === 'string';
}

/** The texts, if they are what the digest says. */
function readParts(folder: string, digest: string): Record<string, string> | undefined {
	try {
		const parts: unknown = JSON.parse(readRegular(partsFile(folder, digest), LARGEST_PARTS).bytes.toString());
		if (!isMapping(parts) || !Object.values(parts).every((text) => typeof text === 'string')) return undefined;
		const texts = parts as Record<string, string>;
		return digestOf(texts) === digest ? texts : undefined;
	} catch {
		return undefined;
	}
}

function partsFile(folder: string, digest: string): string {
	return join(folder, `${digest.replace(/^sha256:/, '').replace(/[^0-9a-f]/g, '')}.json`);
}
