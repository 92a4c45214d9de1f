import { UserError } from '../errors.ts';
import { ApiError, apiErrorOf, parseStatus } from './api-error.ts';
import type { Connection } from './connect.ts';
import type { Credential } from './credentials.ts';
import { grouped, tlsOptions } from './node-options.ts';
import { withoutProxyEnvironment } from './proxy-environment.ts';
import { apiUrl, commonHeaders, type Query } from './request.ts';
import { RequestLog } from './request-log.ts';
import type { Refusal, Socket } from './socket.ts';
import { unreachable } from './unreachable.ts';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
/** Milliseconds for a handshake, where --request-timeout says nothing. */
const TIMEOUT = 45_000;
/** Bytes of a refusal that are read. */
const REFUSAL = 64 * 1024;

/**
 * Opens a WebSocket to the API server and gives it to `use` in the moment that its handshake is done, so that no message
 * is missed. A 401 is tried once more when newer credentials can be had.
 *
 * @throws ApiError when the API server refuses; UserError when something else does, naming it; the signal's reason
 */
export async function openSocket<T>(
	connection: Connection,
	path: string,
	query: Query,
	signal: AbortSignal | undefined,
	use: (socket: Socket) => T,
): Promise<T> {
	const url = apiUrl(connection.server, path, query);
	const credential = await connection.credentials.current();
	try {
		return await shake(connection, url, credential, signal, use);
	} catch (error) {
		const isRefused = (error as Partial<ApiError>).status === 401 && connection.credentials.refused(credential);
		if (!isRefused) throw error;
		return await shake(connection, url, await connection.credentials.current(), signal, use);
	}
}

async function shake<T>(
	connection: Connection,
	url: URL,
	credential: Credential,
	signal: AbortSignal | undefined,
	use: (socket: Socket) => T,
): Promise<T> {
	signal?.throwIfAborted();
	const headers = commonHeaders(connection, credential);
	const outgoing = { method: 'GET', url, headers, body: undefined };
	const log = new RequestLog(connection, credential);
	log.request(outgoing);
	const socket = await startSocket(connection, url, credential);

	const { promise, resolve, reject } = Promise.withResolvers<T>();
	const abort = (): void => reject(signal?.reason);
	signal?.addEventListener('abort', abort);
	const closed = (): void => reject(failureOf(connection, new Error('closed during the handshake')));
	const limit = connection.requestTimeout || TIMEOUT;
	const late = new UserError(`the server ${url.host} did not answer within ${limit / 1000} s`);
	const timer = setTimeout(() => reject(late), limit);
	const answered = (status: number): void => log.answer(outgoing, { status, headers: new Headers() });
	socket.on('open', () => {
		answered(101);
		socket.off('close', closed);
		if (PROTOCOLS.includes(socket.protocol)) resolve(use(socket));
		else reject(noProtocol(connection));
	});
	socket.on('unexpected-response', (_request, response) => {
		readRefusal(response).then((text) => {
			const status = response.statusCode ?? 0;
			answered(status);
			log.body('Response', text);
			reject(refusalOf(connection, status, response.headers['content-type'] ?? null, text));
		}, reject);
	});
	socket.on('error', (error) => reject(failureOf(connection, error)));
	socket.on('close', closed);
	try {
		return await promise;
	} catch (error) {
		socket.terminate();
		throw error;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', abort);
	}
}

/** A WebSocket whose handshake has begun: ours on Bun, whose stand-in for ws loses its place (FramedSocket), else ws. */
async function startSocket(connection: Connection, url: URL, credential: Credential): Promise<Socket> {
	const { proxy, tls } = connection;
	const headers = commonHeaders(connection, credential);
	const options = {
		// The type is stricter than node:http, which takes lists.
		headers: grouped(headers) as Record<string, string>,
		...tlsOptions(tls && { ...tls, ...credential.certificate }),
	};
	const agent = proxy === undefined ? undefined : (await import('./agent.ts')).agentFor(url, proxy);
	if (process.versions.bun !== undefined) {
		const { FramedSocket } = await import('./framed-socket.ts');
		return new FramedSocket(url, PROTOCOLS, { ...options, ...(agent && { agent }) });
	}
	const { default: WebSocket } = await import('ws');
	const more = { perMessageDeflate: false, followRedirects: false, skipUTF8Validation: true };
	const way = agent ? { agent } : {};
	const address = new URL(url);
	address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	return withoutProxyEnvironment(() => {
		const socket = new WebSocket(address, PROTOCOLS, { ...options, ...more, ...way });
		socket.binaryType = 'nodebuffer';
		return socket;
	});
}

async function readRefusal(response: Refusal): Promise<string> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of response) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > REFUSAL) break;
	}
	return Buffer.concat(chunks).toString('utf8');
}

function refusalOf(connection: Connection, status: number, contentType: string | null, text: string): UserError {
	const isStatus = parseStatus(text) !== undefined;
	if (isStatus || status === 401) return apiErrorOf(connection.server.host, { status, contentType, text });
	// The kubelet's own words, which the API server passes on: container not found ("x"), container is not running.
	if (/^[^<]*\b(container|pod)\b[^<]*(not found|not running)/.test(text))
		return new ApiError(text.trim(), status, undefined);
	return noWebSocket(connection, `answered the WebSocket handshake with ${status}`);
}

function noProtocol(connection: Connection): UserError {
	return noWebSocket(connection, 'opened a WebSocket without the Kubernetes subprotocol');
}

/** The usual reason: a proxy or load balancer in front of the API server that knows no WebSocket. */
function noWebSocket({ server, proxy }: Connection, did: string): UserError {
	const by = proxy === undefined ? '' : `, reached through the proxy ${proxy.protocol}//${proxy.host},`;
	return new UserError(
		`${server.host}${by} ${did}; a proxy or load balancer in the way lets no WebSocket through`,
		`it must pass on "Upgrade: websocket"; or go past it with --server URL${proxy ? ` or NO_PROXY=${server.hostname}` : ''}`,
	);
}

function failureOf(connection: Connection, error: Error): UserError {
	return /subprotocol|Sec-WebSocket-Protocol/i.test(error.message)
		? noProtocol(connection)
		: unreachable(connection, error);
}
