import { apiVersion, RESOURCE_TYPES, type ResourceType } from './resources.ts';

/**
 * The least of OpenAPI v3 that kubectl wants before it creates something: that the server validates fields itself.
 * Undefined for a path that is not of it.
 */
export function openApiDocument(path: string): unknown {
	const prefix = '/openapi/v3';
	if (path === prefix) {
		const roots = [...new Set(RESOURCE_TYPES.map(rootOf))];
		return {
			paths: Object.fromEntries(roots.map((root) => [root, { serverRelativeURL: `${prefix}/${root}?hash=0` }])),
		};
	}
	if (!path.startsWith(`${prefix}/`)) {
		return undefined;
	}
	const types = RESOURCE_TYPES.filter((type) => `${prefix}/${rootOf(type)}` === path);
	return types.length === 0
		? undefined
		: {
				openapi: '3.0.0',
				info: { title: 'Kubernetes', version: 'v1.36.0' },
				paths: Object.fromEntries(types.map((type) => [pathOf(type), { patch: operation(type) }])),
				components: { schemas: {} },
			};
}

function rootOf(type: ResourceType): string {
	return `${type.group ? 'apis' : 'api'}/${apiVersion(type)}`;
}

function pathOf(type: ResourceType): string {
	return `/${rootOf(type)}/${type.namespaced ? 'namespaces/{namespace}/' : ''}${type.plural}/{name}`;
}

function operation({ group, version, kind }: ResourceType): Record<string, unknown> {
	return {
		'x-kubernetes-action': 'patch',
		'x-kubernetes-group-version-kind': { group, version, kind },
		parameters: ['dryRun', 'fieldValidation'].map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
		responses: {},
	};
}
