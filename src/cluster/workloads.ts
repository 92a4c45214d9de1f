import type { V1Pod } from '@kubernetes/client-node';
import type { Connection } from './connect.ts';
import { listPods } from './pods.ts';
import { request } from './request.ts';

/** Where each kind lives in the API. */
const GROUPS = {
	deployments: '/apis/apps/v1',
	statefulsets: '/apis/apps/v1',
	daemonsets: '/apis/apps/v1',
	replicasets: '/apis/apps/v1',
	jobs: '/apis/batch/v1',
	cronjobs: '/apis/batch/v1',
	services: '/api/v1',
	replicationcontrollers: '/api/v1',
} as const;

/** A kind whose objects stand for pods, by the API's plural name. */
export type Workload = keyof typeof GROUPS;

interface WorkloadObject {
	metadata?: { uid?: string };
	spec?: { selector?: Record<string, unknown> };
}

interface LabelSelector {
	matchLabels?: Record<string, string>;
	matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/**
 * The pods that a workload stands for: those its selector matches; of a CronJob, those of the Jobs it owns.
 * Undefined where it has no selector (a Service without one stands for no pods).
 * @throws ApiError (404 when there is no such workload)
 */
export async function podsOfWorkload(
	connection: Connection,
	namespace: string,
	kind: Workload,
	name: string,
): Promise<V1Pod[] | undefined> {
	const folder = `${GROUPS[kind]}/namespaces/${encodeURIComponent(namespace)}`;
	const response = await request(connection, { path: `${folder}/${kind}/${encodeURIComponent(name)}` });
	const workload = await response.json<WorkloadObject>();
	if (kind === 'cronjobs') return podsOfCronJob(connection, namespace, folder, workload.metadata?.uid);
	const selector = selectorText(kind, workload.spec?.selector);
	return selector === undefined ? undefined : listPods(connection, namespace, { labelSelector: selector });
}

async function podsOfCronJob(
	connection: Connection,
	namespace: string,
	folder: string,
	uid: string | undefined,
): Promise<V1Pod[]> {
	const response = await request(connection, { path: `${folder}/jobs` });
	const jobs = await response.json<{ items: { metadata?: { uid?: string; ownerReferences?: { uid: string }[] } }[] }>();
	const owned = new Set(
		jobs.items
			.filter((job) => job.metadata?.ownerReferences?.some((owner) => owner.uid === uid))
			.map((job) => job.metadata?.uid),
	);
	const pods = await listPods(connection, namespace);
	return pods.filter((pod) => pod.metadata?.ownerReferences?.some((owner) => owned.has(owner.uid)));
}

/** A selector of the API as `-l` takes it; Services and ReplicationControllers have plain maps, the others LabelSelectors. */
function selectorText(kind: Workload, selector: Record<string, unknown> | undefined): string | undefined {
	if (!selector) return undefined;
	const plain = kind === 'services' || kind === 'replicationcontrollers';
	const { matchLabels = {}, matchExpressions = [] } = plain
		? { matchLabels: selector as Record<string, string> }
		: (selector as LabelSelector);
	const terms = [
		...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
		...matchExpressions.map(({ key, operator, values = [] }) => {
			if (operator === 'Exists') return key;
			if (operator === 'DoesNotExist') return `!${key}`;
			return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
		}),
	];
	return terms.length > 0 ? terms.join(',') : undefined;
}
