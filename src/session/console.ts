import { printable, printableLine } from '../text/printable.ts';
import { openProgress, type Progress } from './progress.ts';

/**
 * Where our own words go: standard error, and nothing of them to standard output, which is the command's.
 * Everything is made safe for a terminal here, once.
 */
export interface Console {
	/** One line that explains something; `-q` silences it. */
	say(line: string): void;
	/** The server's warnings; `-q` silences them. */
	warn(line: string): void;
	/** The one line, rewritten in place, of what is waited for; `-q` silences it. */
	wait(): Progress;
	readonly quiet: boolean;
}

/** @param quiet `-q` */
export function openConsole(quiet: boolean): Console {
	const write = (text: string): void => {
		if (!quiet) process.stderr.write(`${printable(text)}\n`);
	};
	return {
		say: write,
		warn: (line) => write(`Warning: ${printableLine(line)}`),
		wait: () => openProgress(process.stderr, quiet),
		quiet,
	};
}
