import type { Duplex } from 'node:stream';
import { HeaderCodec, type Headers } from './header-block.ts';

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FIN = 1;
const CONTROL = 0x8003;

/** What a stream's owner wants to hear. */
export interface StreamHandlers {
	/** A promise makes the whole connection wait. */
	data: (chunk: Buffer) => void | Promise<void>;
	/** The client closed its half. */
	end: () => void;
	/** The client dropped the stream, or the connection is gone. */
	reset: () => void;
}

/** One stream that the client opened. */
export interface SpdyStream {
	headers: Headers;
	write: (chunk: Buffer) => Promise<void>;
	end: () => void;
}

/**
 * The server's side of SPDY/3.1 as far as Kubernetes uses it: streams opened by the client, no flow control (its own
 * library sends none), pings answered.
 */
export class SpdyConnection {
	readonly #transport: Duplex;
	readonly #codec = new HeaderCodec();
	readonly #handlers = new Map<number, StreamHandlers>();
	readonly #accept: (stream: SpdyStream) => StreamHandlers;

	/** @param accept called for each new stream. */
	constructor(transport: Duplex, accept: (stream: SpdyStream) => StreamHandlers) {
		this.#transport = transport;
		this.#accept = accept;
	}

	/** Serves until the client goes away. */
	async run(): Promise<void> {
		let pending = Buffer.alloc(0);
		try {
			for await (const chunk of this.#transport) {
				pending = Buffer.concat([pending, chunk as Buffer]);
				while (pending.length >= 8 && pending.length >= 8 + pending.readUIntBE(5, 3)) {
					const length = 8 + pending.readUIntBE(5, 3);
					await this.#frame(pending.subarray(0, length));
					pending = pending.subarray(length);
				}
			}
		} catch {
			// The transport broke: the same as its end.
		}
		for (const handlers of this.#handlers.values()) {
			handlers.reset();
		}
	}

	async #frame(frame: Buffer): Promise<void> {
		const flags = frame[4] ?? 0;
		const body = frame.subarray(8);
		if (frame.readUInt16BE(0) !== CONTROL) {
			await this.#data(frame.readUInt32BE(0), flags, body);
			return;
		}
		switch (frame.readUInt16BE(2)) {
			case SYN_STREAM:
				await this.#open(body.readUInt32BE(0), flags, await this.#codec.unpack(body.subarray(10)));
				break;
			case RST_STREAM: {
				const id = body.readUInt32BE(0);
				this.#handlers.get(id)?.reset();
				this.#handlers.delete(id);
				break;
			}
			case PING:
				await this.#send(control(PING, 0, body));
				break;
			case GOAWAY:
				this.#transport.end();
		}
	}

	async #open(id: number, flags: number, headers: Headers): Promise<void> {
		// The client drops what comes on a stream before the reply to it.
		const replied = Promise.withResolvers<void>();
		const handlers = this.#accept({
			headers,
			write: (chunk) => replied.promise.then(() => this.#send(data(id, 0, chunk))),
			end: () => void replied.promise.then(() => this.#send(data(id, FIN, Buffer.alloc(0)))),
		});
		this.#handlers.set(id, handlers);
		await this.#send(control(SYN_REPLY, 0, Buffer.concat([uint32(id), await this.#codec.pack({})])));
		replied.resolve();
		if (flags & FIN) {
			handlers.end();
		}
	}

	async #data(id: number, flags: number, chunk: Buffer): Promise<void> {
		const handlers = this.#handlers.get(id);
		if (chunk.length > 0) {
			await handlers?.data(chunk);
		}
		if (flags & FIN) {
			handlers?.end();
		}
	}

	async #send(frame: Buffer): Promise<void> {
		if (!this.#transport.writable) {
			return;
		}
		await new Promise<void>((resolve) => this.#transport.write(frame, () => resolve()));
	}
}

function control(type: number, flags: number, body: Buffer): Buffer {
	const head = Buffer.alloc(8);
	head.writeUInt16BE(CONTROL, 0);
	head.writeUInt16BE(type, 2);
	head.writeUInt32BE((flags << 24) | body.length, 4);
	return Buffer.concat([head, body]);
}

function data(id: number, flags: number, chunk: Buffer): Buffer {
	const head = Buffer.concat([uint32(id), uint32(((flags << 24) | chunk.length) >>> 0)]);
	return Buffer.concat([head, chunk]);
}

function uint32(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
}
