import { UserError } from '../errors.ts';
import { type ApiError, apiErrorOf } from './api-error.ts';
import type { Connection } from './connect.ts';
import type { Credential } from './credentials.ts';
import type { HeaderPairs } from './impersonation.ts';
import { RequestLog } from './request-log.ts';
import { type Answer, type Outgoing, senderFor } from './transport.ts';
import { unreachable } from './unreachable.ts';
import { parseWarnings } from './warnings.ts';

export interface ApiRequest {
	/** GET if not given. */
	method?: string;
	/** `/api/v1/…`, every part escaped by the caller; a path prefix of the server's is put before it. */
	path: string;
	query?: Query;
	/** Bytes and texts are sent as they are, anything else as JSON. */
	body?: unknown;
	/** application/json if not given. */
	contentType?: string;
	accept?: string;
	/** Ends the request, also while its answer is read; then the reason is thrown. */
	signal?: AbortSignal;
	/** Milliseconds until the answer's head must be there; 0: no limit; the connection's own if not given. */
	timeout?: number;
}

export type Query = Record<string, string | string[] | undefined>;

/** An answer below 400. Its body is read once, by one of the four. */
export interface ApiResponse {
	status: number;
	headers: Headers;
	/** What the server warns of (RFC 7234 §5.5, code 299): deprecations, Pod Security. */
	warnings: string[];
	json<T>(): Promise<T>;
	text(): Promise<string>;
	/** As it comes; ending the iteration early ends the connection. */
	bytes(): AsyncIterable<Uint8Array>;
	/** As bytes(), cut at line feeds, which are left out. */
	lines(): AsyncIterable<string>;
}

/**
 * One request to the API server. A 401 is tried once more when newer credentials can be had.
 *
 * @throws ApiError for a status of 400 or more, UserError when no answer came; the signal's reason when it was ended
 */
export async function request(connection: Connection, wanted: ApiRequest): Promise<ApiResponse> {
	let credential = await connection.credentials.current();
	let log = new RequestLog(connection, credential);
	let answer = await send(connection, wanted, credential, log);
	if (answer.status === 401 && connection.credentials.refused(credential)) {
		await textOf(answer.body).catch(() => '');
		credential = await connection.credentials.current();
		log = new RequestLog(connection, credential);
		answer = await send(connection, wanted, credential, log);
	}
	if (answer.status >= 300) throw await refusal(connection, answer, log);
	const text = async (): Promise<string> => {
		const body = await textOf(readable(connection, answer, wanted.signal));
		log.body('Response', body);
		return body;
	};
	return {
		status: answer.status,
		headers: answer.headers,
		warnings: parseWarnings(answer.headers.get('warning')),
		json: async <T>() => JSON.parse(await text()) as T,
		text,
		bytes: () => readable(connection, answer, wanted.signal),
		lines: () => linesOf(readable(connection, answer, wanted.signal)),
	};
}

/** The server's URL with a path and a query; of a list, each value. */
export function apiUrl(server: URL, path: string, query: Query = {}): URL {
	const url = new URL(server);
	url.pathname = server.pathname.replace(/\/+$/, '') + path;
	for (const [name, value] of Object.entries(query)) {
		for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one);
	}
	return url;
}

/** The headers of every request, WebSocket handshakes included. */
export function commonHeaders(connection: Connection, credential: Credential): HeaderPairs {
	return [
		['User-Agent', 'kubectl-ephemeral'],
		...(credential.authorization === undefined
			? []
			: ([['Authorization', credential.authorization]] satisfies HeaderPairs)),
		...connection.impersonation,
	];
}

/** Milliseconds that the head of an answer may take where no --request-timeout was given: a dead line must end. */
const HEAD_TIMEOUT = 60_000;

async function send(
	connection: Connection,
	wanted: ApiRequest,
	credential: Credential,
	log: RequestLog,
): Promise<Answer> {
	const { body } = wanted;
	const timeout = wanted.timeout ?? (connection.requestTimeout || HEAD_TIMEOUT);
	const deadline = new AbortController();
	const late = new UserError(`the server ${connection.server.host} did not answer within ${timeout / 1000} s`);
	const timer = timeout > 0 ? setTimeout(() => deadline.abort(late), timeout) : undefined;
	const signal = AbortSignal.any([deadline.signal, ...(wanted.signal ? [wanted.signal] : [])]);
	const outgoing: Outgoing = {
		method: wanted.method ?? 'GET',
		url: apiUrl(connection.server, wanted.path, wanted.query),
		headers: [
			['Accept', wanted.accept ?? 'application/json'],
			['Accept-Encoding', 'gzip'],
			...commonHeaders(connection, credential),
			...(body === undefined
				? []
				: ([['Content-Type', wanted.contentType ?? 'application/json']] satisfies HeaderPairs)),
		],
		body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
		tls: connection.tls && { ...connection.tls, ...credential.certificate },
		proxy: connection.proxy,
		signal,
	};
	log.request(outgoing);
	try {
		const answer = await (await senderFor(outgoing))(outgoing);
		log.answer(outgoing, answer);
		return answer;
	} catch (error) {
		if (signal.aborted) throw signal.reason;
		throw unreachable(connection, error);
	} finally {
		clearTimeout(timer);
	}
}

async function refusal(connection: Connection, answer: Answer, log: RequestLog): Promise<ApiError> {
	const text = await textOf(answer.body).catch(() => '');
	log.body('Response', text);
	return apiErrorOf(connection.server.host, {
		status: answer.status,
		contentType: answer.headers.get('content-type'),
		text,
	});
}

/** A body that breaks off is told as what it is: ended by us, or the connection lost. */
async function* readable(
	connection: Connection,
	answer: Answer,
	signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
	try {
		yield* answer.body;
	} catch (error) {
		throw signal?.aborted ? signal.reason : unreachable(connection, error);
	}
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of body) chunks.push(chunk);
	return Buffer.concat(chunks).toString('utf8');
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of body) {
		const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
		rest = lines.pop() ?? '';
		yield* lines;
	}
	rest += decoder.decode();
	if (rest !== '') yield rest;
}
