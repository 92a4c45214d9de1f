import type { KubeObject } from '../api/objects.ts';
import type { Pod } from '../api/pod.ts';
import { objectSelector } from '../api/selectors.ts';
import type { Store } from '../api/store.ts';

/** Gives services their address and their endpoints. */
export class Services {
	readonly #store: Store;
	#nextAddress = 10;

	constructor(store: Store) {
		this.#store = store;
	}

	sync(service: KubeObject): void {
		const spec = service.spec as { clusterIP?: string };
		if (!spec.clusterIP) {
			const clusterIP = `10.96.0.${this.#nextAddress}`;
			this.#nextAddress += 1;
			this.#store.update('services', { ...service, spec: { type: 'ClusterIP', ...spec, clusterIP } });
		}
		this.#syncEndpoints(service);
	}

	/** After a pod changed: the endpoints of the services of its namespace. */
	syncNamespace(namespace: string | undefined): void {
		for (const service of this.#store.list('services', namespace)) {
			this.#syncEndpoints(service);
		}
	}

	#syncEndpoints(service: KubeObject): void {
		const { namespace, name } = service.metadata;
		const spec = service.spec as { selector?: unknown; ports?: { port: number; name?: string }[] };
		const selects = objectSelector(spec.selector);
		const pods = (this.#store.list('pods', namespace) as Pod[]).filter(
			(pod) => selects(pod.metadata.labels ?? {}) && isReady(pod),
		);
		const addresses = pods.map((pod) => ({
			ip: pod.status.podIP,
			targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
		}));
		const subsets = addresses.length > 0 ? [{ addresses, ports: spec.ports ?? [] }] : [];
		const existing = this.#store.get('endpoints', namespace, name);
		if (existing) {
			this.#store.update('endpoints', { ...existing, subsets });
		} else {
			this.#store.create('endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace }, subsets });
		}
	}
}

export function isReady(pod: Pod): boolean {
	return pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
