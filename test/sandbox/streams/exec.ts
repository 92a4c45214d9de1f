import { chooseContainer } from '../api/pod-options.ts';
import { type ContainerProcess, StartError, startProcess } from '../node/process.ts';
import { ChannelSocket, ERROR, RESIZE, STDERR, STDIN, STDOUT } from './channels.ts';
import { exitStatus, internalErrorStatus } from './result.ts';
import { StreamError } from './stream-error.ts';
import type { StreamRequest } from './upgrades.ts';

/** Which streams a client wants, read from the query as the kubelet reads it. */
export interface WantedStreams {
	stdin: boolean;
	stdout: boolean;
	stderr: boolean;
	tty: boolean;
}

/** @throws {StreamError} 400 when none is wanted. */
export function wantedStreams(query: URLSearchParams): WantedStreams {
	const on = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
	const tty = on('tty');
	const streams = { stdin: on('stdin'), stdout: on('stdout'), stderr: on('stderr') && !tty, tty };
	if (!streams.stdin && !streams.stdout && !streams.stderr) {
		throw new StreamError(400, 'you must specify at least 1 of stdin, stdout, stderr');
	}
	return streams;
}

/**
 * Runs one more process in a running container.
 *
 * When the client goes away a process without a terminal sees the end of its stdin and is no longer read; one with a
 * terminal sees nothing at all. Both live on, as under containerd.
 */
export async function exec({ pod, query, parts, open }: StreamRequest): Promise<void> {
	const { namespace = '', name } = pod.metadata;
	const container = chooseContainer(pod, query.get('container'));
	const streams = wantedStreams(query);
	const runner = parts.kubelet.container(namespace, name, container);
	if (!runner?.running) {
		throw new StreamError(500, `container not found ("${container}")`);
	}
	const { id } = runner.running;
	const socket = new ChannelSocket(await open(), parts.misbehaviour);
	await socket.send(STDOUT, '');
	const input = new InputQueue(socket);
	try {
		const process = await startProcess(parts.runtime.execCommand(id, query.getAll('command'), streams.tty), {
			tty: streams.tty,
			stdin: streams.stdin,
			...(input.size && { size: input.size }),
			output: (stream, chunk) => {
				const wanted = stream === 'stdout' ? streams.stdout : streams.stderr;
				return wanted ? socket.send(stream === 'stdout' ? STDOUT : STDERR, chunk) : undefined;
			},
		});
		input.connect(process);
		await socket.send(ERROR, exitStatus(await process.exited));
	} catch (error) {
		if (!(error instanceof StartError)) {
			throw error;
		}
		const failed = `failed to start exec "${parts.runtime.newId()}": OCI runtime exec failed: ${error.message}`;
		await socket.send(
			ERROR,
			internalErrorStatus(`error executing command in container: failed to exec in container: ${failed}`),
		);
	}
	socket.close();
}

/** What the client sends before the process runs waits here; afterwards it goes straight through. */
class InputQueue {
	size: { columns: number; rows: number } | undefined;
	#process: ContainerProcess | undefined;
	#waiting: Buffer[] = [];
	#ended = false;
	#gone = false;
	#connected: () => void = () => undefined;
	readonly #started = new Promise<void>((resolve) => {
		this.#connected = resolve;
	});

	constructor(socket: ChannelSocket) {
		socket.listen({
			data: (channel, payload) => this.#take(channel, payload),
			end: (channel) => {
				if (channel === STDIN) {
					this.#ended = true;
					this.#process?.endInput();
				}
			},
			gone: () => {
				this.#gone = true;
				this.#process?.endInput();
				this.#process?.abandon();
			},
		});
	}

	connect(process: ContainerProcess): void {
		this.#process = process;
		for (const chunk of this.#waiting) {
			process.write(chunk);
		}
		this.#waiting = [];
		if (this.size) {
			process.resize(this.size.columns, this.size.rows);
		}
		if (this.#ended || this.#gone) {
			process.endInput();
		}
		if (this.#gone) {
			process.abandon();
		}
		this.#connected();
	}

	#take(channel: number, payload: Buffer): undefined | Promise<void> {
		if (channel === RESIZE) {
			const { Width, Height } = JSON.parse(payload.toString()) as { Width: number; Height: number };
			this.size = { columns: Width, rows: Height };
			this.#process?.resize(Width, Height);
		} else if (channel === STDIN) {
			if (!this.#process) {
				this.#waiting.push(payload);
				return this.#started;
			}
			return this.#process.write(payload) ? undefined : this.#process.drained();
		}
		return undefined;
	}
}
