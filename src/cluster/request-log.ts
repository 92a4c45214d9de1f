import type { Connection } from './connect.ts';
import type { Credential } from './credentials.ts';
import type { HeaderPairs } from './impersonation.ts';
import type { Answer, Outgoing } from './transport.ts';

/** Characters of a body that are shown at level 8, as kubectl's. */
const BODY = 1024;

/**
 * What `-v 6..8` shows of one request, at kubectl's levels: 6 a line with the answer's status and time, 7 the request's
 * headers, 8 the answer's headers and all bodies. Credentials are masked where they belong, and also where a server or
 * proxy repeats them.
 */
export class RequestLog {
	readonly #write: Connection['log'];
	readonly #secrets: string[];
	readonly #start: number = performance.now();

	constructor(connection: Pick<Connection, 'log' | 'proxy'>, credential: Credential) {
		this.#write = connection.log;
		const { authorization, certificate } = credential;
		this.#secrets = [
			...(authorization === undefined ? [] : [authorization.slice(authorization.indexOf(' ') + 1)]),
			...(certificate === undefined ? [] : [certificate.key]),
			...(connection.proxy?.password ? [connection.proxy.password, decodeURIComponent(connection.proxy.password)] : []),
		].filter((secret) => secret !== '');
	}

	request({ method, url, headers, body }: Pick<Outgoing, 'method' | 'url' | 'headers' | 'body'>): void {
		if (this.#write === undefined) return;
		this.#line(7, `${method} ${url.href}`);
		this.#line(7, 'Request Headers:');
		for (const [name, value] of headers) this.#line(7, `    ${name}: ${masked(name, value)}`);
		if (body !== undefined) this.body('Request', typeof body === 'string' ? body : `${body.length} bytes`);
	}

	answer(
		{ method, url }: Pick<Outgoing, 'method' | 'url'>,
		{ status, headers }: Pick<Answer, 'status' | 'headers'>,
	): void {
		if (this.#write === undefined) return;
		const words = reasons[status];
		const milliseconds = Math.round(performance.now() - this.#start);
		this.#line(6, `${method} ${url.href} ${words ? `${status} ${words}` : status} in ${milliseconds} milliseconds`);
		this.#line(8, 'Response Headers:');
		for (const [name, value] of headers as unknown as HeaderPairs) {
			this.#line(8, `    ${name}: ${masked(name, value)}`);
		}
	}

	body(whose: 'Request' | 'Response', text: string): void {
		if (this.#write === undefined) return;
		const shown = this.#clean(text);
		const more = shown.length - BODY;
		this.#write(8, `${whose} Body: ${shown.slice(0, BODY)}${more > 0 ? ` [truncated ${more} chars]` : ''}`);
	}

	#line(level: number, line: string): void {
		this.#write?.(level, this.#clean(line));
	}

	#clean(text: string): string {
		return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '<masked>'), text);
	}
}

const secretHeader = /^(authorization|proxy-authorization|cookie|set-cookie)$/i;

function masked(name: string, value: string): string {
	if (!secretHeader.test(name)) return value;
	const [scheme = '', ...rest] = value.split(' ');
	return rest.length > 0 ? `${scheme} <masked>` : '<masked>';
}

const reasons: Record<number, string> = {
	101: 'Switching Protocols',
	200: 'OK',
	201: 'Created',
	202: 'Accepted',
	400: 'Bad Request',
	401: 'Unauthorized',
	403: 'Forbidden',
	404: 'Not Found',
	405: 'Method Not Allowed',
	409: 'Conflict',
	410: 'Gone',
	422: 'Unprocessable Entity',
	429: 'Too Many Requests',
	500: 'Internal Server Error',
	502: 'Bad Gateway',
	503: 'Service Unavailable',
	504: 'Gateway Timeout',
};
