import type { User } from '../access/authorizer.ts';
import type { PodAdmission } from '../pods/admission.ts';
import { randomSuffix } from '../pods/names.ts';
import { isObject, type Json, type KubeObject, timestamp } from './objects.ts';
import { applyPatch } from './patch/apply-patch.ts';
import type { ResourceRequest } from './path.ts';
import type { Pod } from './pod.ts';
import { apiVersion, qualifiedName } from './resources.ts';
import { alreadyExists, badRequest, conflict, noSuchResource, notFound } from './status.ts';
import type { Store } from './store.ts';

/** What a write comes with beside its object. */
export interface WriteContext {
	user: User;
	/** Texts for `Warning` headers; the write adds to it. */
	warnings: string[];
	/** The body of a PATCH, for texts that quote it. */
	patch?: Json;
}

/** Create, update, patch and delete, with what pods need on top. */
export class Writes {
	readonly #store: Store;
	readonly #pods: PodAdmission;

	constructor(store: Store, pods: PodAdmission) {
		this.#store = store;
		this.#pods = pods;
	}

	create(request: ResourceRequest, body: Json | undefined, context: WriteContext): KubeObject {
		const { type, namespace } = request;
		const object = asObject(body);
		const metadata = { ...object.metadata };
		metadata.name ||= metadata.generateName ? `${metadata.generateName}${randomSuffix()}` : '';
		if (type.namespaced) {
			if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
				throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
			}
			metadata.namespace = namespace ?? 'default';
			if (!this.#store.get('namespaces', undefined, metadata.namespace)) {
				throw notFound('namespaces', metadata.namespace);
			}
		}
		let created: KubeObject = { ...object, kind: type.kind, apiVersion: apiVersion(type), metadata };
		if (type.plural === 'pods') {
			created = this.#pods.admitNew(created as Pod, context);
		}
		if (this.#store.get(type, metadata.namespace, metadata.name)) {
			throw alreadyExists(qualifiedName(type), metadata.name);
		}
		if (type.plural === 'namespaces') {
			metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
			created = { ...created, metadata, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
		}
		return isDryRun(request) ? created : this.#store.create(type, created);
	}

	update(request: ResourceRequest, body: Json | undefined, context: WriteContext): KubeObject {
		const existing = this.#existing(request);
		return this.#replace(request, existing, asObject(body), context);
	}

	patch(request: ResourceRequest, contentType: string, body: Json | undefined, context: WriteContext): KubeObject {
		const existing = this.#existing(request);
		return this.#replace(request, existing, applyPatch(existing, contentType, body ?? {}), {
			...context,
			patch: body ?? {},
		});
	}

	delete(request: ResourceRequest, body: Json | undefined): KubeObject {
		const object = this.#existing(request);
		if (isDryRun(request)) {
			return object;
		}
		const options = isObject(body) ? body : {};
		const grace = Number(request.query.get('gracePeriodSeconds') ?? options.gracePeriodSeconds ?? Number.NaN);
		return this.remove(request.type.plural, object, Number.isNaN(grace) ? undefined : grace);
	}

	/** Deletes an object and what it owns. A pod only gets its deletion time; the kubelet does the rest. */
	remove(plural: string, object: KubeObject, graceSeconds?: number): KubeObject {
		const { namespace, name, uid } = object.metadata;
		if (plural === 'namespaces') {
			for (const type of NAMESPACED) {
				for (const content of this.#store.list(type, name)) {
					this.remove(type, content, 0);
				}
			}
		}
		for (const type of OWNED) {
			const owned = this.#store
				.list(type)
				.filter((other) => other.metadata.ownerReferences?.some((ref) => ref.uid === uid));
			for (const child of owned) {
				this.remove(type, child, graceSeconds);
			}
		}
		const pod = object as Pod;
		if (plural !== 'pods' || !pod.spec.nodeName) {
			return this.#store.remove(plural, namespace, name) ?? object;
		}
		if (pod.metadata.deletionTimestamp) {
			return pod;
		}
		const seconds = graceSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
		const deletionTimestamp = timestamp(new Date(Date.now() + seconds * 1000));
		const metadata = { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds };
		return this.#store.update('pods', { ...pod, metadata });
	}

	#existing({ type, namespace, name = '', subresource }: ResourceRequest): KubeObject {
		const known = subresource === undefined || type.subresources.some((other) => other.name === subresource);
		if (!known) {
			throw noSuchResource();
		}
		const object = this.#store.get(type, namespace, name);
		if (!object) {
			throw notFound(qualifiedName(type), name);
		}
		return object;
	}

	#replace(request: ResourceRequest, before: KubeObject, wanted: KubeObject, context: WriteContext): KubeObject {
		const { type, subresource } = request;
		const { resourceVersion, uid, creationTimestamp, namespace, name } = before.metadata;
		if (wanted.metadata.resourceVersion && wanted.metadata.resourceVersion !== resourceVersion) {
			throw conflict(qualifiedName(type), name);
		}
		const metadata = { ...wanted.metadata, name, namespace, uid, creationTimestamp, resourceVersion };
		let after: KubeObject = { ...wanted, kind: type.kind, apiVersion: apiVersion(type), metadata };
		if (subresource === 'status') {
			after = { ...before, status: after.status };
		} else if (type.plural === 'pods') {
			after = this.#pods.admitChange(before as Pod, after as Pod, subresource, context);
		}
		return isDryRun(request) ? after : this.#store.update(type, after);
	}
}

const NAMESPACED = ['deployments', 'replicasets', 'statefulsets', 'daemonsets', 'cronjobs', 'jobs', 'pods', 'services'];
const OWNED = ['replicasets', 'jobs', 'pods'];

function isDryRun({ query }: ResourceRequest): boolean {
	return query.get('dryRun') === 'All';
}

function asObject(body: Json | undefined): KubeObject {
	if (!isObject(body) || !isObject(body.metadata)) {
		throw badRequest('the object provided is unrecognized (must be of type Object): metadata is missing');
	}
	return body as unknown as KubeObject;
}
