import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Job, Result } from './driver.ts';

export type Runtime = 'node' | 'bun';

/** The runtimes that the product runs in: Node for npm installs, Bun for the compiled executable. */
export const runtimes: Runtime[] = ['node', 'bun'];

const bun = join(import.meta.dirname, '../../node_modules/.bin/bun');

export interface DriverRun extends Result {
	/** What the driver and its children wrote to stderr. */
	stderr: string;
}

/**
 * Runs a job in a process of its own with exactly this environment (and PATH).
 *
 * @throws Error with what it wrote, when it gave no result
 */
export function runDriver(runtime: Runtime, job: Job, env: Record<string, string> = {}): Promise<DriverRun> {
	const command = runtime === 'node' ? process.execPath : bun;
	const args = [join(import.meta.dirname, 'driver.ts'), JSON.stringify(job)];
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (chunk: Buffer) => {
			stdout += chunk;
		});
		child.stderr.on('data', (chunk: Buffer) => {
			stderr += chunk;
		});
		child.on('error', reject);
		child.on('close', (code) => {
			try {
				resolve({ ...(JSON.parse(stdout) as Result), stderr });
			} catch {
				reject(new Error(`the driver gave no result (exit code ${code}): ${stdout}${stderr}`));
			}
		});
	});
}
