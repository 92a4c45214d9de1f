import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Misbehaviour } from '../misbehaviour.ts';

/** Channels of the remote command protocol (KEP-4006). */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
export const RESIZE = 4;
const CLOSE = 255;

/** Bytes that may wait to be sent before the sender is made to wait. */
const HIGH_WATER = 1024 * 1024;

export interface ChannelHandlers {
	/** A promise makes the client wait before more is read. */
	data: (channel: number, payload: Buffer) => void | Promise<void>;
	/** The client closed one channel; v5 only. */
	end: (channel: number) => void;
	/** The connection is gone, by whichever side. */
	gone: () => void;
}

/** One WebSocket that carries numbered channels of bytes. */
export class ChannelSocket {
	readonly protocol: string;
	readonly #socket: WebSocket;
	readonly #misbehaviour: Misbehaviour;
	#sent = 0;
	#gone = false;

	constructor({ socket, protocol }: AcceptedSocket, misbehaviour: Misbehaviour) {
		this.#socket = socket;
		this.#misbehaviour = misbehaviour;
		this.protocol = protocol;
		socket.on('error', () => undefined);
		socket.on('close', () => {
			this.#gone = true;
		});
		socket.on('ping', (payload) => {
			if (!misbehaviour.silentStreams) {
				socket.pong(payload);
			}
		});
	}

	/** Starts to read. */
	listen(handlers: ChannelHandlers): void {
		this.#socket.on('close', () => void this.#untilHeard().then(() => handlers.gone()));
		this.#socket.on('message', (message: Buffer) => {
			if (this.#misbehaviour.silentStreams) {
				return;
			}
			const [channel = 0, closed = 0] = message;
			if (channel === CLOSE && this.protocol.startsWith('v5')) {
				handlers.end(closed);
				return;
			}
			const wait = handlers.data(channel, message.subarray(1));
			if (wait) {
				this.#socket.pause();
				void wait.then(() => this.#socket.resume());
			}
		});
	}

	/** Over a dead line nobody hears that the other side is gone. */
	async #untilHeard(): Promise<void> {
		while (this.#misbehaviour.silentStreams) {
			await sleep(20, undefined, { ref: false });
		}
	}

	/** Sends bytes on a channel; resolves when more may be sent. */
	async send(channel: number, payload: Buffer | string): Promise<void> {
		if (this.#gone || this.#misbehaviour.silentStreams) {
			return;
		}
		const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
		const flushed = new Promise<void>((resolve) =>
			this.#socket.send(Buffer.concat([Buffer.of(channel), bytes]), { binary: true }, () => resolve()),
		);
		this.#sent += bytes.length;
		if (this.#sent >= (this.#misbehaviour.cutAfterBytes ?? Number.POSITIVE_INFINITY)) {
			this.cut();
		}
		if (this.#socket.bufferedAmount > HIGH_WATER) {
			await flushed;
		}
	}

	/** Closes in good order. */
	close(): void {
		if (!this.#misbehaviour.silentStreams) {
			this.#socket.close(1000);
		}
	}

	/** Takes the connection away without a word. */
	cut(): void {
		this.#gone = true;
		this.#socket.terminate();
	}
}

/** An opened WebSocket and the subprotocol that was agreed upon. */
export interface AcceptedSocket {
	socket: WebSocket;
	protocol: string;
}

/** Completes the handshake with that subprotocol. */
export async function acceptWebSocket(
	request: IncomingMessage,
	stream: Duplex,
	head: Buffer,
	protocol: string,
): Promise<AcceptedSocket> {
	const server = new WebSocketServer({
		noServer: true,
		autoPong: false,
		perMessageDeflate: false,
		maxPayload: 64 * 1024 * 1024,
	});
	// Kubernetes' names may hold a slash, which the library refuses to read: the header is handled here instead.
	delete request.headers['sec-websocket-protocol'];
	server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
	const socket = await new Promise<WebSocket>((resolve) => server.handleUpgrade(request, stream, head, resolve));
	return { socket, protocol };
}
