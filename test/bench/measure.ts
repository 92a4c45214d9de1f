import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A command to time: the program, its words, its environment. */
export interface Timed {
	program: string;
	words: string[];
	env: NodeJS.ProcessEnv;
}

/** One run of it. */
export interface Sample {
	/** Wall time in milliseconds, from spawn to exit. */
	ms: number;
	/** Peak resident memory in MB, as the kernel counted it while we looked (every 5 ms). */
	mb: number;
}

/** Run a command once, its output thrown away. @throws Error when it does not end with 0 */
export function measure({ program, words, env }: Timed): Promise<Sample> {
	return new Promise((resolve, reject) => {
		const began = performance.now();
		const child = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
		const said: Buffer[] = [];
		child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
		let peak = 0;
		const look = setInterval(() => {
			peak = Math.max(peak, residentPeak(child.pid));
		}, 5);
		child.on('error', reject);
		child.on('exit', (code) => {
			const ms = performance.now() - began;
			clearInterval(look);
			if (code === 0) resolve({ ms, mb: peak / 1024 });
			else reject(new Error(`${program} ${words.join(' ')} ended with ${code}: ${Buffer.concat(said)}`));
		});
	});
}

/** The middle value. */
export function median(values: number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function residentPeak(pid: number | undefined): number {
	try {
		return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
	} catch {
		return 0;
	}
}
