import { UsageError } from '../errors.ts';
import type { Entry } from '../formats/files/records.ts';
import { sayRefusal } from '../session/api-words.ts';
import { openConsole } from '../session/console.ts';
import { type Listing, listFiles } from '../session/transfer/list.ts';
import { sayPath } from '../session/transfer/outcome.ts';
import { printable } from '../text/printable.ts';
import { pathBytes } from './argument-bytes.ts';
import { BaseCommand } from './base.ts';
import { FILES_FLAGS, openPodFiles } from './files-request.ts';
import { CONNECTION_FLAGS, POD_FLAGS } from './flags.ts';
import { printDocument } from './print.ts';
import { parseRemotePath } from './remote-path.ts';

/** The flags of ls. */
export const LS_FLAGS = { ...CONNECTION_FLAGS, ...POD_FLAGS, ...FILES_FLAGS };

/** `kubectl ephemeral ls POD:PATH`: what is there, in the order and form of `ls -la`. */
export class LsCommand extends BaseCommand {
	static override id = 'ls';
	static override strict = false;
	static override summary = 'List a folder of a pod, also where it has no shell';
	static override usage = 'ls (POD | TYPE/NAME):PATH… [flags]';
	static override examples = [
		'# A folder\nkubectl ephemeral ls web-0:/var/log',
		'# For a script\nkubectl ephemeral ls deploy/web:/tmp -o json',
	];
	static override flags = LS_FLAGS;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: LS_FLAGS, strict: false });
		if (this.invocation.rest !== undefined) throw new UsageError('ls runs no command');
		const chosen = flags.selector !== undefined || flags.pick === true;
		const remotes = (argv as string[]).map((word) => parseRemotePath(word, chosen));
		if (remotes.length === 0) throw new UsageError('ls takes a path in a pod', 'For example: ls web-0:/var/log');
		const console = openConsole(flags.quiet ?? false);
		try {
			const files = await openPodFiles(this.reach(flags), remotes, flags, console);
			if (files === undefined) return 0;
			const paths = remotes.map(({ path }) => pathBytes(path));
			const listings = await listFiles(files.open, paths, flags.retries);
			if (flags.output) await printDocument(listings.map(documentOf), flags.output as 'json' | 'yaml');
			else process.stdout.write(listings.map((listing) => textOf(listing, listings.length > 1)).join('\n'));
			const problems = listings.flatMap((listing) => listing.problems);
			// What was asked for and is not there is an error, also for -q.
			for (const { path, reason } of problems)
				process.stderr.write(printable(`error: ${files.pod}:${path}: ${reason}\n`));
			return problems.length > 0 ? 1 : 0;
		} catch (error) {
			throw sayRefusal(error);
		}
	}
}

const TYPES: Record<Entry['kind'], string> = { f: '-', d: 'd', l: 'l', c: 'c', b: 'b', p: 'p', s: 's' };
const KINDS: Record<Entry['kind'], string> = {
	f: 'file',
	d: 'folder',
	l: 'link',
	c: 'character device',
	b: 'block device',
	p: 'named pipe',
	s: 'socket',
};

function textOf(listing: Listing, named: boolean): string {
	if (listing.itself === undefined) return '';
	const entries = listing.itself.kind === 'd' ? listing.inside : [listing.itself];
	const rows = entries.map((entry) => {
		const name = entry.path.length > 0 ? entry.path : listing.path;
		const target = entry.kind === 'l' ? ` -> ${sayPath(entry.link)}` : '';
		const time = timeOf(entry).slice(0, 16).replace('T', ' ');
		return [modeOf(entry), `${entry.uid}:${entry.gid}`, String(entry.size), time, `${sayPath(name)}${target}`];
	});
	const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
	const lines = rows.map(([mode = '', owner = '', size = '', time, name]) => {
		return [mode, owner.padEnd(widths[1] ?? 0), size.padStart(widths[2] ?? 0), time, name].join('  ');
	});
	return `${[...(named ? [`${sayPath(listing.path)}:`] : []), ...lines].join('\n')}\n`;
}

function documentOf(listing: Listing): object {
	return {
		path: sayPath(listing.path),
		...(listing.itself && { entry: entryOf(listing.itself, listing.path) }),
		...(listing.itself?.kind === 'd' && { entries: listing.inside.map((entry) => entryOf(entry, entry.path)) }),
		...(listing.problems.length > 0 && { problems: listing.problems.map(({ path, reason }) => ({ path, reason })) }),
	};
}

function entryOf(entry: Entry, name: Buffer): object {
	const text = name.toString('utf8');
	return {
		name: text,
		// The bytes, where text cannot say them.
		...(!Buffer.from(text).equals(name) && { nameBase64: name.toString('base64') }),
		kind: KINDS[entry.kind],
		mode: entry.mode.toString(8).padStart(4, '0'),
		uid: entry.uid,
		gid: entry.gid,
		size: entry.size,
		modified: timeOf(entry),
		...(entry.kind === 'l' && { link: entry.link.toString('utf8') }),
	};
}

function modeOf({ kind, mode }: Entry): string {
	const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
	const special = [
		[0o4000, 2, 's', 'S'],
		[0o2000, 5, 's', 'S'],
		[0o1000, 8, 't', 'T'],
	] as const;
	for (const [bit, at, small, capital] of special) if (mode & bit) letters[at] = letters[at] === 'x' ? small : capital;
	return `${TYPES[kind]}${letters.join('')}`;
}

/** ISO 8601, in UTC; a time that no calendar has is the first of them. */
function timeOf({ mtime }: Entry): string {
	const date = new Date(mtime.seconds * 1000 + Math.floor(mtime.nanoseconds / 1e6));
	return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
