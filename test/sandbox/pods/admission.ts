import { isDeepStrictEqual } from 'node:util';
import { podSecurity } from '../admission/pod-security.ts';
import type { Container, Pod } from '../api/pod.ts';
import { ApiError, forbidden, invalid } from '../api/status.ts';
import type { Store } from '../api/store.ts';
import type { WriteContext } from '../api/writes.ts';
import type { Misbehaviour } from '../misbehaviour.ts';
import { addServiceAccountVolume, setContainerDefaults, setPodDefaults } from './defaults.ts';
import { checkPatchedLists, pruneContainer } from './fields.ts';
import { randomSuffix } from './names.ts';
import { validateEphemeralContainers, validateNewPod } from './validation.ts';

/** Everything between a pod that was sent and the pod that is stored: webhooks, defaults, validation, Pod Security. */
export class PodAdmission {
	readonly #store: Store;
	readonly #misbehaviour: Misbehaviour;

	constructor(store: Store, misbehaviour: Misbehaviour) {
		this.#store = store;
		this.#misbehaviour = misbehaviour;
	}

	/** @throws {ApiError} 422 for an invalid pod, 403 for one that is not admitted. */
	admitNew(sent: Pod, context: WriteContext): Pod {
		const pod = structuredClone(sent);
		setPodDefaults(pod);
		addServiceAccountVolume(pod, randomSuffix());
		this.#mutate(pod, [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])]);
		const causes = validateNewPod(pod);
		if (causes.length > 0) {
			throw invalid(pod, causes);
		}
		this.#check(pod, context);
		return pod;
	}

	/** @throws {ApiError} 422 where more is changed than may be, 403 where the result is not admitted. */
	admitChange(before: Pod, sent: Pod, subresource: string | undefined, context: WriteContext): Pod {
		if (subresource !== 'ephemeralcontainers') {
			return this.#admitOrdinaryChange(before, sent);
		}
		checkPatchedLists(sent.spec.ephemeralContainers, context.patch);
		const wanted = structuredClone(sent.spec.ephemeralContainers ?? []);
		for (const [index, container] of wanted.entries()) {
			context.warnings.push(...pruneContainer(container, `spec.ephemeralContainers[${index}]`));
			setContainerDefaults(container);
		}
		const known = new Set((before.spec.ephemeralContainers ?? []).map(({ name }) => name));
		const added = wanted.filter(({ name }) => !known.has(name));
		const pod: Pod = {
			...before,
			spec: { ...before.spec, ...((wanted.length > 0 || known.size > 0) && { ephemeralContainers: wanted }) },
		};
		this.#mutate(pod, added);
		const causes = validateEphemeralContainers(before, pod);
		if (causes.length > 0) {
			throw invalid(pod, causes);
		}
		if (added.length > 0) {
			this.#check(pod, context);
			pod.metadata = { ...pod.metadata, generation: (pod.metadata.generation ?? 1) + 1 };
		}
		return pod;
	}

	/** Of a stored pod only the metadata, images and a few more fields may change; the spec stays as it is here. */
	#admitOrdinaryChange(before: Pod, sent: Pod): Pod {
		const images = (pod: Pod) => pod.spec.containers.map(({ image }) => image);
		const bare = (pod: Pod) => ({ ...pod.spec, containers: pod.spec.containers.map(({ image: _, ...rest }) => rest) });
		if (!isDeepStrictEqual(bare(before), bare(sent))) {
			const text =
				'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
			throw invalid(before, [{ reason: 'FieldValueForbidden', message: `Forbidden: ${text}`, field: 'spec' }]);
		}
		const changed = !isDeepStrictEqual(images(before), images(sent));
		return changed ? { ...sent, status: before.status } : { ...before, metadata: sent.metadata };
	}

	/** The effect of mutating webhooks. */
	#mutate(pod: Pod, containers: Container[]): void {
		const { rewriteImage, addLabels } = this.#misbehaviour;
		for (const container of containers) {
			if (rewriteImage && container.image !== undefined) {
				container.image = rewriteImage(container.image);
			}
		}
		if (addLabels) {
			pod.metadata = { ...pod.metadata, labels: { ...pod.metadata.labels, ...addLabels } };
		}
	}

	#check(pod: Pod, context: WriteContext): void {
		const webhook = this.#misbehaviour.refusePod?.(pod);
		if (webhook !== undefined) {
			throw new ApiError(403, 'Forbidden', `admission webhook "policy.sandbox.test" denied the request: ${webhook}`);
		}
		const namespace = this.#store.get('namespaces', undefined, pod.metadata.namespace ?? '');
		const { denial, warnings } = podSecurity(namespace?.metadata.labels ?? {}, pod);
		if (denial !== undefined) {
			throw forbidden('pods', pod.metadata.name, denial);
		}
		context.warnings.push(...warnings);
	}
}
