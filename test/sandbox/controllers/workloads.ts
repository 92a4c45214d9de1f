import { createHash } from 'node:crypto';
import { isObject, type KubeObject } from '../api/objects.ts';
import type { Pod, PodSpec } from '../api/pod.ts';
import { findTypeByPlural } from '../api/resources.ts';
import type { Store } from '../api/store.ts';
import type { Writes } from '../api/writes.ts';
import { randomSuffix } from '../pods/names.ts';
import { isOwnedBy, ownedBy, pluralOf } from './owner.ts';
import { isReady } from './services.ts';

interface Template {
	metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
	spec: PodSpec;
}

interface WorkloadSpec {
	replicas?: number;
	selector?: unknown;
	template: Template;
}

/** Makes of workloads the pods they stand for. */
export class Workloads {
	readonly #store: Store;
	readonly #writes: Writes;

	constructor(store: Store, writes: Writes) {
		this.#store = store;
		this.#writes = writes;
	}

	/** Does what the workload asks for; a resource that is none is left alone. */
	sync(plural: string, workload: KubeObject): void {
		switch (plural) {
			case 'deployments':
				this.#syncDeployment(workload);
				break;
			case 'replicasets':
			case 'replicationcontrollers':
				this.#syncReplicas(plural, workload);
				break;
			case 'statefulsets':
				this.#syncOrdinals(workload);
				break;
			case 'daemonsets':
			case 'jobs':
				this.#syncOne(plural, workload);
		}
	}

	/** A pod that is gone is made again by its owner. */
	replace(pod: KubeObject): void {
		const reference = pod.metadata.ownerReferences?.find(({ controller }) => controller);
		const plural = reference && pluralOf(reference.kind);
		const owner = plural && this.#store.get(plural, pod.metadata.namespace, reference.name);
		if (plural && owner) {
			this.sync(plural, owner);
		}
	}

	#syncDeployment(deployment: KubeObject): void {
		const spec = deployment.spec as WorkloadSpec;
		const hash = templateHash(spec.template);
		const name = `${deployment.metadata.name}-${hash}`;
		const { namespace } = deployment.metadata;
		const owned = this.#store.list('replicasets', namespace).filter((other) => isOwnedBy(other, deployment));
		for (const old of owned.filter((other) => other.metadata.name !== name)) {
			this.#writes.remove('replicasets', old);
		}
		const replicas = spec.replicas ?? 1;
		const existing = owned.find((other) => other.metadata.name === name);
		if (existing) {
			this.#store.update('replicasets', { ...existing, spec: { ...(existing.spec as WorkloadSpec), replicas } });
			return;
		}
		const label = { 'pod-template-hash': hash };
		const labels = { ...spec.template.metadata?.labels, ...label };
		const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
		const matchLabels = { ...(isObject(spec.selector) ? (spec.selector.matchLabels as object) : {}), ...label };
		this.#store.create('replicasets', {
			apiVersion: 'apps/v1',
			kind: 'ReplicaSet',
			metadata: { name, namespace, labels, ownerReferences: [ownedBy(deployment)] },
			spec: { replicas, selector: { matchLabels }, template },
			status: { replicas: 0 },
		});
	}

	#syncReplicas(plural: string, set: KubeObject): void {
		const spec = set.spec as WorkloadSpec;
		const pods = this.#podsOf(set).filter(({ metadata }) => !metadata.deletionTimestamp);
		const wanted = spec.replicas ?? 1;
		for (let count = pods.length; count < wanted; count += 1) {
			this.#createPod(set, `${set.metadata.name}-${randomSuffix()}`, spec.template);
		}
		for (const pod of pods.slice(wanted)) {
			this.#writes.remove('pods', pod);
		}
		this.#report(plural, set);
	}

	#syncOrdinals(set: KubeObject): void {
		const spec = set.spec as WorkloadSpec;
		const existing = new Set(this.#podsOf(set).map(({ metadata }) => metadata.name));
		for (let ordinal = 0; ordinal < (spec.replicas ?? 1); ordinal += 1) {
			const name = `${set.metadata.name}-${ordinal}`;
			if (!existing.has(name)) {
				const label = { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(ordinal) };
				this.#createPod(set, name, spec.template, label);
			}
		}
		this.#report('statefulsets', set);
	}

	/** A daemon set has a pod on the only node, a job one pod. */
	#syncOne(plural: string, set: KubeObject): void {
		const spec = set.spec as WorkloadSpec;
		if (this.#podsOf(set).length === 0) {
			const label: Record<string, string> =
				plural === 'jobs' ? { 'batch.kubernetes.io/job-name': set.metadata.name, 'job-name': set.metadata.name } : {};
			this.#createPod(set, `${set.metadata.name}-${randomSuffix()}`, spec.template, label);
		}
		this.#report(plural, set);
	}

	#createPod(owner: KubeObject, name: string, template: Template, labels: Record<string, string> = {}): void {
		const { namespace = '' } = owner.metadata;
		const pod: KubeObject = {
			apiVersion: 'v1',
			kind: 'Pod',
			metadata: {
				name,
				namespace,
				labels: { ...template.metadata?.labels, ...labels },
				...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
				ownerReferences: [ownedBy(owner)],
			},
			spec: structuredClone(template.spec),
		};
		const type = findTypeByPlural('pods');
		const request = {
			type,
			namespace,
			name: undefined,
			subresource: undefined,
			verb: 'create',
			query: new URLSearchParams(),
		};
		try {
			this.#writes.create(request, pod as never, { user: CONTROLLER, warnings: [] });
		} catch {
			// Not admitted: the workload stays without pods, as in a real cluster.
		}
	}

	#podsOf(owner: KubeObject): Pod[] {
		return this.#store.list('pods', owner.metadata.namespace).filter((pod) => isOwnedBy(pod, owner)) as Pod[];
	}

	/** After a pod changed: the counts of what owns it. */
	reportOwner(pod: KubeObject): void {
		for (const { kind, name } of pod.metadata.ownerReferences ?? []) {
			const plural = pluralOf(kind);
			const owner = plural && this.#store.get(plural, pod.metadata.namespace, name);
			if (plural && owner) {
				this.#report(plural, owner);
			}
		}
	}

	#report(plural: string, owner: KubeObject): void {
		const pods = this.#podsOf(owner);
		const ready = pods.filter(isReady).length;
		const counts = { replicas: pods.length, readyReplicas: ready, availableReplicas: ready };
		const status =
			plural === 'jobs' ? { active: pods.filter(({ status: { phase } }) => phase === 'Running').length } : counts;
		const current = this.#store.get(plural, owner.metadata.namespace, owner.metadata.name);
		if (current) {
			this.#store.update(plural, { ...current, status: { ...(current.status as object), ...status } });
		}
		const parent = owner.metadata.ownerReferences?.find(({ kind }) => kind === 'Deployment');
		const deployment = parent && this.#store.get('deployments', owner.metadata.namespace, parent.name);
		if (deployment) {
			this.#store.update('deployments', { ...deployment, status: { ...(deployment.status as object), ...counts } });
		}
	}
}

const CONTROLLER = { name: 'system:kube-controller-manager', groups: ['system:masters'] };

/** A hash of digits and consonants, as long as the ones the deployment controller makes. */
function templateHash(template: Template): string {
	const digest = createHash('sha256').update(JSON.stringify(template)).digest();
	return Array.from(digest.subarray(0, 10), (byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join('');
}
