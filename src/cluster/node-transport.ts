import { type Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { constants, createGunzip } from 'node:zlib';
import { agentFor } from './agent.ts';
import { grouped, tlsOptions } from './node-options.ts';
import type { Answer, Outgoing } from './transport.ts';

/** Sends by node:https or node:http, with connections kept open. */
export async function sendByNode(request: Outgoing): Promise<Answer> {
	try {
		return await sendOnce(request);
	} catch (error) {
		// A kept connection that the server had just closed: what changes nothing may be asked again.
		if (request.method === 'GET' && error instanceof StaleConnection) return await sendOnce(request);
		throw error instanceof StaleConnection ? error.cause : error;
	}
}

class StaleConnection extends Error {}

function sendOnce(request: Outgoing): Promise<Answer> {
	const agent: Agent = agentFor(request.url, request.proxy);
	const options: RequestOptions & { servername?: string; ca?: string | string[]; cert?: string; key?: string } = {
		method: request.method,
		agent,
		headers: grouped(request.headers),
		signal: request.signal,
		...tlsOptions(request.tls),
	};
	return new Promise((resolve, reject) => {
		const send = request.url.protocol === 'https:' ? httpsRequest : httpRequest;
		const outgoing = send(request.url, options, (incoming) => resolve(answerOf(incoming)));
		outgoing.on('error', (error) => {
			const isStale = outgoing.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
			reject(isStale ? new StaleConnection('stale', { cause: error }) : error);
		});
		outgoing.end(request.body);
	});
}

function answerOf(incoming: IncomingMessage): Answer {
	const headers = new Headers();
	for (const [name, values] of Object.entries(incoming.headersDistinct)) {
		for (const value of values ?? []) headers.append(name, value);
	}
	return { status: incoming.statusCode ?? 0, headers, body: decompressed(incoming) };
}

function decompressed(incoming: IncomingMessage): AsyncIterable<Uint8Array> {
	if (incoming.headers['content-encoding'] !== 'gzip') return incoming;
	// Flushed at every piece, so that a compressed stream is read as it comes.
	const gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH });
	incoming.on('error', (error) => gunzip.destroy(error));
	gunzip.on('close', () => incoming.destroy());
	return incoming.pipe(gunzip);
}
