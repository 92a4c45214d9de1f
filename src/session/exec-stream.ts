import { ConnectionLost, openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { podPath } from '../cluster/pods.ts';
import { enterCommand, Greeting, type Work } from './enter.ts';
import { exitCodeOf } from './exit-status.ts';
import { keepAlive } from './feed.ts';
import { encodeFrame } from './header.ts';
import type { Place } from './run.ts';
import type { AgentRun } from './transfer/agent.ts';

/** Bytes of stderr that are kept. */
const WORDS = 64 * 1024;

/**
 * Run a work whose stdin and stdout are ours to write and read, instead of the user's.
 * @throws UserError, ApiError when it cannot be begun; what cuts it later comes out of `output` and `send`
 */
export async function openStream(connection: Connection, place: Place, work: Work): Promise<AgentRun> {
	const greeting = new Greeting(work);
	let words = '';
	/** One piece on its way to the reader; what sent it waits until it is taken. */
	let piece: { bytes: Uint8Array; taken: () => void } | undefined;
	let wake: () => void = () => {};
	/** The reader has gone. */
	let unread = false;
	let over: { error?: unknown } | undefined;
	const channels = await openChannels(
		connection,
		podPath(place.namespace, place.pod, 'exec'),
		{ container: place.container, command: enterCommand(work), stdout: 'true', stderr: 'true', stdin: 'true' },
		{
			stdout: (bytes) => {
				if (unread) return undefined;
				return new Promise((taken) => {
					piece = { bytes, taken };
					wake();
				});
			},
			stderr: (bytes) => {
				words = (words + Buffer.from(greeting.marks.pass(bytes)).toString()).slice(-WORDS);
			},
		},
	);
	const alive = work.stdin ? undefined : keepAlive((bytes) => channels.send(bytes));
	greeting.begin(channels);
	if (alive) greeting.done.then(alive.begin);
	const end = (error?: unknown): void => {
		over = { error };
		alive?.end();
		wake();
	};
	const done = channels.status.then(exitCodeOf);
	done.then(
		() => end(),
		(error) => end(error),
	);
	const framed = channels.protocol === 'v4';
	/** Until the work begins stdin is not its own; it may also end before that. */
	const begun = Promise.race([
		greeting.done,
		done.then(
			() => {},
			() => {},
		),
	]);

	async function* read(): AsyncGenerator<Uint8Array> {
		try {
			yield* pieces();
		} finally {
			// What nobody reads must not hold back what comes behind it: the greeting can be late, and is waited for.
			unread = true;
			piece?.taken();
		}
	}
	async function* pieces(): AsyncGenerator<Uint8Array> {
		for (;;) {
			if (piece) {
				const { bytes, taken } = piece;
				piece = undefined;
				try {
					yield bytes;
				} finally {
					taken();
				}
			} else if (over) {
				if (over.error !== undefined) throw over.error;
				return;
			} else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	}
	return {
		output: read(),
		async send(bytes) {
			await begun;
			if (over) throw over.error ?? new ConnectionLost('the files agent has ended');
			await channels.send(framed ? encodeFrame(bytes) : bytes);
		},
		endInput() {
			begun
				.then(async () => {
					if (over) return;
					if (framed) await channels.send(encodeFrame(new Uint8Array(0)));
					else channels.closeStdin();
				})
				// What ends the stream is told by its output.
				.catch(() => {});
		},
		done,
		words: () => words,
		close() {
			piece?.taken();
			channels.close();
		},
	};
}
