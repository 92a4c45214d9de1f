import type { Connection } from '../cluster/connect.ts';
import type { Work } from './enter.ts';
import { openStream } from './exec-stream.ts';
import type { Place } from './run.ts';
import type { OpenAgent } from './transfer/agent.ts';

/** Whose files: the target's, as its user; the debug image's; or what a work left in `$OUT`, as that work's user. */
export type FilesOf = 'target' | 'debug' | 'out';

/** The files agent beside a work, in the same container. */
export function filesBeside(connection: Connection, place: Place, work: Work, of: FilesOf): OpenAgent {
	const { entry } = work;
	const as = of === 'target' ? (entry.as ?? 'target') : of === 'out' ? entry.as : undefined;
	const { special: _, nonce: __, control: ___, ...rest } = work;
	const agent: Work = {
		...rest,
		shell: false,
		tty: false,
		env: [],
		entry: { ...entry, root: 'debug', as, targetEnv: false, keepsRights: false },
	};
	return (words, { stdin, filter }) =>
		openStream(connection, place, { ...agent, words, stdin, files: { filter, ofDebugImage: of !== 'target' } });
}
