import { readFileSync } from 'node:fs';

/**
 * The POSIX sh that runs in the debug container, as text: read from beside this file, or, in the built program, compiled
 * in by the build, which replaces this module (bin/build.ts).
 *
 * Comments, blank lines and indentation are left out, since `bootstrap` stands in the request line of every exec.
 */
export const TEXTS: { sleeper: string; bootstrap: string; enter: string; stop: string } = {
	sleeper: compact(read('sleeper.sh')),
	bootstrap: compact(read('bootstrap.sh')),
	enter: compact(read('enter.sh')),
	stop: compact(read('stop.sh')),
};

/** A script without what only people read. Scripts here hold no here-documents and no strings over several lines. */
export function compact(script: string): string {
	return script
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '' && !line.startsWith('#'))
		.join('\n');
}

function read(name: string): string {
	return readFileSync(new URL(name, import.meta.url), 'utf8');
}
