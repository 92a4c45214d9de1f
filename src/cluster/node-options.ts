import type { Outgoing } from './transport.ts';

/** The settings under node:tls' names. */
export function tlsOptions(tls: Outgoing['tls']): Record<string, unknown> {
	if (tls === undefined) return {};
	const { serverName, ...rest } = tls;
	return { ...rest, ...(serverName !== undefined && { servername: serverName }) };
}

/** Node sends a header once for each value of a list. */
export function grouped(pairs: Outgoing['headers']): Record<string, string | string[]> {
	const headers: Record<string, string | string[]> = {};
	for (const [name, value] of pairs) {
		const before = headers[name];
		headers[name] = before === undefined ? value : [before, value].flat();
	}
	return headers;
}
