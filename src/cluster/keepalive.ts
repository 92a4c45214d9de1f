import type { Socket } from './socket.ts';

/** Milliseconds between two pings, as kubectl's. */
const PING = 5000;
/** Pings without an answer, or anything else, after which the connection is dead: 30 s. */
const MISSED = 6;

/**
 * Pings the server and calls `dead` once when it has been silent for six pings.
 *
 * Pings are counted and not seconds, so that a machine that wakes from sleep gives the server time to answer. While we
 * hold its output back (`isPaused`) its answers are not read and so not missed.
 *
 * @returns what stops it
 */
export function startKeepalive(
	socket: Socket,
	isPaused: () => boolean,
	interval: number = PING,
	dead: () => void = () => {},
): () => void {
	let missed = 0;
	const alive = (): void => {
		missed = 0;
	};
	socket.on('pong', alive);
	socket.on('ping', alive);
	socket.on('message', alive);
	const timer = setInterval(() => {
		if (isPaused()) missed = 0;
		else if (missed >= MISSED) {
			clearInterval(timer);
			dead();
			return;
		}
		missed++;
		if (socket.readyState === socket.OPEN) socket.ping();
	}, interval);
	return () => clearInterval(timer);
}
