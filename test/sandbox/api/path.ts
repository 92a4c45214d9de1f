import { findType, type ResourceType } from './resources.ts';

/** A request for a resource, as the API server reads it from method, path and query. */
export interface ResourceRequest {
	type: ResourceType;
	namespace: string | undefined;
	name: string | undefined;
	subresource: string | undefined;
	verb: string;
	query: URLSearchParams;
}

/** Reads a resource request; undefined for paths that are none (`/version`, discovery, unknown resources). */
export function parseResourceRequest(method: string, url: URL): ResourceRequest | undefined {
	const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
	const [root, ...rest] = parts;
	let group = '';
	if (root === 'apis') {
		group = rest.shift() ?? '';
	} else if (root !== 'api') {
		return undefined;
	}
	const version = rest.shift() ?? '';
	let namespace: string | undefined;
	if (rest[0] === 'namespaces' && rest.length > 2) {
		namespace = rest[1];
		rest.splice(0, 2);
	}
	const [plural, name, subresource] = rest;
	const type = plural === undefined ? undefined : findType(group, version, plural);
	if (!type) {
		return undefined;
	}
	const verb = verbOf(method, name, url.searchParams);
	return { type, namespace, name, subresource, verb, query: url.searchParams };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
	const watching = query.get('watch') === 'true' || query.get('watch') === '1';
	switch (method) {
		case 'GET':
		case 'HEAD':
			return watching ? 'watch' : name === undefined ? 'list' : 'get';
		case 'POST':
			return 'create';
		case 'PUT':
			return 'update';
		case 'PATCH':
			return 'patch';
		case 'DELETE':
			return name === undefined ? 'deletecollection' : 'delete';
		default:
			return method.toLowerCase();
	}
}
