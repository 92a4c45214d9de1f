import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { spawn as spawnPty } from '@lydell/node-pty';
import { kubectl } from '../kubectl.ts';
import type { RunResult, Sandbox } from '../sandbox.ts';

/** Runs the real kubectl as a user of the sandbox. */
export async function runKubectl(
	sandbox: Sandbox,
	args: string[],
	options: { input?: string | Buffer; user?: string } = {},
): Promise<RunResult> {
	const child = spawn(await kubectl(), args, { env: environment(sandbox, options.user) });
	const stdout: Buffer[] = [];
	const stderr: Buffer[] = [];
	child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
	child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
	child.stdin.on('error', () => undefined);
	child.stdin.end(options.input);
	const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
	return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** A kubectl that runs on a terminal. */
export interface TerminalSession {
	/** Everything shown so far. */
	shown(): string;
	type(text: string): void;
	resize(columns: number, rows: number): void;
	/** Waits until the text is shown. */
	until(text: string | RegExp): Promise<void>;
	exited: Promise<number>;
}

/** Runs the real kubectl on a terminal of 100 columns and 30 rows. */
export async function kubectlOnTerminal(sandbox: Sandbox, args: string[]): Promise<TerminalSession> {
	const terminal = spawnPty(await kubectl(), args, { cols: 100, rows: 30, env: environment(sandbox) });
	let shown = '';
	const waiting = new Set<() => void>();
	terminal.onData((data) => {
		shown += data;
		for (const check of [...waiting]) {
			check();
		}
	});
	const exited = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
	return {
		shown: () => shown,
		type: (text) => terminal.write(text),
		resize: (columns, rows) => terminal.resize(columns, rows),
		exited,
		until: (text) =>
			new Promise((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error(`${text} was not shown, but:\n${shown}`)), 15_000);
				const check = () => {
					if (typeof text === 'string' ? shown.includes(text) : text.test(shown)) {
						clearTimeout(timer);
						waiting.delete(check);
						resolve();
					}
				};
				waiting.add(check);
				check();
			}),
	};
}

function environment(sandbox: Sandbox, user?: string): NodeJS.ProcessEnv {
	return {
		...process.env,
		KUBECONFIG: sandbox.kubeconfig(user),
		KUBECACHEDIR: join(sandbox.directory, 'kubectl-cache'),
		HOME: sandbox.directory,
	};
}
