import { ourPaths } from '../catalogue/paths.ts';
import type { Console } from '../session/console.ts';
import { openRefusals } from '../session/refusals.ts';
import type { Capture, Sink } from '../session/sink.ts';
import type { SessionTools } from '../session/tools.ts';
import { parseDuration } from './duration.ts';

/**
 * What a session is carried out with, for a command line.
 * @param timeout the value of `--timeout`; undefined: unsaid, so that a pull may take longer
 * @throws UsageError for a timeout that is no duration
 */
export function sessionTools(console: Console, sink: Sink | Capture, timeout: string | undefined): SessionTools {
	const { refusals } = ourPaths(process.env);
	return {
		console,
		sink,
		captures: 'read' in sink,
		patience: {
			seconds: parseDuration(timeout ?? '90s', 'timeout'),
			said: timeout !== undefined,
			terminal: process.stderr.isTTY === true,
		},
		refusals: (place) => openRefusals(refusals, place),
	};
}
