import { createWebSocketStream } from 'ws';
import type { PodSandbox } from '../node/pod-sandbox.ts';
import { ChannelSocket } from './channels.ts';
import { connectToPod, type PodConnection } from './pod-port.ts';
import { SpdyConnection, type SpdyStream, type StreamHandlers } from './spdy/connection.ts';
import { StreamError } from './stream-error.ts';
import type { StreamRequest, UpgradeParts } from './upgrades.ts';

/** A SPDY connection inside the messages of a WebSocket, as kubectl asks for since 1.31 (KEP-4006). */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

/** Forwards ports into a pod, over a tunnelled SPDY connection or over a pair of channels for each port. */
export async function forwardPorts({ pod, query, parts, open }: StreamRequest): Promise<void> {
	const { namespace = '', name } = pod.metadata;
	const sandbox = parts.kubelet.worker(namespace, name)?.sandbox;
	if (!sandbox || pod.status.phase !== 'Running') {
		throw new StreamError(500, `pod not found ("${name}_${namespace}")`);
	}
	const ports = query.getAll('ports').flatMap((list) => list.split(',').map(Number));
	const accepted = await open();
	if (accepted.protocol === TUNNEL_PROTOCOL) {
		const tunnel = createWebSocketStream(accepted.socket);
		tunnel.on('error', () => undefined);
		await new SpdyConnection(tunnel, pairStreams(parts, sandbox)).run();
		return;
	}
	await forwardOverChannels(new ChannelSocket(accepted, parts.misbehaviour), parts, sandbox, ports);
}

/** Each connection is a pair of streams with the same request id: `error` and `data`. */
function pairStreams(parts: UpgradeParts, sandbox: PodSandbox): (stream: SpdyStream) => StreamHandlers {
	const errors = new Map<string, SpdyStream>();
	return (stream) => {
		const { streamtype, requestid = '', port } = stream.headers;
		if (streamtype === 'error') {
			errors.set(requestid, stream);
			return { data: () => undefined, end: () => undefined, reset: () => errors.delete(requestid) };
		}
		const connection = connectToPod(parts.runtime, sandbox, Number(port), (chunk) => stream.write(chunk));
		void finish(connection, stream, errors.get(requestid));
		return {
			data: (chunk) => connection.write(chunk),
			end: () => connection.end(),
			reset: () => connection.destroy(),
		};
	};
}

async function finish(connection: PodConnection, stream: SpdyStream, errors: SpdyStream | undefined): Promise<void> {
	const complaint = await connection.closed;
	if (complaint !== undefined) {
		await errors?.write(Buffer.from(complaint));
	}
	errors?.end();
	stream.end();
}

/** The older way: channel 2i carries data of the i-th port, 2i+1 its errors; each begins with the port's number. */
async function forwardOverChannels(
	socket: ChannelSocket,
	parts: UpgradeParts,
	sandbox: PodSandbox,
	ports: number[],
): Promise<void> {
	const connections = ports.map((port, index) => {
		const number = Buffer.alloc(2);
		number.writeUInt16LE(port);
		void socket.send(2 * index, number);
		void socket.send(2 * index + 1, number);
		return connectToPod(parts.runtime, sandbox, port, (chunk) => socket.send(2 * index, chunk));
	});
	socket.listen({
		data: (channel, payload) => connections[channel / 2]?.write(payload),
		end: () => undefined,
		gone: () => {
			for (const connection of connections) {
				connection.destroy();
			}
		},
	});
	await Promise.all(
		connections.map(async ({ closed }, index) => {
			const complaint = await closed;
			await (complaint === undefined ? undefined : socket.send(2 * index + 1, complaint));
		}),
	);
	socket.close();
}
