import type { Entry } from '../../formats/files/records.ts';
import { escapeArgument } from '../../formats/files/writer.ts';
import { agentRecords, type OpenAgent } from './agent.ts';
import { type Skipped, sayPath } from './outcome.ts';
import { whileCut } from './retry.ts';

/** What one path that was asked for is, and what is in it. */
export interface Listing {
	path: Buffer;
	/** undefined: it could not be looked at; `problems` say why. */
	itself: Entry | undefined;
	/** For a folder: what is in it, sorted by bytes. */
	inside: Entry[];
	problems: Skipped[];
}

/** Entries of one listing, at most: what a pod says must not fill this machine's memory. */
const LIMIT = 1_000_000;

/**
 * Looks at paths in a pod, one level deep.
 * @throws UserError when the agent fails, ConnectionLost after `retries` cuts, FilesFormatError
 */
export async function listFiles(open: OpenAgent, paths: readonly Buffer[], retries: number): Promise<Listing[]> {
	const attempt = async (): Promise<Listing[]> => {
		const listings = paths.map((path): Listing => ({ path, itself: undefined, inside: [], problems: [] }));
		let count = 0;
		const run = await open(['list', '--', ...paths.map(escapeArgument)], { stdin: false });
		try {
			for await (const record of agentRecords(run, undefined, true)) {
				if (record.type === 'entry' && ++count <= LIMIT) {
					const listing = listings[record.entry.index];
					if (record.entry.path.length > 0) listing?.inside.push(record.entry);
					else if (listing) listing.itself = record.entry;
				}
				if (record.type === 'note') {
					const { index, path, sentence, kind } = record.note;
					const name = sayPath(paths[index] ?? Buffer.alloc(0), path);
					listings[index]?.problems.push({ path: name, reason: sentence, failed: kind === 'failed' });
				}
			}
		} finally {
			run.close();
		}
		if (count > LIMIT)
			listings[0]?.problems.push({ path: '', reason: `only ${LIMIT} of ${count} entries are listed`, failed: true });
		return listings;
	};
	return whileCut(
		retries,
		attempt,
		() => false,
		() => {},
	);
}
