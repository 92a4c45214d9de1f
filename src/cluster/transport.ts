import type { HeaderPairs } from './impersonation.ts';
import type { ClientCertificate, TlsSettings } from './tls.ts';

/** One HTTP request, ready to be sent. */
export interface Outgoing {
	method: string;
	url: URL;
	/** A name may come several times and must then be sent several times. */
	headers: HeaderPairs;
	body: string | Uint8Array | undefined;
	/** Undefined for http. */
	tls: (TlsSettings & Partial<ClientCertificate>) | undefined;
	proxy: URL | undefined;
	signal: AbortSignal;
}

/** The head of an answer, and its body as it comes, decompressed. Ending the iteration early ends the connection. */
export interface Answer {
	status: number;
	headers: Headers;
	body: AsyncIterable<Uint8Array>;
}

/** Sends a request; rejects with the runtime's own error when no answer came. Redirects are answers. */
export type Send = (request: Outgoing) => Promise<Answer>;

/**
 * The way to send this request in this runtime.
 *
 * Bun's fetch starts 50 ms sooner than node:https, but joins headers of one name by commas and knows no SOCKS proxy.
 */
export async function senderFor(request: Pick<Outgoing, 'headers' | 'proxy'>): Promise<Send> {
	if (isNative(request)) return (await import('./fetch-transport.ts')).sendByFetch;
	return (await import('./node-transport.ts')).sendByNode;
}

/** Whether Bun's own HTTP and WebSocket clients can carry this. */
export function isNative({ headers, proxy }: Pick<Outgoing, 'headers' | 'proxy'>): boolean {
	if (process.versions.bun === undefined || proxy?.protocol.startsWith('socks')) return false;
	return new Set(headers.map(([name]) => name.toLowerCase())).size === headers.length;
}
