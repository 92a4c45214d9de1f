import type { Connection } from './connect.ts';
import type { HeaderPairs } from './impersonation.ts';
import type { Answer, Outgoing } from './transport.ts';

/** Characters of a body that are shown at level 8, as kubectl's. */
const BODY = 1024;

type Log = Pick<Connection, 'log'>;

/** Level 7: the request's line and headers; level 8: its body. */
export function logRequest(
	connection: Log,
	{ method, url, headers, body }: Omit<Outgoing, 'tls' | 'proxy' | 'signal'>,
): void {
	if (connection.log === undefined) return;
	connection.log(7, `${method} ${url.href}`);
	connection.log(7, 'Request Headers:');
	for (const [name, value] of headers) connection.log(7, `    ${name}: ${masked(name, value)}`);
	if (body !== undefined) logBody(connection, 'Request', typeof body === 'string' ? body : `${body.length} bytes`);
}

/** Level 6: the line that sums it up; level 8: the answer's headers. */
export function logAnswer(
	connection: Log,
	{ method, url }: Pick<Outgoing, 'method' | 'url'>,
	answer: Pick<Answer, 'status' | 'headers'>,
	milliseconds: number,
): void {
	if (connection.log === undefined) return;
	const words = reasons[answer.status];
	const status = words === undefined ? answer.status : `${answer.status} ${words}`;
	connection.log(6, `${method} ${url.href} ${status} in ${Math.round(milliseconds)} milliseconds`);
	connection.log(8, 'Response Headers:');
	for (const [name, value] of answer.headers as unknown as HeaderPairs) {
		connection.log(8, `    ${name}: ${masked(name, value)}`);
	}
}

export function logBody(connection: Log, whose: 'Request' | 'Response', text: string): void {
	if (connection.log === undefined) return;
	const more = text.length - BODY;
	connection.log(8, `${whose} Body: ${text.slice(0, BODY)}${more > 0 ? ` [truncated ${more} chars]` : ''}`);
}

const secret = /^(authorization|proxy-authorization|cookie|set-cookie|sec-websocket-protocol)$/i;

function masked(name: string, value: string): string {
	if (!secret.test(name)) return value;
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
