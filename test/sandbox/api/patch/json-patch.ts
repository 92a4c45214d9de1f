import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json, type JsonObject } from '../objects.ts';
import { ApiError } from '../status.ts';

export interface JsonPatchOperation {
	op: 'add' | 'remove' | 'replace' | 'test' | 'copy' | 'move';
	path: string;
	from?: string;
	value?: Json;
}

/**
 * RFC 6902 on a document that may be changed in place.
 * @throws {ApiError} 422 when an operation does not apply.
 */
export function applyJsonPatch(document: JsonObject, operations: JsonPatchOperation[]): Json {
	for (const operation of operations) {
		applyOne(document, operation);
	}
	return document;
}

function applyOne(document: JsonObject, { op, path, from, value }: JsonPatchOperation): void {
	const place = locate(document, path);
	switch (op) {
		case 'add':
			insert(place, value ?? null);
			break;
		case 'replace':
			read(place);
			assign(place, value ?? null);
			break;
		case 'remove':
			read(place);
			remove(place);
			break;
		case 'test':
			if (!isDeepStrictEqual(read(place), value)) {
				throw refused();
			}
			break;
		case 'copy':
		case 'move': {
			const source = locate(document, from ?? '');
			const moved = structuredClone(read(source));
			if (op === 'move') {
				remove(source);
			}
			insert(place, moved);
		}
	}
}

interface Place {
	parent: JsonObject | Json[];
	key: string;
}

function locate(document: JsonObject, path: string): Place {
	const keys = path.split('/').slice(1).map(unescapePointer);
	const key = keys.pop() ?? '';
	let parent: Json = document;
	for (const step of keys) {
		const next: Json | undefined = Array.isArray(parent) ? parent[Number(step)] : (parent as JsonObject)[step];
		if (!isObject(next) && !Array.isArray(next)) {
			throw refused();
		}
		parent = next as Json;
	}
	return { parent: parent as JsonObject | Json[], key };
}

function unescapePointer(step: string): string {
	return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function read({ parent, key }: Place): Json {
	const found = Array.isArray(parent) ? parent[Number(key)] : parent[key];
	if (found === undefined) {
		throw refused();
	}
	return found;
}

function insert({ parent, key }: Place, value: Json): void {
	if (Array.isArray(parent)) {
		parent.splice(key === '-' ? parent.length : Number(key), 0, value);
	} else {
		parent[key] = value;
	}
}

function assign({ parent, key }: Place, value: Json): void {
	if (Array.isArray(parent)) {
		parent[Number(key)] = value;
	} else {
		parent[key] = value;
	}
}

function remove({ parent, key }: Place): void {
	if (Array.isArray(parent)) {
		parent.splice(Number(key), 1);
	} else {
		delete parent[key];
	}
}

/** The API server does not say more than this. */
function refused(): ApiError {
	return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}
