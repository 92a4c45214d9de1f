/** What the channels use of a WebSocket: the part of ws that FramedSocket has too. */
export interface Socket {
	readonly protocol: string;
	readonly readyState: number;
	readonly OPEN: number;
	/** Bytes that were sent and have not left yet. */
	readonly bufferedAmount: number;
	send(frame: Uint8Array): void;
	ping(): void;
	/** Reads no more; a few messages that were already read may still come. */
	pause(): void;
	resume(): void;
	/** Ends the connection at once; `close` follows. */
	terminate(): void;
	on(event: 'open' | 'ping' | 'pong', listener: () => void): unknown;
	on(event: 'message', listener: (data: Uint8Array | string, isBinary: boolean) => void): unknown;
	on(event: 'error', listener: (error: Error) => void): unknown;
	on(event: 'close', listener: (code: number) => void): unknown;
	/** The server answered the handshake with something else than 101. */
	on(event: 'unexpected-response', listener: (request: unknown, response: Refusal) => void): unknown;
	off(event: 'close', listener: (code: number) => void): unknown;
}

/** An HTTP answer to a handshake. */
export interface Refusal extends AsyncIterable<Uint8Array> {
	statusCode?: number | undefined;
	headers: { 'content-type'?: string | undefined };
}
