import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Write a file of the user's own, whole or not at all: nobody else may read or write it. Folders are made.
 * @throws the file system's error
 */
export function replaceFile(path: string, text: string): void {
	const next = `${path}.${process.pid}`;
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	try {
		writeFileSync(next, text, { mode: 0o600 });
		renameSync(next, path);
	} catch (error) {
		try {
			rmSync(next, { force: true });
		} catch {
			// It was never there.
		}
		throw error;
	}
}
