import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where control groups are mounted: one place for each controller (v1), one for all (v2), or both. */
export function cgroupMounts(): string[] {
	const mounts = readFileSync('/proc/mounts', 'utf8').matchAll(/^\S+ (\S+) cgroup2? /gm);
	return [...mounts].map(([, mount = '']) => mount);
}

/** Removes a cgroup and all below it, once their processes have ended. */
export async function removeCgroup(cgroup: string, timeoutMs = 5000): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	const roots = cgroupMounts().map((mount) => join(mount, cgroup));
	for (;;) {
		for (const root of roots) {
			removeTree(root);
		}
		if (!roots.some((root) => existsSync(root)) || Date.now() > deadline) {
			return;
		}
		await sleep(10);
	}
}

function removeTree(folder: string): void {
	try {
		for (const entry of readdirSync(folder, { withFileTypes: true })) {
			if (entry.isDirectory()) {
				removeTree(join(folder, entry.name));
			}
		}
		rmdirSync(folder);
	} catch {
		// Gone already, or its last process is still being reaped: the next round finds out.
	}
}
