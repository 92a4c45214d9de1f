import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import type { Sandbox } from '../sandbox.ts';

/** A refused handshake. */
export class Refused extends Error {
	readonly status: number;
	readonly body: string;

	constructor(status: number, body: string) {
		super(`${status} ${body}`);
		this.status = status;
		this.body = body;
	}
}

/** A bare client of exec and attach: what goes over the wire, nothing more. */
export class StreamClient {
	readonly socket: WebSocket;
	/** Bytes by channel. */
	readonly received: Buffer[][] = [[], [], [], [], []];
	/** Code and reason of the close frame; 1006 when there was none. */
	readonly closed: Promise<number>;

	private constructor(socket: WebSocket) {
		this.socket = socket;
		socket.on('message', (message: Buffer) => this.received[message[0] ?? 0]?.push(message.subarray(1)));
		this.closed = new Promise((resolve) => socket.on('close', resolve));
	}

	/** @throws {Refused} */
	static async open(
		sandbox: Sandbox,
		path: string,
		query: Record<string, string | string[]>,
		options: { protocols?: string[]; user?: string } = {},
	): Promise<StreamClient> {
		const { protocols = ['v5.channel.k8s.io'], user = 'admin' } = options;
		const params = Object.entries(query).flatMap(([key, value]) =>
			[value].flat().map((item): [string, string] => [key, item]),
		);
		const url = `${sandbox.server}/api/v1/${path}?${new URLSearchParams(params)}`.replace('https', 'wss');
		const credentials = sandbox.token(user);
		const socket = new WebSocket(url, protocols, {
			ca: readFileSync(sandbox.caFile),
			headers: { Authorization: `Bearer ${credentials}` },
		});
		socket.on('error', () => undefined);
		const client = new StreamClient(socket);
		await new Promise<void>((resolve, reject) => {
			socket.on('open', resolve);
			socket.on('unexpected-response', (_request, response: IncomingMessage) => {
				let body = '';
				response.on('data', (chunk: Buffer) => {
					body += chunk.toString();
				});
				response.on('end', () => reject(new Refused(response.statusCode ?? 0, body)));
			});
			socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
		});
		return client;
	}

	send(channel: number, payload: string | Buffer): void {
		this.socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(payload)]));
	}

	/** Half-closes a channel (v5). */
	end(channel: number): void {
		this.socket.send(Buffer.of(255, channel));
	}

	text(channel: number): string {
		return Buffer.concat(this.received[channel] ?? []).toString();
	}

	/** Waits until the text came on that channel. */
	async until(channel: number, text: string): Promise<void> {
		while (!this.text(channel).includes(text)) {
			await new Promise<void>((resolve, reject) => {
				this.socket.once('message', () => resolve());
				this.socket.once('close', () => reject(new Error(`closed before ${text} came, after ${this.text(channel)}`)));
			});
		}
	}
}
