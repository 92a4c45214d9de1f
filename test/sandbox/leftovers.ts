import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupMounts, removeCgroup } from './node/cgroups.ts';

/** Start of the names of a sandbox's temporary folder and cgroup; the id of the process that made them follows. */
const NAME = /^(?:ephemeral-sandbox|kubepods-sandbox)-(\d+)-/;

export function folderPrefix(): string {
	return join(tmpdir(), `ephemeral-sandbox-${process.pid}-`);
}

export function cgroupName(id: string): string {
	return `/kubepods-sandbox-${process.pid}-${id}`;
}

/** Removes what sandboxes left whose process was killed before it could. Their containers ended with it. */
export async function removeLeftovers(): Promise<void> {
	for (const name of abandoned(tmpdir())) {
		rmSync(join(tmpdir(), name), { recursive: true, force: true });
	}
	const cgroups = new Set(cgroupMounts().flatMap(abandoned));
	for (const name of cgroups) {
		await removeCgroup(`/${name}`);
	}
}

function abandoned(folder: string): string[] {
	return readdirSync(folder).filter((name) => {
		const pid = NAME.exec(name)?.[1];
		return pid !== undefined && !isRunning(pid);
	});
}

/** A process that was killed and that no one has waited for yet does not count. */
function isRunning(pid: string): boolean {
	try {
		return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}
