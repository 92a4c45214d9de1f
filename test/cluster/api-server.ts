import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { Certificates } from './certificates.ts';
import { playStreams } from './streams.ts';

/** One request as it arrived. */
export interface Seen {
	method: string;
	url: string;
	/** Names in lower case; every value on its own. */
	headers: Record<string, string[]>;
	body: string;
	/** CN of the client's certificate. */
	certificate: string | undefined;
	/** SNI; false where the client sent none. */
	serverName: string | false | undefined;
	webSocket: boolean;
}

export interface ApiServer {
	port: number;
	seen: Seen[];
	/** Tokens that are accepted; empty: everybody. */
	tokens: Set<string>;
	/** What WebSocket handshakes are answered with. */
	protocols: string[];
	close(): Promise<void>;
}

/**
 * A server that speaks as much of the API server as the transport needs: it echoes what it saw at /seen, serves special
 * answers by path, and plays the streams of `/exec` by the command asked for (see streams below).
 */
export async function startApiServer(certificates: Certificates | undefined, name = 'server'): Promise<ApiServer> {
	const seen: Seen[] = [];
	const tokens = new Set<string>();
	const api = { port: 0, seen, tokens, protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'] };
	const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
		void record(request, false).then((one) => {
			seen.push(one);
			answer(one, response, tokens);
		});
	};
	const server: Server = certificates
		? createHttps(
				{
					key: certificates.pem(`${name}.key`),
					cert: certificates.pem(`${name}.crt`),
					ca: certificates.pem('ca.crt'),
					requestCert: true,
					rejectUnauthorized: false,
				},
				onRequest,
			)
		: createHttp(onRequest);
	const sockets = new Set<Duplex>();
	server.on(certificates ? 'secureConnection' : 'connection', (socket: Duplex) => {
		sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => sockets.delete(socket));
	});
	const streams = new WebSocketServer({
		noServer: true,
		handleProtocols: (offered) => api.protocols.find((one) => offered.has(one)) ?? false,
	});
	server.on('upgrade', (request, socket, head) => {
		void record(request, true).then((one) => {
			seen.push(one);
			const refusal = refuse(one, tokens);
			if (refusal !== undefined) {
				socket.end(refusal);
				return;
			}
			const command = new URL(one.url, 'http://x').searchParams.getAll('command');
			streams.handleUpgrade(request, socket, head, (webSocket) => playStreams(webSocket, command));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	api.port = (server.address() as AddressInfo).port;
	return Object.assign(api, {
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	});
}

async function record(request: IncomingMessage, webSocket: boolean): Promise<Seen> {
	const chunks: Buffer[] = [];
	if (!webSocket) for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
	const socket = request.socket as TLSSocket;
	const subject = socket.authorized ? socket.getPeerCertificate().subject : undefined;
	return {
		method: request.method ?? '',
		url: request.url ?? '',
		headers: request.headersDistinct as Record<string, string[]>,
		body: Buffer.concat(chunks).toString('utf8'),
		certificate: subject && String(subject.CN),
		serverName: (socket as { servername?: string | false }).servername,
		webSocket,
	};
}

function status(code: number, reason: string, message: string): string {
	return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

function isAllowed({ headers }: Seen, tokens: Set<string>): boolean {
	return tokens.size === 0 || tokens.has((headers.authorization?.[0] ?? '').replace('Bearer ', ''));
}

function answer(one: Seen, response: ServerResponse, tokens: Set<string>): void {
	const path = new URL(one.url, 'http://x').pathname.replace(/^\/prefix/, '');
	if (!isAllowed(one, tokens)) sendJson(response, 401, status(401, 'Unauthorized', 'Unauthorized'));
	else if (path in answers) answers[path]?.(response);
	else sendJson(response, 200, JSON.stringify(one));
}

function sendJson(response: ServerResponse, code: number, text: string): void {
	response.writeHead(code, { 'content-type': 'application/json' });
	response.end(text);
}

const answers: Record<string, (response: ServerResponse) => void> = {
	'/gzip'(response) {
		response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
		response.end(gzipSync(JSON.stringify({ text: 'x'.repeat(200_000) })));
	},
	'/warn'(response) {
		response.setHeader('Warning', ['299 - "one \\"quoted\\""', '299 - "two"', '199 - "not ours"']);
		sendJson(response, 200, '{}');
	},
	'/forbidden': (response) => sendJson(response, 403, status(403, 'Forbidden', 'pods is forbidden')),
	'/login'(response) {
		response.writeHead(403, { 'content-type': 'text/html' });
		response.end('<html>secret-looking page</html>');
	},
	'/redirect'(response) {
		response.writeHead(302, { location: '/seen' });
		response.end();
	},
	'/silent'() {},
	'/watch'(response) {
		response.writeHead(200, { 'content-type': 'application/json' });
		response.write('{"n":1}\n{"n"');
		const timers = [setTimeout(() => response.write(':2}\n'), 60), setTimeout(() => response.end('{"n":"ü"}'), 120)];
		response.on('close', () => timers.forEach(clearTimeout));
	},
	'/endless'(response) {
		const block = Buffer.alloc(65536, 'x');
		const more = (): void => {
			while (!response.destroyed && response.write(block));
		};
		response.on('drain', more);
		more();
	},
	'/cut'(response) {
		response.writeHead(200, { 'content-length': '1000' });
		response.write('{"begun":');
		setTimeout(() => response.destroy(), 30);
	},
};

function refuse(one: Seen, tokens: Set<string>): string | undefined {
	const { pathname } = new URL(one.url, 'http://x');
	const raw = (line: string, type: string, text: string): string =>
		`HTTP/1.1 ${line}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
	if (!isAllowed(one, tokens)) {
		return raw('401 Unauthorized', 'application/json', status(401, 'Unauthorized', 'Unauthorized'));
	}
	if (pathname.endsWith('/forbidden')) {
		return raw('403 Forbidden', 'application/json', status(403, 'Forbidden', 'cannot create resource "pods/exec"'));
	}
	if (pathname.endsWith('/gateway')) return raw('502 Bad Gateway', 'text/html', '<html>no upgrade here</html>');
	if (pathname.endsWith('/plain')) return raw('200 OK', 'text/html', '<html>welcome</html>');
	return undefined;
}
