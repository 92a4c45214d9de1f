import type { Socket as LocalSocket } from 'node:net';
import type { Connection } from './connect.ts';
import { openSocket } from './handshake.ts';
import { startKeepalive } from './keepalive.ts';
import { podPath } from './pods.ts';
import type { Socket } from './socket.ts';

/** Bytes on their way to the server beyond which the local end is not read. */
const HIGH_WATER = 1 << 20;
/** Milliseconds between two looks at that. */
const LOOK = 4;
/** Channels of the one port: data, and what the kubelet has to say. */
const [DATA, ERROR] = [0, 1];

/**
 * Carries one local connection to a port in a pod, by a WebSocket of its own with a pair of channels (the kubelet's
 * `v4.channel.k8s.io`: data is channel 0, errors 1, and each begins with the port's number in two bytes). There one is
 * connected from 127.0.0.1 in the pod's network, as root.
 *
 * The channels know no half-closed connection: the end of either side ends both.
 * @param log whoever wants to know why a connection came to nothing
 * @throws ApiError, UserError when the server refuses the stream
 */
export async function carryToPort(
	connection: Connection,
	{ namespace, pod, port }: { namespace: string; pod: string; port: number },
	local: LocalSocket,
	log: (sentence: string) => void,
): Promise<void> {
	local.pause();
	const path = podPath(namespace, pod, 'portforward');
	const socket = await openSocket(connection, path, { ports: String(port) }, undefined, (opened) => {
		attach(opened, local, log);
		return opened;
	});
	await new Promise<void>((resolve) => socket.on('close', () => resolve()));
}

function attach(socket: Socket, local: LocalSocket, log: (sentence: string) => void): void {
	if (local.destroyed) {
		socket.terminate();
		return;
	}
	/** The two bytes at the start of each channel. */
	const begun = new Set<number>();
	let sent = 0;
	const stopKeepalive = startKeepalive(socket, {
		isPaused: () => false,
		sent: () => sent,
		dead: () => socket.terminate(),
	});
	socket.on('message', (data) => {
		const bytes = typeof data === 'string' ? Buffer.from(data) : data;
		const channel = bytes[0];
		if (channel === undefined) return;
		const fresh = !begun.has(channel);
		begun.add(channel);
		const content = bytes.subarray(fresh ? 3 : 1);
		if (content.length === 0) return;
		if (channel === ERROR) log(Buffer.from(content).toString());
		if (channel !== DATA || local.write(content)) return;
		socket.pause();
		local.once('drain', () => socket.resume());
	});
	socket.on('close', () => {
		stopKeepalive();
		local.end();
	});
	socket.on('error', () => local.destroy());
	local.on('data', (chunk: Buffer) => {
		if (socket.readyState !== socket.OPEN) return;
		socket.send(Buffer.concat([Buffer.of(DATA), chunk]));
		sent += chunk.length;
		if (socket.bufferedAmount <= HIGH_WATER) return;
		local.pause();
		const timer = setInterval(() => {
			if (socket.bufferedAmount > HIGH_WATER && socket.readyState === socket.OPEN) return;
			clearInterval(timer);
			local.resume();
		}, LOOK);
	});
	local.on('close', () => socket.terminate());
	local.on('error', () => socket.terminate());
	local.resume();
}
