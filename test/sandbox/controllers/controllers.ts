import type { Pod } from '../api/pod.ts';
import type { Change, Store } from '../api/store.ts';
import type { Writes } from '../api/writes.ts';
import { schedule } from './scheduler.ts';
import { Services } from './services.ts';
import { Workloads } from './workloads.ts';

/** Scheduler and controllers: what follows from a change of the store. */
export class Controllers {
	readonly #store: Store;
	readonly #nodeName: string;
	readonly #workloads: Workloads;
	readonly #services: Services;
	readonly #unsubscribe: () => void;

	constructor(store: Store, writes: Writes, nodeName: string) {
		this.#store = store;
		this.#nodeName = nodeName;
		this.#workloads = new Workloads(store, writes);
		this.#services = new Services(store);
		// In their own turn of the event loop, as other processes would.
		this.#unsubscribe = store.subscribe((change) => setImmediate(() => this.#onChange(change)));
	}

	stop(): void {
		this.#unsubscribe();
	}

	#onChange({ type, resource, object }: Change): void {
		const { plural } = resource;
		if (type === 'DELETED') {
			if (plural === 'pods') {
				this.#workloads.replace(object);
				this.#services.syncNamespace(object.metadata.namespace);
			}
			return;
		}
		const current = this.#store.get(resource, object.metadata.namespace, object.metadata.name);
		if (!current) {
			return;
		}
		if (plural === 'pods') {
			schedule(this.#store, current as Pod, this.#nodeName);
			this.#workloads.reportOwner(current);
			this.#services.syncNamespace(current.metadata.namespace);
		} else if (plural === 'services') {
			this.#services.sync(current);
		} else {
			this.#workloads.sync(plural, current);
		}
	}
}
