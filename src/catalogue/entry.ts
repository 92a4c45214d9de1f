import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import { parseToolkit } from '../toolkit/parse.ts';
import type { Scripts } from '../toolkit/toolkit.ts';
import { inspect, inspectScripts, type Place, sayFinding } from './inspect.ts';
import type { Known, ParsedCache } from './parsed-cache.ts';
import { FileTrouble } from './read-file.ts';
import { type Document, type Entry, type EntryContents, once, setOf } from './source.ts';

/** What of a document the cache knows it by. */
export interface Held {
	key: string;
	/** What changes with its content. */
	state: string;
	/** Whether the state surely changes with the next change of the content. */
	settled: boolean;
}

/**
 * One document of a source, from the cache where it is as it was.
 * @param writable which of its files others may write
 */
export async function entryOf(
	place: Place,
	held: Held,
	cache: ParsedCache,
	writable: (document: Document) => string | undefined = () => undefined,
): Promise<Entry> {
	const { name, file } = place;
	let known = cache.get(held.key, held.state);
	if (!known) {
		const fresh = await read(place);
		if (held.settled && fresh.lasting) cache.put(held.key, held.state, fresh.known);
		known = fresh.known;
	}
	if ('problem' in known) return brokenEntry(place, known.problem);
	const { document } = known;
	const of = known;
	const contents = once(async (): Promise<EntryContents> => {
		const read = await readContents(place, of, () => cache.forget(held.key));
		const path = writable(document);
		return { ...read, ...(path !== undefined && { writable: path }) };
	});
	return { name, file, document, contents, place: async () => place };
}

/** An entry that cannot be used. */
export function brokenEntry(place: Place, sentence: string): Entry {
	const { name, file } = place;
	const problem = new UserError(sentence);
	return { name, file, problem, contents: () => Promise.reject(problem), place: async () => place };
}

/** @returns `lasting`: whether it is the content that says so */
async function read(place: Place): Promise<{ known: Known; lasting: boolean }> {
	let bytes: Uint8Array | undefined;
	const { parsed, findings } = await inspect({
		...place,
		document() {
			const document = place.document();
			if ('bytes' in document) bytes = document.bytes;
			return document;
		},
	});
	if (!parsed) {
		const problem = findings[0] ? sayFinding(findings[0]) : place.file;
		return { known: { problem }, lasting: bytes !== undefined };
	}
	const { inline, ...document } = parsed;
	const digest = digestOfBytes(bytes ?? new Uint8Array());
	return { known: { document, digest, inline: Object.keys(inline).length > 0 }, lasting: true };
}

/** What stands there now: the same bytes as were parsed, and every script. */
async function readContents(
	place: Place,
	known: Exclude<Known, { problem: string }>,
	forget: () => void,
): Promise<EntryContents> {
	const { name, file } = place;
	let bytes: Uint8Array;
	try {
		const document = place.document();
		bytes = 'bytes' in document ? document.bytes : new Uint8Array();
	} catch (error) {
		throw error instanceof FileTrouble ? new UserError(`${file} ${error.message}`) : error;
	}
	if (digestOfBytes(bytes) !== known.digest) {
		forget();
		throw new UserError(`${file} has changed since it was read`, 'The same command once more reads it anew.');
	}
	const text = Buffer.from(bytes).toString();
	const inline: Scripts = known.inline ? (await parseToolkit(text, file, name)).inline : {};
	const { scripts, findings } = inspectScripts(place, setOf(known.document), inline, text);
	const [finding] = findings;
	if (finding) throw new UserError(sayFinding(finding));
	const own = Object.entries(scripts).filter(([path]) => !Object.hasOwn(inline, path));
	return { parts: { 'toolkit.yaml': text, ...Object.fromEntries(own) }, scripts };
}

function digestOfBytes(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}
