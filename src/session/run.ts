import type { V1Status } from '@kubernetes/client-node';
import { type Channels, ConnectionLost, openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { podPath } from '../cluster/pods.ts';
import type { Companion } from './companion.ts';
import { enterCommand, Greeting, type Work } from './enter.ts';
import { exitCodeOf } from './exit-status.ts';
import { type Feed, keepAlive } from './feed.ts';
import { encodeFrame } from './header.ts';
import type { Sink } from './sink.ts';
import { readStdin } from './stdin.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** Where. */
export interface Place {
	namespace: string;
	pod: string;
	container: string;
}

/** No bytes. */
const EMPTY = new Uint8Array(0);

/** What of a process is carried; its output always is. */
export type Streams = Pick<Work, 'stdin' | 'tty'>;

/**
 * Run something in a running container and give its exit code; its output goes to the sink as it comes.
 * @throws UserError, ApiError, ConnectionLost: everything but the command's own end
 */
export async function runWork(
	connection: Connection,
	place: Place,
	work: Work,
	sink: Sink,
	companion?: Companion,
): Promise<number> {
	return exitCodeOf(await runStream(connection, place, 'exec', work, sink, companion));
}

/**
 * Carry the streams of an exec, or of an attach to a main process, to their end.
 * @param work what `enterCommand` made a process of; or only the streams of a process that has begun by itself
 * @returns the Status that ended them; of an attach it says nothing of the process
 */
export async function runStream(
	connection: Connection,
	place: Place,
	verb: 'exec' | 'attach',
	work: Work | Streams,
	sink: Sink,
	companion?: Companion,
): Promise<V1Status> {
	const terminal = work.tty && process.stdin.isTTY ? await openTerminal() : undefined;
	try {
		return await carryStreams(connection, place, verb, work, sink, terminal, companion);
	} finally {
		await terminal?.restore();
	}
}

async function carryStreams(
	connection: Connection,
	place: Place,
	verb: 'exec' | 'attach',
	work: Work | Streams,
	sink: Sink,
	terminal: Terminal | undefined,
	companion: Companion | undefined,
): Promise<V1Status> {
	const greeting = 'words' in work ? new Greeting(work) : undefined;
	const clear = (bytes: Uint8Array): Uint8Array => greeting?.marks.pass(bytes) ?? bytes;
	const show = (bytes: Uint8Array): Promise<void> | undefined => {
		if (bytes.length === 0) return undefined;
		// What reaches the screen before the terminal is raw would get carriage returns of its own.
		return terminal?.whenRaw?.then(() => sink.stdout(bytes)) ?? sink.stdout(bytes);
	};
	const people = (bytes: Uint8Array): Uint8Array => companion?.pass(bytes) ?? bytes;
	const complain = (bytes: Uint8Array): Promise<void> | undefined =>
		bytes.length === 0 ? undefined : sink.stderr(bytes);
	const channels = await openChannels(
		connection,
		podPath(place.namespace, place.pod, verb),
		{
			container: place.container,
			...('words' in work && verb === 'exec' && { command: enterCommand(work) }),
			stdout: 'true',
			...(!work.tty && { stderr: 'true' }),
			stdin: 'true',
			...(work.tty && { tty: 'true' }),
		},
		{
			stdout: (bytes) => show(work.tty ? people(clear(bytes)) : bytes),
			stderr: (bytes) => complain(people(clear(bytes))),
		},
	);
	const send = (bytes: Uint8Array): Promise<void> => channels.send(bytes);
	let unread: Error | undefined;
	const feed = work.tty
		? feedTerminal(channels, work, terminal, companion)
		: work.stdin
			? feedPipe(channels)
			: (companion?.feed?.(send) ?? keepAlive(send));
	companion?.open(send);
	greeting?.begin(channels);
	(greeting?.done ?? Promise.resolve()).then(feed.begin).catch((error) => {
		// The stream's own end tells what went wrong with it; a send after that is of no interest.
		if (error instanceof ConnectionLost) return;
		unread = error;
		channels.close();
	});
	try {
		const status = await channels.status;
		const rest = Buffer.concat([people(greeting?.marks.rest() ?? EMPTY), companion?.rest() ?? EMPTY]);
		await (work.tty ? show : complain)(rest);
		feed.end();
		await terminal?.restore();
		await companion?.finished();
		return status;
	} catch (error) {
		throw unread ?? error;
	} finally {
		feed.end();
		channels.close();
	}
}

/** Our stdin into the command's, and its end behind it. */
function feedPipe(channels: Channels): Feed {
	const framed = channels.protocol === 'v4';
	const send = (bytes: Uint8Array): Promise<void> => channels.send(framed ? encodeFrame(bytes) : bytes);
	let ended = false;
	return {
		async begin() {
			for await (const chunk of readStdin()) {
				if (ended) return;
				await send(chunk);
			}
			if (framed) await send(new Uint8Array(0));
			else channels.closeStdin();
		},
		end() {
			ended = true;
		},
	};
}

/** The user's terminal, raw, as the command's. */
function feedTerminal(
	channels: Channels,
	work: Streams,
	terminal: Terminal | undefined,
	companion: Companion | undefined,
): Feed {
	terminal?.makeRaw();
	terminal?.onSize((columns, rows) => channels.resize(columns, rows));
	let ended = false;
	const onData = (bytes: Uint8Array): void => {
		if (companion?.takes?.(bytes)) return;
		channels.send(bytes).catch(() => {});
	};
	return {
		async begin() {
			await terminal?.whenRaw;
			if (!work.stdin || ended) return;
			process.stdin.on('data', onData);
			process.stdin.resume();
		},
		end() {
			ended = true;
			process.stdin.off('data', onData);
			process.stdin.pause();
		},
	};
}
