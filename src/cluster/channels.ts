import { UserError } from '../errors.ts';
import { parseStatus, type Status } from './api-error.ts';
import type { Connection } from './connect.ts';
import { openSocket } from './handshake.ts';
import { startKeepalive } from './keepalive.ts';
import type { Query } from './request.ts';
import type { Socket } from './socket.ts';

export interface ChannelHandlers {
	/** A promise holds further output back until it is settled; a rejection ends the connection and is what `status` rejects with. */
	stdout(bytes: Uint8Array): void | Promise<void>;
	stderr(bytes: Uint8Array): void | Promise<void>;
}

export interface ChannelOptions {
	/** Ends the connection; `status` then rejects with its reason. */
	signal?: AbortSignal;
	/** Milliseconds between two pings; 5000 if not given. */
	pingInterval?: number;
}

/** An open exec or attach: the streams of a process over one WebSocket (KEP-4006). */
export interface Channels {
	protocol: 'v5' | 'v4';
	/** To stdin; resolves when more may be sent. @throws ConnectionLost */
	send(bytes: Uint8Array): Promise<void>;
	/** Ends stdin and leaves the output open; false where the server (v4) cannot be told. */
	closeStdin(): boolean;
	resize(columns: number, rows: number): void;
	/** How the server says the process ended, after all of its output was handled. Rejects with ConnectionLost when it did not say. */
	status: Promise<Status>;
	close(): void;
}

/** The connection ended before the server said how the process ended; it may still run. */
export class ConnectionLost extends UserError {
	override readonly name = 'ConnectionLost';
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;
const CLOSE = 255;

/** Bytes of a frame's content. */
const FRAME = 32 * 1024;
/** Bytes that may wait to be sent. */
const HIGH_WATER = 1024 * 1024;
/** Milliseconds that the server has to close the connection after it sent the status. */
const CLOSE_GRACE = 2000;

/**
 * Opens exec or attach over a WebSocket, subprotocol v5.channel.k8s.io or else v4.
 *
 * @throws ApiError when the server refuses, UserError when no API server answered or a proxy lets no WebSocket through
 */
export async function openChannels(
	connection: Connection,
	path: string,
	query: Query,
	handlers: ChannelHandlers,
	options: ChannelOptions = {},
): Promise<Channels> {
	return openSocket(
		connection,
		path,
		query,
		options.signal,
		(socket) => new OpenChannels(connection.server.host, socket, handlers, options),
	);
}

type Event = { channel: number; bytes: Uint8Array };

class OpenChannels implements Channels {
	readonly protocol: 'v5' | 'v4';
	readonly status: Promise<Status>;
	readonly #socket: Socket;
	readonly #host: string;
	readonly #handlers: ChannelHandlers;
	readonly #ended = Promise.withResolvers<Status>();
	/** Arrived and not yet handled. */
	readonly #waiting: Event[] = [];
	#handling = false;
	#paused = false;
	/** Bytes of stdin. */
	#sent = 0;
	#status: Status | undefined;
	/** Why the connection ended, once it has. */
	#end: Error | undefined;
	#grace: NodeJS.Timeout | undefined;

	constructor(host: string, socket: Socket, handlers: ChannelHandlers, options: ChannelOptions) {
		this.#socket = socket;
		this.#host = host;
		this.#handlers = handlers;
		this.protocol = socket.protocol === 'v5.channel.k8s.io' ? 'v5' : 'v4';
		this.status = this.#ended.promise;
		// Whoever is interested awaits it; who only closes is not to be killed by an unhandled rejection.
		this.status.catch(() => {});

		const stopKeepalive = startKeepalive(socket, {
			isPaused: () => this.#paused,
			sent: () => this.#sent,
			dead: () => this.#fail(this.#lost('no sign of life from the server')),
			interval: options.pingInterval,
		});
		const abort = (): void => this.#fail(options.signal?.reason);
		options.signal?.addEventListener('abort', abort);
		socket.on('message', (data: Uint8Array | string, isBinary: boolean) => this.#arrived(data, isBinary));
		socket.on('error', (error: NodeJS.ErrnoException) => {
			this.#end ??= this.#lost(error.code ?? error.message);
		});
		socket.on('close', (code: number) => {
			stopKeepalive();
			clearTimeout(this.#grace);
			options.signal?.removeEventListener('abort', abort);
			this.#end ??= this.#lost(code === 1006 ? 'it broke off' : `close code ${code}`);
			this.#settle();
		});
		if (options.signal?.aborted) abort();
	}

	async send(bytes: Uint8Array): Promise<void> {
		for (let at = 0; at < bytes.length; at += FRAME) {
			const part = bytes.subarray(at, at + FRAME);
			this.#sendFrame(STDIN, part);
			this.#sent += part.length;
			await this.#drained();
		}
	}

	closeStdin(): boolean {
		if (this.protocol !== 'v5') return false;
		this.#sendFrame(CLOSE, Uint8Array.of(STDIN));
		return true;
	}

	resize(columns: number, rows: number): void {
		if (this.#end !== undefined || this.#socket.readyState !== this.#socket.OPEN) return;
		this.#sendFrame(RESIZE, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
	}

	close(): void {
		this.#fail(this.#lost('closed by us'));
	}

	#sendFrame(channel: number, bytes: Uint8Array): void {
		if (this.#socket.readyState !== this.#socket.OPEN) throw this.#end ?? this.#lost('it is closing');
		const frame = Buffer.allocUnsafe(bytes.length + 1);
		frame[0] = channel;
		frame.set(bytes, 1);
		this.#socket.send(frame);
	}

	/** Neither runtime tells when the buffer has drained, so it is looked at, before a fast network has: 1 MiB is 5 ms of one. */
	async #drained(): Promise<void> {
		for (let pause = 1; this.#socket.bufferedAmount > HIGH_WATER; pause = Math.min(pause * 2, 4)) {
			await new Promise((resolve) => setTimeout(resolve, pause));
			if (this.#socket.readyState !== this.#socket.OPEN) throw this.#end ?? this.#lost('it is closing');
		}
	}

	#arrived(data: Uint8Array | string, isBinary: boolean): void {
		const bytes = typeof data === 'string' || !isBinary ? Buffer.from(data as string) : data;
		const channel = bytes[0];
		if (channel === undefined || this.#end !== undefined) return;
		if (channel !== STDOUT && channel !== STDERR && channel !== STATUS) return;
		if (bytes.length === 1 && channel !== STATUS) return;
		this.#waiting.push({ channel, bytes: bytes.subarray(1) });
		if (!this.#handling) this.#handle();
		else this.#pause();
	}

	/** Hands out what has arrived, in order, and waits where a handler wants it; meanwhile nothing more is read. */
	#handle(): void {
		this.#handling = true;
		try {
			for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
				const busy = this.#dispatch(event);
				if (busy === undefined) continue;
				this.#pause();
				busy.then(
					() => this.#handle(),
					(error: Error) => this.#fail(error),
				);
				return;
			}
		} catch (error) {
			this.#fail(error as Error);
			return;
		}
		this.#handling = false;
		this.#resume();
		this.#settle();
	}

	#dispatch({ channel, bytes }: Event): Promise<void> | undefined {
		if (channel === STDOUT) return this.#handlers.stdout(bytes) ?? undefined;
		if (channel === STDERR) return this.#handlers.stderr(bytes) ?? undefined;
		const text = Buffer.from(bytes).toString('utf8');
		this.#status = parseStatus(text) ?? { status: 'Failure', message: text };
		this.#grace ??= setTimeout(() => this.#fail(this.#lost('the server left it open')), CLOSE_GRACE);
		return undefined;
	}

	#pause(): void {
		if (this.#paused) return;
		this.#paused = true;
		this.#socket.pause();
	}

	#resume(): void {
		if (!this.#paused) return;
		this.#paused = false;
		this.#socket.resume();
	}

	/** Ends the connection from this side; what has arrived and waits is dropped. */
	#fail(reason: Error): void {
		this.#end ??= reason;
		this.#waiting.length = 0;
		this.#handling = false;
		// A paused socket does not notice its own end.
		this.#resume();
		this.#socket.terminate();
		this.#settle();
	}

	/** Once the connection has ended and all output is handled. */
	#settle(): void {
		if (this.#end === undefined || this.#handling || this.#waiting.length > 0) return;
		if (this.#status !== undefined) this.#ended.resolve(this.#status);
		else this.#ended.reject(this.#end);
	}

	#lost(why: string): ConnectionLost {
		return new ConnectionLost(`the connection to ${this.#host} was lost (${why})`, 'what was started may still run');
	}
}
