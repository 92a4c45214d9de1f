/** A resource type of the API and what may be done with it. */
export interface ResourceType {
	group: string;
	version: string;
	plural: string;
	singular: string;
	kind: string;
	namespaced: boolean;
	shortNames: string[];
	/** True where `kubectl get all` shows it. */
	inAll: boolean;
	verbs: string[];
	subresources: Subresource[];
}

export interface Subresource {
	name: string;
	kind: string;
	verbs: string[];
}

const STORED_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const POD_SUBRESOURCES: Subresource[] = [
	{ name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
	{ name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
	{ name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
	{ name: 'log', kind: 'Pod', verbs: ['get'] },
	{ name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
	{ name: 'status', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
];

/** Every resource type that the stand-in serves. */
export const RESOURCE_TYPES: readonly ResourceType[] = [
	stored('', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
	stored('', 'endpoints', 'Endpoints', { shortNames: ['ep'], singular: 'endpoints' }),
	stored('', 'events', 'Event', { shortNames: ['ev'] }),
	stored('', 'namespaces', 'Namespace', { shortNames: ['ns'], namespaced: false }),
	stored('', 'nodes', 'Node', { shortNames: ['no'], namespaced: false }),
	stored('', 'pods', 'Pod', { shortNames: ['po'], inAll: true, subresources: POD_SUBRESOURCES }),
	stored('', 'replicationcontrollers', 'ReplicationController', { shortNames: ['rc'], inAll: true }),
	stored('', 'secrets', 'Secret'),
	stored('', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'] }),
	stored('', 'services', 'Service', { shortNames: ['svc'], inAll: true }),
	stored('apps', 'daemonsets', 'DaemonSet', { shortNames: ['ds'], inAll: true }),
	stored('apps', 'deployments', 'Deployment', { shortNames: ['deploy'], inAll: true }),
	stored('apps', 'replicasets', 'ReplicaSet', { shortNames: ['rs'], inAll: true }),
	stored('apps', 'statefulsets', 'StatefulSet', { shortNames: ['sts'], inAll: true }),
	stored('batch', 'cronjobs', 'CronJob', { shortNames: ['cj'], inAll: true }),
	stored('batch', 'jobs', 'Job', { inAll: true }),
	review('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
	review('authorization.k8s.io', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview'),
	review('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview'),
];

/** The type that serves this plural name in this group and version. */
export function findType(group: string, version: string, plural: string): ResourceType | undefined {
	return RESOURCE_TYPES.find((type) => type.group === group && type.version === version && type.plural === plural);
}

/** The type with this plural name, whatever its group. */
export function findTypeByPlural(plural: string): ResourceType {
	const type = RESOURCE_TYPES.find((candidate) => candidate.plural === plural);
	if (!type) {
		throw new Error(`the stand-in cluster has no resource called ${plural}`);
	}
	return type;
}

/** The type of an object by its `kind` and `apiVersion`. */
export function typeOf(object: { apiVersion: string; kind: string }): ResourceType | undefined {
	return RESOURCE_TYPES.find((type) => type.kind === object.kind && apiVersion(type) === object.apiVersion);
}

/** `v1` or `apps/v1`. */
export function apiVersion(type: ResourceType): string {
	return type.group ? `${type.group}/${type.version}` : type.version;
}

/** The name used in error texts: `pods`, `deployments.apps`. */
export function qualifiedName(type: Pick<ResourceType, 'group' | 'plural'>): string {
	return type.group ? `${type.plural}.${type.group}` : type.plural;
}

function stored(group: string, plural: string, kind: string, more: Partial<ResourceType> = {}): ResourceType {
	return {
		group,
		version: 'v1',
		plural,
		singular: kind.toLowerCase(),
		kind,
		namespaced: true,
		shortNames: [],
		inAll: false,
		verbs: STORED_VERBS,
		subresources: [],
		...more,
	};
}

function review(group: string, plural: string, kind: string): ResourceType {
	return stored(group, plural, kind, { namespaced: false, verbs: ['create'] });
}
