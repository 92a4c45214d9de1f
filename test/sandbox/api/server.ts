import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificateFiles } from '../access/certificates.ts';
import type { Misbehaviour } from '../misbehaviour.ts';
import type { LoggedRequest } from './request-log.ts';
import { ApiError } from './status.ts';

/** Answers one request; what it throws becomes a Status. It fills in who asked and for what. */
export type RequestHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	entry: LoggedRequest,
) => Promise<void>;

/** Answers one request for an upgrade. */
export type UpgradeHandler = (
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	entry: LoggedRequest,
) => Promise<void>;

/** The HTTPS listener: keeps the list of requests, turns errors into Status bodies, and misbehaves when told. */
export class ApiServer {
	readonly requests: LoggedRequest[] = [];
	readonly #server: Server;
	readonly #sockets = new Set<Duplex>();
	readonly #misbehaviour: Misbehaviour;

	constructor(
		files: { ca: string; server: CertificateFiles },
		misbehaviour: Misbehaviour,
		handle: RequestHandler,
		upgrade: UpgradeHandler,
	) {
		this.#misbehaviour = misbehaviour;
		this.#server = createServer({
			ca: readFileSync(files.ca),
			cert: readFileSync(files.server.cert),
			key: readFileSync(files.server.key),
			requestCert: true,
			// Clients without a certificate come with a token, or are anonymous.
			rejectUnauthorized: false,
			maxHeaderSize: 1024 * 1024,
			keepAliveTimeout: 60_000,
			requestTimeout: 0,
		});
		this.#server.on('connection', (socket: Duplex) => {
			this.#sockets.add(socket);
			socket.on('close', () => this.#sockets.delete(socket));
		});
		this.#server.on('request', (request, response) => void this.#answer(request, response, handle));
		this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head, upgrade));
		this.#server.on('tlsClientError', () => undefined);
	}

	/** Listens on a free port of loopback and returns the server's URL. */
	async listen(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		this.#server.closeAllConnections();
		for (const socket of this.#sockets) {
			socket.destroy();
		}
		await closed;
	}

	async #answer(request: IncomingMessage, response: ServerResponse, handle: RequestHandler): Promise<void> {
		const entry = this.#log(request);
		response.on('finish', () => {
			entry.status = response.statusCode;
		});
		if (this.#misbehaviour.silentRequests) {
			return;
		}
		try {
			this.#checkRequestLine(request);
			await handle(request, response, entry);
		} catch (error) {
			const failure = asApiError(error);
			entry.status = failure.code;
			if (response.headersSent) {
				response.destroy();
			} else {
				sendJson(response, failure.code, failure.body);
			}
		}
	}

	async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, upgrade: UpgradeHandler): Promise<void> {
		const entry = this.#log(request);
		socket.on('error', () => undefined);
		if (this.#misbehaviour.silentRequests) {
			return;
		}
		try {
			this.#checkRequestLine(request);
			await upgrade(request, socket, head, entry);
		} catch (error) {
			const failure = asApiError(error);
			entry.status = failure.code;
			refuseUpgrade(socket, failure.code, 'application/json', JSON.stringify(failure.body));
		}
	}

	#log(request: IncomingMessage): LoggedRequest {
		const url = request.url ?? '';
		const entry: LoggedRequest = {
			method: request.method ?? '',
			url,
			path: url.split('?')[0] ?? '',
			verb: (request.method ?? '').toLowerCase(),
			user: '',
			userAgent: request.headers['user-agent'] ?? '',
			status: 0,
			protocols: (request.headers['sec-websocket-protocol'] ?? '')
				.split(',')
				.map((item) => item.trim())
				.filter(Boolean),
			contentType: request.headers['content-type'] ?? '',
		};
		this.requests.push(entry);
		return entry;
	}

	#checkRequestLine(request: IncomingMessage): void {
		const { requestLineLimit, requestLineStatus } = this.#misbehaviour;
		const length = `${request.method} ${request.url} HTTP/1.1`.length;
		if (requestLineLimit !== undefined && length > requestLineLimit) {
			const text = requestLineStatus === 414 ? 'Request-URI Too Large' : 'Request Header Fields Too Large';
			throw new ApiError(requestLineStatus, '', text);
		}
	}
}

/** Sends a document. */
export function sendJson(
	response: ServerResponse,
	status: number,
	body: unknown,
	contentType = 'application/json',
): void {
	const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
	response.writeHead(status, {
		'Content-Type': contentType,
		'Content-Length': Buffer.byteLength(text),
		'Cache-Control': 'no-cache, private',
	});
	response.end(text);
}

/** Answers a request for an upgrade with something else. */
export function refuseUpgrade(socket: Duplex, status: number, contentType: string, body: string): void {
	const head = [
		`HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}`,
		`Content-Type: ${contentType}`,
		`Content-Length: ${Buffer.byteLength(body)}`,
		'Connection: close',
	];
	socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const REASONS: Record<number, string> = {
	400: 'Bad Request',
	401: 'Unauthorized',
	403: 'Forbidden',
	404: 'Not Found',
	426: 'Upgrade Required',
	431: 'Request Header Fields Too Large',
	500: 'Internal Server Error',
	502: 'Bad Gateway',
};

function asApiError(error: unknown): ApiError {
	if (error instanceof ApiError) {
		return error;
	}
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	return new ApiError(500, 'InternalError', `Internal error occurred: ${text}`);
}
