import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../errors.ts';

/** How long another process may hold a lock, in milliseconds: what is done under one takes no time. */
const PATIENCE = 10_000;

/**
 * Do something while no other process of ours does: a file that holds our process id says so.
 * @throws UserError when another holds it for too long
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
	const end = Date.now() + PATIENCE;
	while (!(await take(file))) {
		const holder = Number(await readFile(file, 'utf8').catch(() => ''));
		// One that died holding it; a file that is empty was made just now.
		if (holder > 0 && !isAlive(holder)) await rm(file, { force: true });
		else if (Date.now() > end)
			throw new UserError(
				`another kubectl ephemeral (process ${holder || 'unknown'}) is changing what ${file} guards`,
				'Where there is none, remove that file.',
			);
		else await pause(50);
	}
	try {
		return await work();
	} finally {
		await rm(file, { force: true });
	}
}

/** Whether a process of this id runs on this machine. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

async function take(file: string): Promise<boolean> {
	try {
		const handle = await open(file, 'wx');
		await handle.writeFile(String(process.pid));
		await handle.close();
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
		throw error;
	}
}
