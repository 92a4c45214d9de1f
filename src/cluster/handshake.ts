import type { IncomingMessage } from 'node:http';
import WebSocket, { type ClientOptions } from 'ws';
import { UserError } from '../errors.ts';
import { type ApiError, apiErrorOf, parseStatus } from './api-error.ts';
import type { Connection } from './connect.ts';
import type { Credential } from './credentials.ts';
import { grouped, tlsOptions } from './node-options.ts';
import { withoutProxyEnvironment } from './proxy-environment.ts';
import { apiUrl, commonHeaders, type Query } from './request.ts';
import { logAnswer, logRequest } from './request-log.ts';
import { isNative } from './transport.ts';
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
	use: (socket: WebSocket) => T,
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
	use: (socket: WebSocket) => T,
): Promise<T> {
	signal?.throwIfAborted();
	const headers = commonHeaders(connection, credential);
	const outgoing = { method: 'GET', url, headers, body: undefined };
	logRequest(connection, outgoing);
	const start = performance.now();
	const options = await socketOptions(connection, credential);
	const address = new URL(url);
	address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	const socket = withoutProxyEnvironment(() => new WebSocket(address, PROTOCOLS, options));
	socket.binaryType = 'nodebuffer';

	const { promise, resolve, reject } = Promise.withResolvers<T>();
	const abort = (): void => reject(signal?.reason);
	signal?.addEventListener('abort', abort);
	const closed = (): void => reject(failureOf(connection, new Error('closed during the handshake')));
	const limit = connection.requestTimeout || TIMEOUT;
	const late = new UserError(`the server ${url.host} did not answer within ${limit / 1000} s`);
	const timer = setTimeout(() => reject(late), limit);
	const answered = (status: number, sent: Headers = new Headers()): void =>
		logAnswer(connection, outgoing, { status, headers: sent }, performance.now() - start);
	socket.once('open', () => {
		answered(101);
		socket.off('close', closed);
		if (PROTOCOLS.includes(socket.protocol)) resolve(use(socket));
		else reject(noProtocol(connection));
	});
	socket.once('unexpected-response', (_request, response: IncomingMessage) => {
		readRefusal(response).then((text) => {
			const status = response.statusCode ?? 0;
			answered(status);
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

/** What both ws and Bun's stand-in for it take; `proxy` is Bun's. */
async function socketOptions(connection: Connection, credential: Credential): Promise<ClientOptions> {
	const { proxy, tls, server } = connection;
	const headers = commonHeaders(connection, credential);
	const options: ClientOptions = {
		// The type is stricter than node:http, which takes lists.
		headers: grouped(headers) as Record<string, string>,
		...tlsOptions(tls && { ...tls, ...credential.certificate }),
		perMessageDeflate: false,
		followRedirects: false,
		skipUTF8Validation: true,
	};
	if (isNative({ headers, proxy })) return { ...options, ...(proxy && { proxy: proxy.href }) };
	if (process.versions.bun !== undefined) {
		throw new UserError('this connection needs headers that this build cannot send over a WebSocket');
	}
	const { agentFor } = await import('./agent.ts');
	return proxy ? { ...options, agent: agentFor(server, proxy) } : options;
}

async function readRefusal(response: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		chunks.push(chunk);
		size += chunk.length;
		if (size > REFUSAL) break;
	}
	return Buffer.concat(chunks).toString('utf8');
}

function refusalOf(connection: Connection, status: number, contentType: string | null, text: string): UserError {
	const isStatus = parseStatus(text) !== undefined;
	if (isStatus || status === 401) return apiErrorOf(connection.server.host, { status, contentType, text });
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
