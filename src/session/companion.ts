import type { Feed, Send } from './feed.ts';

/** What takes part in the streams of a work beside the user: it hears what is said to us, and answers on stdin. */
export interface Companion {
	/** The stream is open; `send` writes to the work's stdin. */
	open(send: Send): void;
	/** What of stderr, or of a terminal's output, is for people. */
	pass(bytes: Uint8Array): Uint8Array;
	/** What is still held back when the stream has ended. */
	rest(): Uint8Array;
	/** Whether keys were meant for us and not for the work. */
	takes?(keys: Uint8Array): boolean;
	/** What goes to stdin where the user's input does not, instead of mere signs of life. */
	feed?(send: Send): Feed;
	/** The stream has ended: resolves when what was begun is done. */
	finished(): Promise<void>;
}
