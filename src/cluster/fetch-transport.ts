import { withoutProxyEnvironment } from './proxy-environment.ts';
import type { Answer, Outgoing } from './transport.ts';

/** What Bun's fetch takes beyond the standard. */
interface BunRequestInit extends RequestInit {
	tls?: Outgoing['tls'];
	proxy?: string;
	timeout?: false;
}

/** Sends by Bun's fetch. */
export async function sendByFetch(request: Outgoing): Promise<Answer> {
	const init: BunRequestInit = {
		method: request.method,
		headers: request.headers,
		redirect: 'manual',
		signal: request.signal,
		// Bun ends a silent answer after five minutes otherwise; watches are silent for longer.
		timeout: false,
		...(request.body !== undefined && { body: request.body }),
		...(request.tls && { tls: request.tls }),
		...(request.proxy && { proxy: request.proxy.href }),
	};
	const response = await withoutProxyEnvironment(() => fetch(request.url, init));
	return { status: response.status, headers: response.headers, body: chunks(response.body) };
}

async function* chunks(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
	if (body === null) return;
	const reader = body.getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			yield value;
		}
	} finally {
		await reader.cancel().catch(() => {});
	}
}
