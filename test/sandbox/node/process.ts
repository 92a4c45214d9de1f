import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn as spawnPty } from '@lydell/node-pty';
import type { OutputStream } from './container-log.ts';
import type { RuntimeCommand } from './runtime.ts';

/** The runtime could not start the process; the message is runc's. */
export class StartError extends Error {}

/** How a process ended: its exit code, or 128 and the signal's number. */
export type ExitCode = number;

/** Takes output; a promise makes the process wait before more is read from it. */
export type OutputSink = (stream: OutputStream, chunk: Buffer) => void | Promise<void>;

/** A process in a container, started by runc, with its streams. */
export interface ContainerProcess {
	/** Resolves when it has ended and all its output was taken. */
	readonly exited: Promise<ExitCode>;
	/** Its id inside the node. */
	readonly pid: number;
	/** Writes to its stdin; false means: wait for `drained` before writing more. */
	write(chunk: Buffer): boolean;
	drained(): Promise<void>;
	/** End of file on stdin. A terminal has none. */
	endInput(): void;
	resize(columns: number, rows: number): void;
	/** No longer reads its output, so that it waits when the pipe is full. */
	abandon(): void;
}

export interface StartOptions {
	tty: boolean;
	/** Without it stdin is /dev/null. */
	stdin: boolean;
	size?: { columns: number; rows: number };
	output: OutputSink;
}

/**
 * Starts a process and waits until it runs.
 * @throws {StartError} when the runtime refuses, for example because the executable is not there.
 */
export async function startProcess(command: RuntimeCommand, options: StartOptions): Promise<ContainerProcess> {
	const started = options.tty ? startOnTerminal(command, options) : startOnPipes(command, options);
	let ended = false;
	void started.exited.then(() => {
		ended = true;
	});
	let pid = command.pid();
	// runc names the process before it is what was asked for: only then are environment and root its own.
	while ((pid === undefined || !command.executed()) && !ended) {
		await sleep(3);
		pid = command.pid();
	}
	const failure = command.failure();
	if (failure !== undefined && command.pid() === undefined) {
		await started.exited;
		command.forget();
		throw new StartError(failure);
	}
	void started.exited.then(() => command.forget());
	return { ...started, pid: command.pid() ?? pid ?? 0 };
}

function startOnPipes(command: RuntimeCommand, options: StartOptions): Omit<ContainerProcess, 'pid'> {
	const child = spawn(command.file, command.args, { stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
	// A reader that went away is not this side's failure.
	child.stdin?.on('error', () => undefined);
	let abandoned = false;
	const taken = Promise.all([
		drain(child, 'stdout', options.output, () => abandoned),
		// runc's own complaint goes to stderr as well; it is not the process's.
		drain(
			child,
			'stderr',
			(stream, chunk) => (command.failure() ? undefined : options.output(stream, chunk)),
			() => abandoned,
		),
	]);
	const exit = new Promise<ExitCode>((resolve) => child.once('exit', (code) => resolve(code ?? 137)));
	return {
		exited: Promise.all([exit, taken]).then(([code]) => code),
		write: (chunk) => child.stdin?.write(chunk) ?? true,
		drained: () => new Promise((resolve) => onceWritable(child, resolve)),
		endInput: () => child.stdin?.end(),
		resize: () => undefined,
		abandon: () => {
			abandoned = true;
			child.stdout?.pause();
			child.stderr?.pause();
		},
	};
}

function onceWritable(child: ChildProcess, resolve: () => void): void {
	const { stdin } = child;
	if (!stdin?.writableNeedDrain) {
		resolve();
		return;
	}
	const done = () => {
		stdin.off('drain', done);
		stdin.off('close', done);
		resolve();
	};
	stdin.once('drain', done);
	stdin.once('close', done);
}

/** Hands over output chunk by chunk. */
async function drain(
	child: ChildProcess,
	name: OutputStream,
	output: OutputSink,
	abandoned: () => boolean,
): Promise<void> {
	const stream = child[name];
	if (!stream) {
		return;
	}
	try {
		for await (const chunk of stream) {
			await output(name, chunk as Buffer);
			if (abandoned()) {
				return await new Promise((resolve) => child.once('exit', () => resolve()));
			}
		}
	} catch {
		// The stream was taken away with its process.
	}
}

function startOnTerminal(command: RuntimeCommand, options: StartOptions): Omit<ContainerProcess, 'pid'> {
	const { columns = 80, rows = 24 } = options.size ?? {};
	const terminal = spawnPty(command.file, command.args, { cols: columns, rows, encoding: null });
	let waiting = Promise.resolve();
	let abandoned = false;
	const oneReturn = singleReturns();
	terminal.onData((data) => {
		if (command.pid() === undefined && command.failure() !== undefined) {
			return;
		}
		const accepted = options.output('stdout', oneReturn(data as unknown as Buffer));
		if (accepted) {
			terminal.pause();
			waiting = accepted.then(() => {
				if (!abandoned) {
					terminal.resume();
				}
			});
		}
	});
	const exit = new Promise<ExitCode>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
	return {
		exited: exit.then(async (code) => {
			await waiting;
			return code;
		}),
		write: (chunk) => {
			terminal.write(chunk as unknown as string);
			return true;
		},
		drained: () => Promise.resolve(),
		endInput: () => undefined,
		resize: (width, height) => terminal.resize(Math.max(width, 1), Math.max(height, 1)),
		abandon: () => {
			abandoned = true;
			terminal.pause();
		},
	};
}

/**
 * Makes one carriage return of several in a row, over all chunks given to it.
 *
 * runc relays between the terminal it makes and the one it was started on, and turns ONLCR off in the first while the
 * process already runs there: what is written, or which settings a shell reads, before that comes with two returns.
 */
function singleReturns(): (chunk: Buffer) => Buffer {
	let last = 0;
	return (chunk) => {
		const kept = chunk.filter((byte, i) => byte !== 0x0d || (i === 0 ? last : chunk[i - 1]) !== 0x0d);
		last = chunk.at(-1) ?? last;
		return Buffer.from(kept);
	};
}
