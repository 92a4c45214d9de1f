import { readFileSync } from 'node:fs';
import { launcherFile } from './launcher.ts';

/** The launcher for a machine of LAUNCHERS. Loaded only when one has to be carried into a container. */
export function launcherBytes(machine: string): Uint8Array {
	return readFileSync(launcherFile(machine));
}
