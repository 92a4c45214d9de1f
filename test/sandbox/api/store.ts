import { randomUUID } from 'node:crypto';
import { type KubeObject, timestamp } from './objects.ts';
import { findTypeByPlural, type ResourceType } from './resources.ts';

/** One change of one object. `before` is the object as it was, for selectors that it has left. */
export interface Change {
	type: 'ADDED' | 'MODIFIED' | 'DELETED';
	resource: ResourceType;
	object: KubeObject;
	before: KubeObject | undefined;
	revision: number;
}

type Listener = (change: Change) => void;

/**
 * Objects by resource, namespace and name, with one counter of revisions for all.
 *
 * Stored objects are never changed in place: each write stores a new one, so what was read stays as it was.
 */
export class Store {
	#revision = 1;
	readonly #objects = new Map<string, KubeObject>();
	readonly #history: Change[] = [];
	readonly #listeners = new Set<Listener>();

	get revision(): number {
		return this.#revision;
	}

	get(type: ResourceType | string, namespace: string | undefined, name: string): KubeObject | undefined {
		return this.#objects.get(key(resolve(type), namespace, name));
	}

	/** Objects of that type in creation order; all namespaces when none is given. */
	list(type: ResourceType | string, namespace?: string): KubeObject[] {
		const prefix = `${resolve(type).plural}/${namespace === undefined ? '' : `${namespace}/`}`;
		return [...this.#objects].filter(([path]) => path.startsWith(prefix)).map(([, object]) => object);
	}

	/** Stores a new object; uid, creation time and revision are set here. */
	create(type: ResourceType | string, object: KubeObject): KubeObject {
		const metadata = {
			...object.metadata,
			uid: object.metadata.uid ?? randomUUID(),
			creationTimestamp: timestamp(),
		};
		return this.#write('ADDED', resolve(type), { ...object, metadata });
	}

	/** Stores a changed object under its name. Nothing happens when it does not exist any more or is the same. */
	update(type: ResourceType | string, object: KubeObject): KubeObject {
		const resource = resolve(type);
		const before = this.get(resource, object.metadata.namespace, object.metadata.name);
		if (!before || same(before, object)) {
			return before ?? object;
		}
		return this.#write('MODIFIED', resource, object);
	}

	remove(type: ResourceType | string, namespace: string | undefined, name: string): KubeObject | undefined {
		const resource = resolve(type);
		const object = this.get(resource, namespace, name);
		return object && this.#write('DELETED', resource, object);
	}

	/** Changes after that revision, oldest first, or undefined when they are no longer remembered. */
	since(revision: number): Change[] | undefined {
		const oldest = this.#history[0]?.revision ?? this.#revision;
		if (revision < oldest - 1) {
			return undefined;
		}
		return this.#history.filter((change) => change.revision > revision);
	}

	/** Calls the listener for each change from now on; the returned function ends that. */
	subscribe(listener: Listener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	#write(type: Change['type'], resource: ResourceType, object: KubeObject): KubeObject {
		this.#revision += 1;
		const { namespace, name } = object.metadata;
		const path = key(resource, namespace, name);
		const before = this.#objects.get(path);
		const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
		if (type === 'DELETED') {
			this.#objects.delete(path);
		} else {
			this.#objects.set(path, written);
		}
		const change: Change = { type, resource, object: written, before, revision: this.#revision };
		this.#history.push(change);
		if (this.#history.length > HISTORY_LENGTH) {
			this.#history.splice(0, HISTORY_LENGTH / 2);
		}
		for (const listener of [...this.#listeners]) {
			listener(change);
		}
		return written;
	}
}

const HISTORY_LENGTH = 4000;

function resolve(type: ResourceType | string): ResourceType {
	return typeof type === 'string' ? findTypeByPlural(type) : type;
}

function key(type: ResourceType, namespace: string | undefined, name: string): string {
	return `${type.plural}/${type.namespaced ? namespace : ''}/${name}`;
}

function same(one: KubeObject, other: KubeObject): boolean {
	const bare = (object: KubeObject) =>
		JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '' } });
	return bare(one) === bare(other);
}
