import { isObject, type Json, type JsonObject } from '../objects.ts';

/** RFC 7386: objects merge, null removes, everything else replaces. */
export function mergePatch(target: Json, patch: Json): Json {
	if (!isObject(patch)) {
		return patch;
	}
	const result: JsonObject = isObject(target) ? { ...(target as JsonObject) } : {};
	for (const [key, value] of Object.entries(patch as JsonObject)) {
		if (value === null) {
			delete result[key];
		} else {
			result[key] = mergePatch(result[key] ?? null, value);
		}
	}
	return result;
}
