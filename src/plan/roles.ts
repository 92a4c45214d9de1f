import type { V1PolicyRule, V1Role } from '@kubernetes/client-node';
import type { WorkloadKind } from './request.ts';

/** What a command will ask of the API. */
export interface RoleInput {
	namespace: string;
	/** The kinds named on the command line. */
	kinds: WorkloadKind[];
	/** Several pods are looked at: a selector, a picker, `--all-pods`. */
	listsPods: boolean;
	/** Work runs in the container's main process: attach in place of exec. */
	attach?: boolean;
	/** A recipe forwards a port. */
	forwards?: boolean;
}

/** The Role to ask for, and what of it is for comfort only, in sentences for a comment above it. */
export interface NeededRole {
	role: V1Role;
	notes: string[];
}

/** The least Role with which a command works. Built-in roles do not grant the one of ephemeral containers. */
export function roleFor({ namespace, kinds, listsPods, attach = false, forwards = false }: RoleInput): NeededRole {
	const workloads = [...new Set(kinds)].filter((kind) => kind !== 'pods');
	const needsList = listsPods || workloads.length > 0;
	const rules: V1PolicyRule[] = [
		{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
		{ apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] },
		// Since 1.35 opening a stream takes create beside get.
		{ apiGroups: [''], resources: [attach ? 'pods/attach' : 'pods/exec'], verbs: ['get', 'create'] },
		...(forwards ? [{ apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] }] : []),
		...(attach ? [{ apiGroups: [''], resources: ['pods/log'], verbs: ['get'] }] : []),
		{ apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] },
		...workloads.flatMap(workloadRules),
	];
	const role: V1Role = {
		apiVersion: 'rbac.authorization.k8s.io/v1',
		kind: 'Role',
		metadata: { name: 'kubectl-ephemeral', namespace },
		rules,
	};
	const comfort = needsList ? 'watch on pods' : 'list and watch on pods';
	return { role, notes: [`${comfort}, and the rule on events, show progress sooner; it works without them.`] };
}

const API_GROUPS: Readonly<Record<Exclude<WorkloadKind, 'pods'>, string>> = {
	deployments: 'apps',
	statefulsets: 'apps',
	daemonsets: 'apps',
	replicasets: 'apps',
	replicationcontrollers: '',
	jobs: 'batch',
	cronjobs: 'batch',
	services: '',
};

function workloadRules(kind: Exclude<WorkloadKind, 'pods'>): V1PolicyRule[] {
	const own: V1PolicyRule = { apiGroups: [API_GROUPS[kind]], resources: [kind], verbs: ['get'] };
	// A cron job's pods are found through its jobs.
	return kind === 'cronjobs' ? [own, { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list'] }] : [own];
}
