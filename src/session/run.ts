import type { V1Status } from '@kubernetes/client-node';
import { type Channels, ConnectionLost, openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { podPath } from '../cluster/pods.ts';
import { BringHome } from './bring-home.ts';
import { enterCommand, Greeting, type Work } from './enter.ts';
import { exitCodeOf } from './exit-status.ts';
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

/** What of a process is carried; its output always is. */
export type Streams = Pick<Work, 'stdin' | 'tty'>;

/** Milliseconds between two signs of life. The launcher takes 8 s of silence for our end (src/inside/run.c). */
const HEARTBEAT = 2000;

/**
 * Run something in a running container and give its exit code; its output goes to the sink as it comes.
 * @throws UserError, ApiError, ConnectionLost: everything but the command's own end
 */
export async function runWork(connection: Connection, place: Place, work: Work, sink: Sink): Promise<number> {
	return exitCodeOf(await runStream(connection, place, 'exec', work, sink));
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
): Promise<V1Status> {
	const terminal = work.tty && process.stdin.isTTY ? await openTerminal() : undefined;
	try {
		return await carryStreams(connection, place, verb, work, sink, terminal);
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
): Promise<V1Status> {
	const greeting = 'words' in work ? new Greeting(work) : undefined;
	const clear = (bytes: Uint8Array): Uint8Array => greeting?.marks.pass(bytes) ?? bytes;
	const show = (bytes: Uint8Array): Promise<void> | undefined => {
		if (bytes.length === 0) return undefined;
		// What reaches the screen before the terminal is raw would get carriage returns of its own.
		return terminal?.whenRaw?.then(() => sink.stdout(bytes)) ?? sink.stdout(bytes);
	};
	const home =
		greeting && 'words' in work && work.shell && terminal
			? new BringHome(connection, place, work, (byte) => channels.send(Buffer.from(byte)).catch(() => {}))
			: undefined;
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
			stdout: (bytes) => show(home ? home.pass(clear(bytes)) : work.tty ? clear(bytes) : bytes),
			stderr: (bytes) => complain(clear(bytes)),
		},
	);
	let unread: Error | undefined;
	const feed = work.tty
		? feedTerminal(channels, work, terminal, home)
		: work.stdin
			? feedPipe(channels)
			: keepAlive(channels);
	greeting?.begin(channels);
	(greeting?.done ?? Promise.resolve()).then(feed.begin).catch((error) => {
		// The stream's own end tells what went wrong with it; a send after that is of no interest.
		if (error instanceof ConnectionLost) return;
		unread = error;
		channels.close();
	});
	try {
		const status = await channels.status;
		if (greeting) await (work.tty ? show : complain)(greeting.marks.rest());
		feed.end();
		await terminal?.restore();
		await home?.finished();
		return status;
	} catch (error) {
		throw unread ?? error;
	} finally {
		feed.end();
		channels.close();
	}
}

/** What goes to stdin there once the command begins, until the stream ends. */
export interface Feed {
	begin(): Promise<void> | void;
	end(): void;
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

/** Signs of life to a command that reads no stdin: it is ended there when they stop, however we came to our end. */
export function keepAlive(channels: Pick<Channels, 'send'>): Feed {
	let timer: NodeJS.Timeout | undefined;
	return {
		begin() {
			timer = setInterval(() => channels.send(Uint8Array.of(0x2e)).catch(() => {}), HEARTBEAT);
		},
		end() {
			clearInterval(timer);
		},
	};
}

/** The user's terminal, raw, as the command's. */
function feedTerminal(
	channels: Channels,
	work: Streams,
	terminal: Terminal | undefined,
	home: BringHome | undefined,
): Feed {
	terminal?.makeRaw();
	terminal?.onSize((columns, rows) => channels.resize(columns, rows));
	let ended = false;
	const onData = (bytes: Uint8Array): void => {
		if (home?.takes(bytes)) return;
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
