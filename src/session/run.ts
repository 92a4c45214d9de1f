import type { V1Status } from '@kubernetes/client-node';
import { type Channels, ConnectionLost, openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { podPath } from '../cluster/pods.ts';
import { TEXTS } from '../inside/texts.ts';
import { exitCodeOf } from './exit-status.ts';
import { type EnvEntry, encodeFrame, encodeHeader } from './header.ts';
import { ReadyMark } from './ready-mark.ts';
import type { Sink } from './sink.ts';
import { readStdin } from './stdin.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** What is run by exec in a container of ours. */
export interface Work {
	/** The command; or, for a shell, the shells to try in this order. */
	words: string[];
	shell: boolean;
	stdin: boolean;
	tty: boolean;
	env: EnvEntry[];
	/** Folders before the PATH of the image. */
	path: string[];
	/** The id of the target container without its scheme; empty: none is known. */
	targetId: string;
	/** What stands in the prompt. */
	prompt: string;
}

/** Where. */
export interface Place {
	namespace: string;
	pod: string;
	container: string;
}

/**
 * Run something in a running container and give its exit code; its output goes to the sink as it comes.
 * @throws UserError, ApiError, ConnectionLost: everything but the command's own end
 */
export async function runWork(connection: Connection, place: Place, work: Work, sink: Sink): Promise<number> {
	return exitCodeOf(await runStream(connection, place, 'exec', work, sink));
}

/**
 * Carry the streams of an exec, or of an attach to a main process made of `enterCommand`, to their end.
 * @returns the Status that ended them; of an attach it says nothing of the process
 */
export async function runStream(
	connection: Connection,
	place: Place,
	verb: 'exec' | 'attach',
	work: Work & { main?: boolean },
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
	work: Work & { main?: boolean },
	sink: Sink,
	terminal: Terminal | undefined,
): Promise<V1Status> {
	const header = work.main || needsHeader(work);
	const ready = work.tty && header ? new ReadyMark() : undefined;
	const channels = await openChannels(
		connection,
		podPath(place.namespace, place.pod, verb),
		{
			container: place.container,
			...(verb === 'exec' && { command: enterCommand(work, header ? 'h' : 'x') }),
			stdout: 'true',
			...(!work.tty && { stderr: 'true' }),
			...((work.stdin || header) && { stdin: 'true' }),
			...(work.tty && { tty: 'true' }),
		},
		{
			stdout: (bytes) => {
				const rest = ready ? ready.pass(bytes) : bytes;
				if (rest.length === 0) return undefined;
				// What reaches the screen before the terminal is raw would get carriage returns of its own.
				return terminal?.whenRaw?.then(() => sink.stdout(rest)) ?? sink.stdout(rest);
			},
			stderr: (bytes) => sink.stderr(bytes),
		},
	);
	let unread: Error | undefined;
	const stop = work.tty
		? feedTerminal(channels, work, ready, terminal)
		: feedPipe(channels, work, header, (error) => {
				unread = error;
				channels.close();
			});
	try {
		const status = await channels.status;
		const held = ready?.rest();
		if (held) await sink.stdout(held);
		return status;
	} catch (error) {
		throw unread ?? error;
	} finally {
		stop();
		channels.close();
	}
}

/**
 * The argv that runs a work through `src/inside/enter.sh`.
 * @param mode letters of its mode, to which those of the work are added
 */
export function enterCommand(work: Work, mode: string): string[] {
	const letters = `${mode}${work.shell ? 's' : ''}${work.tty ? 't' : ''}`;
	const term = work.tty && /^[\w.+-]+$/.test(process.env.TERM ?? '') ? (process.env.TERM ?? '') : '';
	return ['sh', '-c', TEXTS.enter, 'ke', letters, work.path.join(':'), work.targetId, term, work.prompt, ...work.words];
}

/** The environment goes in a header; so does what says how stdin is cut up. */
function needsHeader(work: Work): boolean {
	return work.env.length > 0 || (work.stdin && !work.tty);
}

/**
 * Our stdin, if it was asked for, into the command's; with the header before it, and its end behind it.
 * @param fail called when our stdin cannot be read
 */
function feedPipe(channels: Channels, work: Work, header: boolean, fail: (error: Error) => void): () => void {
	if (!header) return () => {};
	const framed = channels.protocol === 'v4';
	const send = (bytes: Uint8Array): Promise<void> => channels.send(framed ? encodeFrame(bytes) : bytes);
	let ended = false;
	const feed = async (): Promise<void> => {
		await channels.send(encodeHeader(work.env, framed));
		if (work.stdin) {
			for await (const chunk of readStdin()) {
				if (ended) return;
				await send(chunk);
			}
		}
		if (framed) await send(new Uint8Array(0));
		else channels.closeStdin();
	};
	// The stream's own end tells what went wrong with it; a send after that is of no interest.
	feed().catch((error) => {
		if (!(error instanceof ConnectionLost)) fail(error);
	});
	return () => {
		ended = true;
	};
}

/** The user's terminal, raw, as the command's. */
function feedTerminal(
	channels: Channels,
	work: Work,
	ready: ReadyMark | undefined,
	terminal: Terminal | undefined,
): () => void {
	terminal?.makeRaw();
	terminal?.onSize((columns, rows) => channels.resize(columns, rows));
	let ended = false;
	const onData = (bytes: Uint8Array): void => {
		channels.send(bytes).catch(() => {});
	};
	const begin = async (): Promise<void> => {
		await terminal?.whenRaw;
		if (ready) {
			await ready.seen;
			await channels.send(encodeHeader(work.env, false));
		}
		if (!work.stdin || ended) return;
		process.stdin.on('data', onData);
		process.stdin.resume();
	};
	// What ends the stream is told by its status.
	begin().catch(() => {});
	return () => {
		ended = true;
		process.stdin.off('data', onData);
		process.stdin.pause();
	};
}
