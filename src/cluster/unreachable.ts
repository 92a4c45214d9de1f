import { UserError } from '../errors.ts';
import type { Connection } from './connect.ts';

/** No answer came: the server is not there, not trusted, or something in between refused. */
export class Unreachable extends UserError {
	override readonly name = 'Unreachable';
}

/** What a runtime's error about a connection means, in a sentence. It may hold addresses, never headers or a proxy's password. */
export function unreachable(connection: Connection, error: unknown): Unreachable {
	const { host, hostname } = connection.server;
	const { code, message } = describe(error);
	const proxy = connection.proxy && `${connection.proxy.protocol}//${connection.proxy.host}`;
	const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
	const said = (sentence: string, hint?: string): Unreachable => new Unreachable(sentence, hint);

	const refusal = /tunnel|proxy/i.test(`${code} ${message}`) && proxy !== undefined;
	if (refusal) {
		const status = (error as { status?: number }).status ?? Number(/\b([45]\d\d)\b/.exec(message)?.[1]);
		return said(
			`the proxy ${proxy} does not connect to ${host}${status ? ` (it answered ${status})` : ''}`,
			status === 407
				? 'it wants a user and a password: http://USER:PASSWORD@HOST:PORT'
				: `to go past it: NO_PROXY=${hostname}`,
		);
	}
	const about = certificateFault(code, connection);
	if (about) return said(...about);
	switch (code) {
		case 'ECONNREFUSED':
		case 'ConnectionRefused':
			return said(
				`the connection to the server ${host} was refused${way}`,
				'is it running, and is this the right context? kubectl config current-context',
			);
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
		case 'EAI_NONAME':
		case 'DNSException':
			return said(
				`no address is known for the server ${hostname}${way}`,
				'is the network (VPN) up, and is this the right context? kubectl config current-context',
			);
		case 'ETIMEDOUT':
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
			return said(`the server ${host} cannot be reached${way} (${code})`, 'is the network (VPN) up?');
		default:
			return said(`the connection to the server ${host} failed${way} (${code || message})`);
	}
}

function describe(error: unknown): { code: string; message: string } {
	const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: unknown; cause?: unknown };
	if (typeof code === 'string') return { code, message: String(message ?? '') };
	if (cause !== undefined) return describe(cause);
	return { code: '', message: String(message ?? error) };
}

function certificateFault(
	code: string,
	{ server, tls, proxy }: Connection,
): [sentence: string, hint: string] | undefined {
	const { host, hostname } = server;
	switch (code) {
		case 'ERR_TLS_CERT_ALTNAME_INVALID':
			return [
				`the certificate of ${host} is not for the name ${tls?.serverName ?? hostname}`,
				'--tls-server-name NAME, if it is known to be for another name',
			];
		case 'CERT_HAS_EXPIRED':
		case 'CERT_NOT_YET_VALID':
			return [`the certificate of ${host} is not valid at this time`, 'look at the clocks here and there'];
		case 'DEPTH_ZERO_SELF_SIGNED_CERT':
		case 'SELF_SIGNED_CERT_IN_CHAIN':
		case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
		case 'UNABLE_TO_GET_ISSUER_CERT':
		case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
		case 'CERT_SIGNATURE_FAILURE':
		case 'CERT_UNTRUSTED':
			return [
				`the certificate of ${host} is signed by an unknown authority (${code})`,
				`--certificate-authority FILE with its CA${proxy ? ', or that of the proxy, which may look inside' : ''}`,
			];
		case 'ERR_SSL_WRONG_VERSION_NUMBER':
		case 'EPROTO':
		case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
			return [`${host} does not speak TLS as expected (${code})`, 'is it an http:// server, or a proxy?'];
		default:
			return code.startsWith('ERR_SSL_')
				? [`${host} ended the TLS handshake (${code})`, 'it may want a client certificate']
				: undefined;
	}
}
