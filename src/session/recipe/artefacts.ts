import { closeSync, existsSync, openSync, readSync, rmSync } from 'node:fs';
import { UserError } from '../../errors.ts';
import { beginsAs, HEAD } from '../../formats/artefact.ts';
import { printableLine } from '../../text/printable.ts';
import type { OpenAgent } from '../transfer/agent.ts';
import { openDestination } from '../transfer/destination.ts';
import { Download } from '../transfer/download.ts';
import { listFiles } from '../transfer/list.ts';
import type { Meter } from '../transfer/meter.ts';
import { atEnd } from './at-end.ts';
import { keepIncomplete, type Place, partOf, publish, publishFolder } from './place.ts';

/** A file that a recipe left and that is here now. */
export interface Artefact {
	/** Here; `-` for standard output. */
	path: string;
	bytes: number;
	/** In hexadecimal, as in the pod; undefined for a folder. */
	sha256: string | undefined;
	/** Not all of it is there, or it is not what it should be. */
	incomplete: boolean;
}

/** How artefacts are fetched. */
export interface Fetching {
	open: OpenAgent;
	/** A name in the pod → where it goes here. @throws UserError */
	place(name: string): Place;
	format: string | undefined;
	meter: Meter;
	say(line: string): void;
	/** Standard output, for `-w -`. */
	out(bytes: Uint8Array): Promise<void> | undefined;
}

/** Cuts of the connection in a row that are put up with. */
const RETRIES = 10;

/** What was fetched, and has its name only when it is known how the recipe ended. */
export interface Fetched {
	/** Give it its name. @param failed the recipe failed: what came may be half of it @throws IsThere */
	settle(failed: boolean): Artefact;
	/** It is not wanted any more. */
	discard(): void;
}

/**
 * Fetch the one file that a recipe left in a folder.
 * @throws UserError where there are several, or it cannot be had whole
 */
export async function fetchFile(folder: Buffer, fetching: Fetching): Promise<Fetched> {
	const [listing] = await listFiles(fetching.open, [folder], RETRIES);
	const [only, ...others] = listing?.inside ?? [];
	if (!only || others.length > 0 || only.kind !== 'f') {
		const names = (listing?.inside ?? []).map(({ path }) => printableLine(path.toString())).slice(0, 5);
		throw new UserError(`the recipe should leave one file, and left ${names.join(', ') || 'nothing'}`);
	}
	const place = fetching.place(only.path.toString());
	const source = Buffer.concat([folder, Buffer.from('/'), only.path]);
	if (place.to === 'stdout') {
		const { bytes, sha256 } = await download([source], '-', fetching);
		return { settle: (incomplete) => ({ path: '-', bytes, sha256, incomplete }), discard: () => {} };
	}
	const part = partOf(place.path);
	const remove = (): void => rmSync(part, { force: true });
	const isSettled = atEnd(remove);
	const discard = (): void => {
		isSettled();
		remove();
	};
	try {
		const { bytes, sha256 } = await download([source], part, fetching);
		const settle = (failed: boolean): Artefact => {
			isSettled();
			return { ...settleFile(part, place, failed, fetching), bytes, sha256 };
		};
		return { settle, discard };
	} catch (error) {
		discard();
		throw error;
	}
}

function settleFile(
	part: string,
	{ path, replaces }: Place & { to: 'file' },
	failed: boolean,
	{ format, say }: Fetching,
): Pick<Artefact, 'path' | 'incomplete'> {
	const wrong = format !== undefined && !beginsAs(format, headOf(part));
	if (!wrong && !failed) {
		publish(part, path, replaces);
		return { path, incomplete: false };
	}
	const kept = keepIncomplete(part, path);
	if (wrong) say(`${printableLine(kept)} does not begin as ${format} does`);
	return { path: kept, incomplete: true };
}

/**
 * Fetch all that a recipe left in a folder, as a folder here.
 * @throws UserError
 */
export async function fetchFolder(folder: Buffer, fetching: Fetching): Promise<Fetched> {
	const [listing] = await listFiles(fetching.open, [folder], RETRIES);
	const sources = (listing?.inside ?? []).map(({ path }) => Buffer.concat([folder, Buffer.from('/'), path]));
	const place = fetching.place('');
	if (place.to === 'stdout') throw new UserError('a folder cannot go to standard output', 'Name one: -w NAME/.');
	const { path, replaces } = place;
	const goesInto = replaces && existsSync(path);
	const to = goesInto ? path : partOf(path);
	const discard = (): void => {
		if (!goesInto) rmSync(to, { recursive: true, force: true });
	};
	try {
		const { bytes } = await download(sources, `${to}/`, fetching);
		const name = (incomplete: boolean): string =>
			goesInto ? to : incomplete ? keepIncomplete(to, path) : publishFolder(to, path);
		return { settle: (incomplete) => ({ path: name(incomplete), bytes, sha256: undefined, incomplete }), discard };
	} catch (error) {
		discard();
		throw error;
	}
}

async function download(
	sources: Buffer[],
	to: string,
	{ open, meter, say, out }: Fetching,
): Promise<{ bytes: number; sha256: string | undefined }> {
	const request = { sources, follow: false, compress: 'auto' as const, retries: RETRIES };
	const outcome = await new Download(open, request, openDestination(to, sources, false, out), meter, say).run();
	const [problem] = outcome.skipped;
	if (problem) throw new UserError(`${printableLine(problem.path)} could not be fetched: ${problem.reason}`);
	return { bytes: outcome.bytes, sha256: outcome.sha256 };
}

function headOf(path: string): Buffer {
	const descriptor = openSync(path, 'r');
	try {
		const head = Buffer.alloc(HEAD);
		return head.subarray(0, readSync(descriptor, head));
	} finally {
		closeSync(descriptor);
	}
}
