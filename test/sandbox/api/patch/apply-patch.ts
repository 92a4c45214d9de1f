import { unsupportedMediaType } from '../body.ts';
import { isObject, type Json, type JsonObject, type KubeObject } from '../objects.ts';
import { badRequest } from '../status.ts';
import { applyJsonPatch, type JsonPatchOperation } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

/**
 * Applies a PATCH body of that content type to an object and gives back a new one.
 * @throws {ApiError} 415 for a type that is not served, 400 and 422 for bodies that cannot be applied.
 */
export function applyPatch(object: KubeObject, contentType: string, body: Json): KubeObject {
	const document = structuredClone(object) as unknown as JsonObject;
	switch (contentType.split(';')[0]?.trim()) {
		case 'application/strategic-merge-patch+json':
			return asObject(strategicMerge(document, objectBody(body)));
		case 'application/merge-patch+json':
			return asObject(mergePatch(document, body));
		case 'application/json-patch+json':
			if (!Array.isArray(body)) {
				throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
			}
			return asObject(applyJsonPatch(document, body as unknown as JsonPatchOperation[]));
		default:
			throw unsupportedMediaType();
	}
}

function objectBody(body: Json): JsonObject {
	if (!isObject(body)) {
		throw badRequest('json: cannot unmarshal into Go value of type map[string]interface {}');
	}
	return body as JsonObject;
}

function asObject(value: Json): KubeObject {
	return value as unknown as KubeObject;
}
