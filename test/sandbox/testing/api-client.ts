import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeObject } from '../api/objects.ts';
import type { Sandbox } from '../sandbox.ts';

/** What the API answered. */
export interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	body: KubeObject & { message?: string; items?: KubeObject[]; status?: unknown };
}

export const STRATEGIC = 'application/strategic-merge-patch+json';

/** One request with a token. */
export async function call(
	sandbox: Sandbox,
	method: string,
	path: string,
	options: { user?: string; body?: unknown; contentType?: string; token?: string } = {},
): Promise<Answer> {
	const response = await open(sandbox, method, path, options);
	let text = '';
	for await (const chunk of response) {
		text += chunk;
	}
	const body = text.startsWith('{') ? JSON.parse(text) : { message: text };
	return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** The events of a watch, until the server ends it or the callback returns true. */
export async function watchUntil(
	sandbox: Sandbox,
	path: string,
	seen: (event: { type: string; object: KubeObject }) => boolean,
): Promise<void> {
	const response = await open(sandbox, 'GET', path, {});
	for await (const line of createInterface(response)) {
		if (seen(JSON.parse(line))) {
			break;
		}
	}
	response.destroy();
}

function open(
	sandbox: Sandbox,
	method: string,
	path: string,
	{
		user = 'admin',
		body,
		contentType = 'application/json',
		token = sandbox.token(user),
	}: Parameters<typeof call>[3] & object,
): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const headers = { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': contentType }) };
		const outgoing = request(
			`${sandbox.server}${path}`,
			{ method, headers, ca: readFileSync(sandbox.caFile) },
			resolve,
		);
		outgoing.on('error', reject);
		outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
	});
}
