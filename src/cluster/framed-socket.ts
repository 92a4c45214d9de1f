import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Socket } from './socket.ts';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Bytes of one message that are taken at most; the API server sends some 32 KiB. */
const MESSAGE = 64 * 1024 * 1024;
/** Bytes of a server's frame before its content, at most. */
const HEAD = 10;
/** Bytes that go through between two collections. */
const GARBAGE = 12 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * A WebSocket (RFC 6455) over node:http, for Bun. Its own client (1.4.5) loses its place when the first frame comes in two
 * pieces, the first of them together with the end of the handshake; nor can it send several headers of one name (groups to
 * be impersonated) or use a SOCKS proxy. No extensions, no redirects.
 */
export class FramedSocket extends EventEmitter implements Socket {
	readonly OPEN = 1;
	readyState = 0;
	protocol = '';
	#stream: Duplex | undefined;
	/** Arrived and not yet a whole frame: the used part of `#room`. */
	#pending: Buffer = NOTHING;
	#room: Buffer = NOTHING;
	/** The frames of a message so far. */
	#parts: Uint8Array[] = [];
	#code = 1006;
	/** Bytes that went through since the last collection. */
	#garbage = 0;
	readonly #secure: boolean;
	readonly #request: ReturnType<typeof httpRequest>;

	/** @param options for node:http: headers (lists are sent one by one), TLS settings, agent */
	constructor(url: URL, protocols: string[], options: RequestOptions) {
		super();
		this.#secure = url.protocol === 'https:';
		const key = randomBytes(16).toString('base64');
		const headers = {
			...(options.headers as Record<string, string | string[]>),
			Connection: 'Upgrade',
			Upgrade: 'websocket',
			'Sec-WebSocket-Version': '13',
			'Sec-WebSocket-Key': key,
			'Sec-WebSocket-Protocol': protocols.join(', '),
		};
		this.#request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { ...options, headers });
		this.#request.on('error', (error) => this.#failed(error));
		this.#request.on('response', (response) => this.emit('unexpected-response', this.#request, response));
		this.#request.on('upgrade', (response, stream, head) => this.#upgraded(response, stream, head, key));
		this.#request.end();
	}

	get bufferedAmount(): number {
		return this.#stream?.writableLength ?? 0;
	}

	send(frame: Uint8Array): void {
		this.#write(BINARY, frame);
	}

	ping(): void {
		this.#write(PING, new Uint8Array());
	}

	pause(): void {
		this.#stream?.pause();
	}

	resume(): void {
		this.#stream?.resume();
	}

	terminate(): void {
		this.readyState = 3;
		this.#request.destroy();
		this.#stream?.destroy();
	}

	#upgraded(response: IncomingMessage, stream: Duplex, head: Buffer, key: string): void {
		const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
		this.#stream = stream;
		stream.on('error', (error) => this.#failed(error));
		stream.on('close', () => {
			this.readyState = 3;
			this.emit('close', this.#code);
		});
		if (response.headers['sec-websocket-accept'] !== accept) {
			this.#failed(new Error('Invalid Sec-WebSocket-Accept header'));
			return;
		}
		this.protocol = response.headers['sec-websocket-protocol'] ?? '';
		this.readyState = this.OPEN;
		this.emit('open');
		stream.on('data', (bytes: Buffer) => this.#arrived(bytes));
		stream.on('end', () => stream.destroy());
		if (head.length > 0) this.#arrived(head);
	}

	#failed(error: Error): void {
		this.emit('error', error);
		if (this.#stream === undefined) this.emit('close', this.#code);
		this.terminate();
	}

	/** A client's frames are whole, and masked with a key of their own (§5.3). Over TLS, where nobody reads on the way, it is 0. */
	#write(opcode: number, content: Uint8Array): void {
		const { length } = content;
		this.#count(length);
		const extended = length > 65535 ? 8 : length > 125 ? 2 : 0;
		const start = 2 + extended + 4;
		const frame = Buffer.allocUnsafe(start + length);
		frame[0] = 0x80 | opcode;
		frame[1] = 0x80 | (extended === 8 ? 127 : extended === 2 ? 126 : length);
		if (extended === 2) frame.writeUInt16BE(length, 2);
		if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
		const mask = this.#secure ? Buffer.alloc(4) : randomBytes(4);
		frame.set(mask, start - 4);
		frame.set(content, start);
		if (!this.#secure) for (let at = 0; at < length; at++) frame[start + at] = (content[at] ?? 0) ^ (mask[at & 3] ?? 0);
		this.#stream?.write(frame);
	}

	/** So many bytes are or become garbage, which Bun would let grow to twice what we may take. */
	#count(bytes: number): void {
		this.#garbage += bytes;
		if (this.#garbage < GARBAGE) return;
		this.#garbage = 0;
		// A collection takes some 5 ms.
		globalThis.Bun?.gc(true);
	}

	/** Takes what arrived apart where it lies: only a frame that comes in several pieces is copied, into a room of its own. */
	#arrived(bytes: Buffer): void {
		this.#count(bytes.length);
		let rest = bytes;
		while (rest.length > 0 && this.readyState !== 3) {
			if (this.#pending.length === 0) {
				const size = this.#sizeOf(rest);
				if (size !== undefined && size <= rest.length) {
					this.#frame(rest.subarray(0, size));
					rest = rest.subarray(size);
					continue;
				}
			}
			rest = rest.subarray(this.#keep(rest));
			if (this.#pending.length !== this.#sizeOf(this.#pending)) continue;
			const whole = this.#pending;
			this.#pending = NOTHING;
			this.#room = NOTHING;
			this.#frame(whole);
		}
	}

	/** Adds to the frame that is pending what belongs to it, and its head alone as long as it does not tell the size. */
	#keep(bytes: Buffer): number {
		const have = this.#pending.length;
		const size = this.#sizeOf(this.#pending) ?? Math.max(have + 1, 2);
		if (this.#room.length < size) {
			const room = Buffer.allocUnsafeSlow(Math.max(size, HEAD));
			this.#pending.copy(room);
			this.#room = room;
		}
		const taken = bytes.copy(this.#room, have, 0, size - have);
		this.#pending = this.#room.subarray(0, have + taken);
		return taken;
	}

	/** Bytes of the frame that begins here; undefined: its head is not all there yet. */
	#sizeOf(bytes: Buffer): number | undefined {
		const second = bytes[1];
		if (second === undefined) return undefined;
		const start = startOf(second);
		if (bytes.length < start) return undefined;
		const short = second & 0x7f;
		const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
		if (length <= MESSAGE && second <= 127) return start + length;
		this.#failed(new Error('the server sent what is no WebSocket frame'));
		return undefined;
	}

	#frame(bytes: Buffer): void {
		const [first = 0, second = 0] = bytes;
		this.#handle(first & 0x0f, first > 127, bytes.subarray(startOf(second)));
	}

	#handle(opcode: number, isLast: boolean, content: Buffer): void {
		if (opcode === PING) {
			this.#write(PONG, content);
			this.emit('ping');
		} else if (opcode === PONG) this.emit('pong');
		else if (opcode === CLOSE) {
			this.#code = content.length >= 2 ? content.readUInt16BE(0) : 1005;
			this.#write(CLOSE, content.subarray(0, 2));
			this.readyState = 2;
			this.#stream?.end();
		} else if (opcode <= BINARY) {
			this.#parts.push(content);
			if (!isLast) return;
			const message = this.#parts.length === 1 ? content : Buffer.concat(this.#parts);
			this.#parts = [];
			this.emit('message', message, opcode !== TEXT);
		}
	}
}

/** Where the content of a server's frame starts, by its second byte. */
function startOf(second: number): number {
	return (second & 0x7f) === 127 ? 10 : (second & 0x7f) === 126 ? 4 : 2;
}
