import type { IncomingMessage } from 'node:http';
import { load } from 'js-yaml';
import type { Json } from './objects.ts';
import { decodeProtobuf } from './protobuf/decode.ts';
import { ApiError, badRequest } from './status.ts';

const LONGEST_BODY = 3 * 1024 * 1024;

/**
 * The body of a request as a document; undefined where there is none.
 * @throws {ApiError} 415 for a type that is not served, 413 for one that is too long, 400 for one that cannot be read.
 */
export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request) {
		length += (chunk as Buffer).length;
		if (length > LONGEST_BODY) {
			throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LONGEST_BODY}`, {});
		}
		chunks.push(chunk as Buffer);
	}
	if (length === 0) {
		return undefined;
	}
	const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
	const bytes = Buffer.concat(chunks);
	const text = bytes.toString('utf8');
	try {
		if (type === 'application/vnd.kubernetes.protobuf') {
			return decodeProtobuf(bytes);
		}
		if (type.endsWith('json')) {
			return JSON.parse(text) as Json;
		}
		if (type.endsWith('yaml')) {
			return load(text) as Json;
		}
	} catch (error) {
		throw badRequest(`error decoding request body: ${error instanceof Error ? error.message : String(error)}`);
	}
	throw unsupportedMediaType();
}

/** 415, as the API server words it. */
export function unsupportedMediaType(): ApiError {
	return new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}
