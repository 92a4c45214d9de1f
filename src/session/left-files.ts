import { existsSync } from 'node:fs';
import { printableLine } from '../text/printable.ts';
import { sayList } from '../text/say.ts';
import { fileWord } from '../toolkit/template.ts';
import { openProgress } from './progress.ts';
import { type Fetching, fetchFile, fetchFolder } from './recipe/artefacts.ts';
import { partOf, timeWord } from './recipe/place.ts';
import type { OpenAgent } from './transfer/agent.ts';
import { listFiles } from './transfer/list.ts';
import { Meter, sayBytes } from './transfer/meter.ts';

/** How the files of a session that ends come here. */
export interface LeftFiles {
	open: OpenAgent;
	pod: string;
	/** `--bring`: they are wanted without a question. */
	wanted: boolean;
	ask(question: string): Promise<boolean>;
	say(line: string): void;
}

/**
 * What a session left in its `$OUT`: fetched where that is wanted, under names that are free here; else it is gone with the
 * session.
 * @throws UserError where it cannot be had
 */
export async function offerLeft(folder: Buffer, { open, pod, wanted, ask, say }: LeftFiles): Promise<void> {
	const [listing] = await listFiles(open, [folder], 10);
	const inside = listing?.inside ?? [];
	if (inside.length === 0) return;
	const names = inside.slice(0, 3).map(({ path }) => printableLine(path.toString()));
	const rest = inside.length > names.length ? [`${inside.length - names.length} more`] : [];
	const size = inside.reduce((sum, entry) => sum + (entry.kind === 'f' ? entry.size : 0), 0);
	const what = `${sayList([...names, ...rest])} (${sayBytes(size)})`;
	if (!wanted && !(await ask(`$OUT holds ${what}, which goes with this session: bring it here?`))) return;
	const progress = openProgress(process.stderr, true);
	const [only] = inside;
	const name = only ? fileWord(only.path.toString()) : '';
	const single = inside.length === 1 && only?.kind === 'f' && name !== '' && !existsSync(name);
	const folderName = `${fileWord(pod)}-${timeWord(new Date())}`;
	const fetching: Fetching = {
		open,
		place: () => ({
			to: 'file',
			path: single ? name : existsSync(folderName) ? partOf(folderName) : folderName,
			replaces: false,
		}),
		format: undefined,
		meter: new Meter(progress),
		say,
		out: () => undefined,
	};
	const artefact = (await (single ? fetchFile : fetchFolder)(folder, fetching)).settle(false);
	const digest = artefact.sha256 === undefined ? '' : `, sha256 ${artefact.sha256} as in the pod`;
	say(`${printableLine(artefact.path)}  ${sayBytes(artefact.bytes)}${digest}`);
}
