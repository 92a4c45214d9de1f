import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { TEXTS } from '../../src/inside/texts.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';
import type { Shell } from './shells.ts';

/** A session container's processes in a PID namespace: as its own (`alone`), or in the one of a target. */
export interface TestContainer {
	/** Start something in it, as an exec does: its parent is out of sight. */
	exec(words: string[]): ChildProcess;
	/** The same at a terminal. */
	execTerminal(words: string[]): TestTerminal;
	/** Run something in it to its end. */
	run(words: string[]): { code: number | null; stdout: string; stderr: string };
	/** Programs in it, by name, as /proc of the host shows them; zombies are left out. */
	names(): string[];
	/** The main process: its output, and its exit code when it has ended. */
	main: ChildProcess;
	log(): string;
	ended: Promise<number | null>;
	/** End everything. */
	remove(): Promise<void>;
}

/** Start one with the sleeper as its main process. @returns undefined where this machine does not permit it */
export async function startContainer(shell: Shell, ttl: number, alone: boolean): Promise<TestContainer | undefined> {
	const ours = makeGroup('session');
	const theirs = makeGroup('target');
	if (!ours || !theirs) return undefined;
	const env = {
		PATH: shell.path.includes('/ke-applets-') ? `${shell.path}:${process.env.PATH}` : shell.path,
		KE_TTL: String(ttl),
		KE_TOOLKIT: 'net',
		KE_BY: 'jane',
	};
	const sleeper = [shell.program, ...shell.words, '-c', TEXTS.sleeper, 'ke-sleeper'];
	const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
	const root = alone
		? inGroup(ours, [...namespace, ...sleeper], env)
		: inGroup(theirs, [...namespace, 'sleep', '1000'], env);
	const init = await until(() => readText(`/proc/${root.pid}/task/${root.pid}/children`).trim() || undefined);
	if (init === undefined) return undefined;
	const enter = (words: string[]): string[] => ['nsenter', '-t', init, '-p', '-m', ...words];
	const main = alone ? root : inGroup(ours, enter(sleeper), env);
	let log = '';
	main.stdout?.on('data', (bytes: Buffer) => {
		log += bytes.toString();
	});
	const ended = new Promise<number | null>((resolve) => main.on('close', (code) => resolve(code)));
	const [program = '', ...rest] = groupWords(ours, enter([]));
	return {
		main,
		ended,
		log: () => log,
		names: () => pidsOf(ours).flatMap(nameOf),
		exec: (words) => inGroup(ours, enter(words), env),
		execTerminal: (words) => openTerminal(program, [...rest, 'setsid', '--ctty', ...words], env),
		run(words) {
			const { status, stdout, stderr } = spawnSync(program, [...rest, ...words], { env, encoding: 'utf8' });
			return { code: status, stdout, stderr };
		},
		async remove() {
			for (const child of [main, root]) child.kill('SIGKILL');
			for (const group of [ours, theirs]) {
				await until(() => {
					for (const pid of pidsOf(group)) kill(Number(pid));
					return pidsOf(group).length === 0 || undefined;
				});
				rmdirSync(group);
			}
		},
	};
}

/** Ask until there is an answer. @returns undefined when there is none within ten seconds */
export async function until<T>(ask: () => T | undefined, milliseconds = 10_000): Promise<T | undefined> {
	for (const end = Date.now() + milliseconds; Date.now() < end; ) {
		const answer = ask();
		if (answer !== undefined) return answer;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	return undefined;
}

/** A new cgroup: version 2 where there is one, else of a controller of version 1. */
function makeGroup(name: string): string | undefined {
	for (const root of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/pids']) {
		try {
			accessSync(join(root, 'cgroup.procs'));
			const group = join(root, `ke-test-${name}-${process.pid}-${count++}`);
			mkdirSync(group);
			return group;
		} catch {}
	}
	return undefined;
}

function inGroup(group: string, words: string[], env: NodeJS.ProcessEnv): ChildProcess {
	const [program = '', ...rest] = groupWords(group, words);
	return spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'ignore'] });
}

function groupWords(group: string, words: string[]): string[] {
	return ['/bin/sh', '-c', 'echo 0 >"$0/cgroup.procs"; exec "$@"', group, ...words];
}

function pidsOf(group: string): string[] {
	return readText(join(group, 'cgroup.procs'))
		.split('\n')
		.filter((pid) => pid !== '' && pid !== '0');
}

/** The name of a process; nothing for those that are over, or only lead in. */
function nameOf(pid: string): string[] {
	const status = readText(`/proc/${pid}/status`);
	const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';
	return name === '' || /^State:\tZ/m.test(status) || /^(nsenter|unshare)$/.test(name) ? [] : [name];
}

function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}

function kill(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {}
}

let count = 0;
