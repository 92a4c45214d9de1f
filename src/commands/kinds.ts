import type { WorkloadKind } from '../plan/request.ts';

/** Every word kubectl understands for a kind that stands for pods, by the API's plural name. */
const WORDS: Record<WorkloadKind, string[]> = {
	pods: ['pod', 'pods', 'po'],
	deployments: ['deployment', 'deployments', 'deploy'],
	statefulsets: ['statefulset', 'statefulsets', 'sts'],
	daemonsets: ['daemonset', 'daemonsets', 'ds'],
	replicasets: ['replicaset', 'replicasets', 'rs'],
	replicationcontrollers: ['replicationcontroller', 'replicationcontrollers', 'rc'],
	jobs: ['job', 'jobs'],
	cronjobs: ['cronjob', 'cronjobs', 'cj'],
	services: ['service', 'services', 'svc'],
};

/** The API groups of those that are not in the core. */
const GROUPS: Partial<Record<WorkloadKind, string>> = {
	deployments: 'apps',
	statefulsets: 'apps',
	daemonsets: 'apps',
	replicasets: 'apps',
	jobs: 'batch',
	cronjobs: 'batch',
};

const BY_WORD = new Map(
	(Object.keys(WORDS) as WorkloadKind[]).flatMap((kind) => WORDS[kind].map((word) => [word, kind] as const)),
);

/** All words for kinds, for suggestions. */
export const KIND_WORDS: readonly string[] = [...BY_WORD.keys()];

/**
 * The kind that a word names, as kubectl reads it: any case, and with the group behind a dot (`deployments.apps`,
 * `deployments.v1.apps`). Undefined when it names none.
 */
export function kindOf(word: string): WorkloadKind | undefined {
	const [, name = '', group] = /^([a-z]+)(?:\.v1)?(?:\.(apps|batch))?$/.exec(word.toLowerCase()) ?? [];
	const kind = BY_WORD.get(name);
	return kind && (group === undefined || group === GROUPS[kind]) ? kind : undefined;
}
