import { openApiDocument } from './openapi.ts';
import { RESOURCE_TYPES, type ResourceType } from './resources.ts';

/** The version that the stand-in claims to be. */
export const VERSION = {
	major: '1',
	minor: '36',
	gitVersion: 'v1.36.0',
	gitCommit: '0000000000000000000000000000000000000000',
	gitTreeState: 'clean',
	buildDate: '2026-04-01T00:00:00Z',
	goVersion: 'go1.26.0',
	compiler: 'gc',
	platform: 'linux/amd64',
};

/** An answer to a request that is for no resource, or undefined when there is none at that path. */
export function discoveryDocument(path: string, accept: string): { contentType: string; body: unknown } | undefined {
	const json = (body: unknown) => ({ contentType: 'application/json', body });
	const aggregated = accept.includes('as=APIGroupDiscoveryList');
	const parts = path.split('/').filter(Boolean);
	switch (parts.join('/')) {
		case 'version':
			return json(VERSION);
		case 'healthz':
		case 'livez':
		case 'readyz':
			return { contentType: 'text/plain', body: 'ok' };
		case 'api':
			return aggregated
				? aggregatedList([''])
				: json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
		case 'apis':
			return aggregated
				? aggregatedList(namedGroups())
				: json({ kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups().map(groupDocument) });
	}
	const openApi = openApiDocument(path);
	if (openApi) {
		return json(openApi);
	}
	const [root, ...rest] = parts;
	const group = root === 'api' ? '' : rest[0];
	const version = root === 'api' ? rest[0] : rest[1];
	const known = group !== undefined && (root === 'api' || root === 'apis') && typesOf(group).length > 0;
	if (known && root === 'apis' && rest.length === 1) {
		return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group) });
	}
	if (known && version === 'v1' && rest.length === (root === 'api' ? 1 : 2)) {
		return json(resourceList(group));
	}
	return undefined;
}

function namedGroups(): string[] {
	return [...new Set(RESOURCE_TYPES.map((type) => type.group))].filter(Boolean);
}

function typesOf(group: string): ResourceType[] {
	return RESOURCE_TYPES.filter((type) => type.group === group);
}

function groupDocument(group: string): Record<string, unknown> {
	const version = { groupVersion: `${group}/v1`, version: 'v1' };
	return { name: group, versions: [version], preferredVersion: version };
}

function resourceList(group: string): Record<string, unknown> {
	const resources = typesOf(group).flatMap((type) => [
		{
			name: type.plural,
			singularName: type.singular,
			namespaced: type.namespaced,
			kind: type.kind,
			verbs: type.verbs,
			...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
			...(type.inAll && { categories: ['all'] }),
		},
		...type.subresources.map(({ name, kind, verbs }) => ({
			name: `${type.plural}/${name}`,
			singularName: '',
			namespaced: type.namespaced,
			kind,
			verbs,
		})),
	]);
	return { kind: 'APIResourceList', groupVersion: group ? `${group}/v1` : 'v1', resources };
}

/** KEP-3352: one document for all groups. */
function aggregatedList(groups: string[]): { contentType: string; body: unknown } {
	const items = groups.map((group) => ({
		metadata: group ? { name: group } : {},
		versions: [{ version: 'v1', resources: typesOf(group).map(aggregatedResource), freshness: 'Current' }],
	}));
	return {
		contentType: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
		body: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items },
	};
}

function aggregatedResource(type: ResourceType): Record<string, unknown> {
	const kindOf = (kind: string) => ({ group: '', version: '', kind });
	return {
		resource: type.plural,
		responseKind: kindOf(type.kind),
		scope: type.namespaced ? 'Namespaced' : 'Cluster',
		singularResource: type.singular,
		verbs: type.verbs,
		...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
		...(type.inAll && { categories: ['all'] }),
		...(type.subresources.length > 0 && {
			subresources: type.subresources.map(({ name, kind, verbs }) => ({
				subresource: name,
				responseKind: kindOf(kind),
				verbs,
			})),
		}),
	};
}
