import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';

/** A real process that scripts are given as the target. */
export interface Target {
	pid: number;
	/** What scripts find in their environment. */
	env: Record<string, string>;
	child: ChildProcess;
}

export interface Kind {
	program?: string;
	words?: string[];
	argv0?: string;
	env?: Record<string, string>;
	user?: { uid: number; gid: number };
}

const open: ChildProcess[] = [];

/** Start one; what it runs must wait for its stdin, so that it ends with the test, however that ends. */
export async function startTarget({ program = 'cat', words = [], argv0, env = {}, user }: Kind = {}): Promise<Target> {
	const child = spawn(program, words, {
		env,
		...user,
		...(argv0 !== undefined && { argv0 }),
		stdio: ['pipe', 'pipe', 'ignore'],
	});
	open.push(child);
	await new Promise<void>((resolve, reject) => {
		child.once('spawn', resolve);
		child.once('error', reject);
	});
	const pid = child.pid ?? 0;
	return {
		pid,
		child,
		env: {
			TARGET_PID: String(pid),
			TARGET_ROOT: `/proc/${pid}/root`,
			TARGET_UID: String(user?.uid ?? 0),
			TARGET_GID: String(user?.gid ?? 0),
		},
	};
}

/** End all of them: for afterEach. */
export async function endTargets(): Promise<void> {
	for (const child of open.splice(0)) {
		if (child.exitCode !== null || child.signalCode !== null) continue;
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.kill('SIGKILL');
		await ended;
	}
}

/**
 * A process with a network of its own, made by lines of sh in it; the interface `lo` is up.
 * @returns undefined where this machine does not permit it
 */
export async function startNetwork(lines: string): Promise<Target | undefined> {
	if (spawnSync('unshare', ['--net', 'true']).status !== 0) return undefined;
	const text = `set -e; PATH=$PATH:/usr/sbin:/sbin; ip link set lo up; ${lines}\necho ready; exec cat`;
	const target = await startTarget({
		program: 'unshare',
		words: ['--net', 'sh', '-c', text],
		env: { PATH: process.env.PATH ?? '' },
	});
	await said(target.child, 'ready');
	return target;
}

/** What leads into a target's network. */
export function intoNetwork(target: Target): string[] {
	return ['nsenter', '-t', String(target.pid), '-n'];
}

/** Wait until a process says a word on its stdout. */
export function said(child: ChildProcess, word: string): Promise<void> {
	return new Promise((resolve, reject) => {
		let text = '';
		child.stdout?.on('data', (bytes: Buffer) => {
			text += bytes;
			if (text.includes(word)) resolve();
		});
		child.once('exit', () => reject(new Error(`it ended and never said ${word}: ${text}`)));
	});
}

/** A cgroup with limits. */
export interface Group {
	version: 1 | 2;
	add(pid: number): void;
	remove(): Promise<void>;
}

/**
 * Make one: 64 MiB, half a core, 20 processes.
 * @returns undefined where this machine does not permit it
 */
export function makeGroup(): Group | undefined {
	const name = `ke-plugins-${process.pid}-${count++}`;
	const root = '/sys/fs/cgroup';
	const version = existsSync(join(root, 'cgroup.controllers')) ? 2 : 1;
	const folders =
		version === 2 ? [join(root, name)] : ['memory', 'pids', 'cpu', 'cpuacct'].map((one) => join(root, one, name));
	const limits: [number, string][] =
		version === 2
			? [
					[0, 'memory.max 67108864'],
					[0, 'pids.max 20'],
					[0, 'cpu.max 50000 100000'],
				]
			: [
					[0, 'memory.limit_in_bytes 67108864'],
					[1, 'pids.max 20'],
					[2, 'cpu.cfs_quota_us 50000'],
				];
	try {
		if (version === 2) writeFileSync(join(root, 'cgroup.subtree_control'), '+memory +pids +cpu');
		for (const folder of folders) if (!existsSync(folder)) mkdirSync(folder);
		for (const [at, text] of limits) {
			const [file = '', ...value] = text.split(' ');
			writeFileSync(join(folders[at] ?? '', file), value.join(' '));
		}
	} catch {
		for (const folder of folders) if (existsSync(folder)) rmdirSync(folder);
		return undefined;
	}
	return {
		version,
		add: (pid) => {
			for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
		},
		async remove() {
			await eventually(() => folders.every((folder) => readFileSync(join(folder, 'cgroup.procs'), 'utf8') === ''));
			for (const folder of new Set(folders)) if (existsSync(folder)) rmdirSync(folder);
		},
	};
}

let count = 0;
