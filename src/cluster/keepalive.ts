import type { Socket } from './socket.ts';

/** Milliseconds between two pings, as kubectl's. */
const PING = 5000;
/** Pings without an answer, or anything else, after which the connection is dead: 30 s. */
const MISSED = 6;
/** The same while the other side may be busy with what we sent: 5 min. */
const MISSED_BEHIND_DATA = 60;
/** Bytes on their way behind which a ping may be stuck: more than anybody types. */
const DATA = 64 * 1024;

export interface Keepalive {
	/** While we hold the server's output back its answers are not read, and so not missed. */
	isPaused(): boolean;
	/** Bytes of stdin so far. A process that does not read its stdin stops the server from reading anything, pings too. */
	sent(): number;
	/** Called once, when the connection is dead. */
	dead(): void;
	/** Milliseconds between two pings, if not 5000. */
	interval?: number | undefined;
}

/**
 * Pings the server, and gives it up when it has been silent for half a minute; for five minutes when the silence may come
 * from a process that does not read what we sent.
 *
 * Pings are counted and not seconds, so that a machine that wakes from sleep gives the server time to answer.
 *
 * @returns what stops it
 */
export function startKeepalive(socket: Socket, keepalive: Keepalive): () => void {
	let missed = 0;
	/** What had been sent one and two ticks before the last sign of life; an answer may be older than what we sent since. */
	let sent = 0;
	let sentBefore = 0;
	const alive = (): void => {
		missed = 0;
	};
	socket.on('pong', alive);
	socket.on('ping', alive);
	socket.on('message', alive);
	const timer = setInterval(() => {
		if (keepalive.isPaused()) missed = 0;
		if (missed === 0) {
			sentBefore = sent;
			sent = keepalive.sent();
		}
		if (missed >= (keepalive.sent() - sentBefore > DATA ? MISSED_BEHIND_DATA : MISSED)) {
			clearInterval(timer);
			keepalive.dead();
			return;
		}
		missed++;
		if (socket.readyState === socket.OPEN) socket.ping();
	}, keepalive.interval ?? PING);
	return () => clearInterval(timer);
}
