import type { Pod } from '../api/pod.ts';
import type { Change, Store } from '../api/store.ts';
import type { Image } from '../images/image.ts';
import type { Registry } from '../images/registry.ts';
import type { Misbehaviour } from '../misbehaviour.ts';
import type { ContainerRunner } from './container-runner.ts';
import { PodWorker } from './pod-worker.ts';
import type { Runtime } from './runtime.ts';

/** What every part of the node works with. */
export interface NodeContext {
	store: Store;
	runtime: Runtime;
	registry: Registry;
	misbehaviour: Misbehaviour;
	pause: Image;
	/** Folder of this machine for logs. */
	logs: string;
	crashBackoffMs: { first: number; last: number };
	pullBackoffMs: number;
	/** Longest time a container gets to end by itself, whatever its pod says. */
	longestGraceMs: number;
	log: (line: string) => void;
}

/** Runs the pods of the store on the node. */
export class Kubelet {
	readonly #context: NodeContext;
	readonly #workers = new Map<string, PodWorker>();
	readonly #unsubscribe: () => void;
	#nextAddress = 2;

	constructor(context: NodeContext) {
		this.#context = context;
		this.#unsubscribe = context.store.subscribe((change) => this.#onChange(change));
	}

	/** The container of that name, whether it runs or not. */
	container(namespace: string, pod: string, container: string): ContainerRunner | undefined {
		return this.worker(namespace, pod)?.container(container);
	}

	worker(namespace: string, pod: string): PodWorker | undefined {
		const object = this.#context.store.get('pods', namespace, pod);
		return object && this.#workers.get(object.metadata.uid ?? '');
	}

	/** No longer acts on anything; the processes end with the node. */
	stop(): void {
		this.#unsubscribe();
		for (const worker of this.#workers.values()) {
			worker.stop();
		}
	}

	#onChange({ type, resource, object }: Change): void {
		if (resource.plural !== 'pods') {
			return;
		}
		const pod = object as Pod;
		const uid = pod.metadata.uid ?? '';
		const worker = this.#workers.get(uid);
		if (type === 'DELETED') {
			worker?.stop();
			this.#workers.delete(uid);
		} else if (worker) {
			worker.podChanged(pod);
		} else if (pod.spec.nodeName) {
			const started = new PodWorker(this.#context, pod, this.#address());
			this.#workers.set(uid, started);
			started.start();
		}
	}

	#address(): string {
		const number = this.#nextAddress;
		this.#nextAddress += 1;
		return `10.244.${number >> 8}.${number & 255}`;
	}
}
