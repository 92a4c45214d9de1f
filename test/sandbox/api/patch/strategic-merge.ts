import { isObject, type Json, type JsonObject } from '../objects.ts';

/**
 * Kubernetes' strategic merge patch: like a merge patch, but lists of named things merge by their key.
 *
 * Understands `$patch: delete|replace`, `$setElementOrder/FIELD`, `$deleteFromPrimitiveList/FIELD` and `$retainKeys`.
 * Source: community/contributors/devel/sig-api-machinery/strategic-merge-patch.md.
 */
export function strategicMerge(target: JsonObject, patch: JsonObject): JsonObject {
	if (patch.$patch === 'replace') {
		const { $patch: _, ...rest } = patch;
		return rest;
	}
	const retained = retainKeys(target, patch.$retainKeys);
	const result: JsonObject = { ...retained };
	for (const [key, value] of Object.entries(patch)) {
		if (key.startsWith('$')) {
			continue;
		}
		const merged = mergeField(key, result[key], value);
		if (merged === undefined) {
			delete result[key];
		} else {
			result[key] = merged;
		}
	}
	for (const [key, value] of Object.entries(patch)) {
		applyListDirective(result, key, value);
	}
	return result;
}

/** The field by which a list's elements are told apart; lists that are not named here are replaced whole. */
const MERGE_KEYS: Record<string, string[]> = {
	containers: ['name'],
	initContainers: ['name'],
	ephemeralContainers: ['name'],
	env: ['name'],
	volumes: ['name'],
	imagePullSecrets: ['name'],
	volumeMounts: ['mountPath'],
	volumeDevices: ['devicePath'],
	ports: ['containerPort', 'port'],
	conditions: ['type'],
	hostAliases: ['ip'],
	ownerReferences: ['uid'],
	secrets: ['name'],
};

function mergeField(key: string, old: Json | undefined, value: Json): Json | undefined {
	if (value === null) {
		return undefined;
	}
	if (isObject(value)) {
		return strategicMerge(isObject(old) ? (old as JsonObject) : {}, value as JsonObject);
	}
	if (Array.isArray(value)) {
		const mergeKey = mergeKeyOf(key, value);
		return mergeKey && Array.isArray(old) ? mergeLists(old, value, mergeKey) : withoutDirectives(value);
	}
	return value;
}

function mergeKeyOf(field: string, list: Json[]): string | undefined {
	const keys = MERGE_KEYS[field];
	return keys?.find((key) => list.every((element) => isObject(element) && (key in element || '$patch' in element)));
}

function mergeLists(old: Json[], patch: Json[], mergeKey: string): Json[] {
	const elements = patch as JsonObject[];
	if (elements.some((element) => element.$patch === 'replace' && element[mergeKey] === undefined)) {
		return withoutDirectives(elements.filter((element) => element[mergeKey] !== undefined));
	}
	let result = old as JsonObject[];
	for (const element of elements) {
		const isSame = (other: JsonObject) => other[mergeKey] === element[mergeKey];
		if (element.$patch === 'delete') {
			result = result.filter((other) => !isSame(other));
		} else if (result.some(isSame)) {
			result = result.map((other) => (isSame(other) ? strategicMerge(other, element) : other));
		} else {
			result = [...result, strategicMerge({}, element)];
		}
	}
	return result;
}

function withoutDirectives(list: Json[]): Json[] {
	const kept = list.filter((element) => !(isObject(element) && '$patch' in element));
	return kept.map((element) => (isObject(element) ? strategicMerge({}, element as JsonObject) : element));
}

function retainKeys(target: JsonObject, keys: Json | undefined): JsonObject {
	if (!Array.isArray(keys)) {
		return target;
	}
	return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function applyListDirective(result: JsonObject, directive: string, value: Json): void {
	const [name, field = ''] = directive.split('/');
	const list = result[field];
	if (!Array.isArray(list) || !Array.isArray(value)) {
		return;
	}
	if (name === '$deleteFromPrimitiveList') {
		result[field] = list.filter((element) => !value.includes(element));
	} else if (name === '$setElementOrder') {
		result[field] = ordered(list, value, field);
	}
}

/** Elements that the order names come in that order; the others keep their place before what followed them. */
function ordered(list: Json[], order: Json[], field: string): Json[] {
	const mergeKey = mergeKeyOf(field, order);
	const idOf = (element: Json) => (mergeKey && isObject(element) ? (element as JsonObject)[mergeKey] : element);
	const rank = new Map(order.map((element, index) => [idOf(element), index]));
	const named = list.filter((element) => rank.has(idOf(element)));
	named.sort((one, other) => (rank.get(idOf(one)) ?? 0) - (rank.get(idOf(other)) ?? 0));
	const result: Json[] = [];
	for (const element of list) {
		result.push(rank.has(idOf(element)) ? (named.shift() as Json) : element);
	}
	return result;
}
