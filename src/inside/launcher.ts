import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** The launcher for one machine, as `uname -m` calls it. */
export interface Launcher {
	machine: string;
	/** Of its bytes, in hexadecimal. */
	sha256: string;
}

/** Where `npm run build:inside` puts what it compiles. */
export function launcherFile(machine: string): URL {
	return new URL(`../../dist/inside/ke-${machine}`, import.meta.url);
}

/**
 * The launchers there are: as they lie in dist/inside, or, in the built program, compiled in by the build, which replaces
 * this module and launcher-bytes.ts. None where it was built without them.
 */
export const LAUNCHERS: Launcher[] = ['x86_64', 'aarch64'].flatMap((machine) => {
	const file = launcherFile(machine);
	if (!existsSync(file)) return [];
	return [{ machine, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') }];
});
