/** What goes to stdin there once the command begins, until the stream ends. */
export interface Feed {
	begin(): Promise<void> | void;
	end(): void;
}

/** Writes to a work's stdin. */
export type Send = (bytes: Uint8Array) => Promise<void>;

/** Milliseconds between two signs of life. The launcher takes 8 s of silence for our end (src/inside/run.c). */
const HEARTBEAT = 2000;
const SIGN = Uint8Array.of(0x2e);

/** Signs of life to a command that reads no stdin: it is ended there when they stop, however we came to our end. */
export function keepAlive(send: Send, sign = SIGN): Feed {
	let timer: NodeJS.Timeout | undefined;
	return {
		begin() {
			timer = setInterval(() => send(sign).catch(() => {}), HEARTBEAT);
		},
		end() {
			clearInterval(timer);
		},
	};
}
