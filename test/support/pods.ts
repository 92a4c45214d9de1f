import type {
	V1Container,
	V1ContainerState,
	V1EphemeralContainer,
	V1Pod,
	V1PodSecurityContext,
	V1Volume,
} from '@kubernetes/client-node';

/** A container's status as a test says it: `{running: …}` and who it runs as. */
export interface StatusWords {
	state?: V1ContainerState;
	lastState?: V1ContainerState;
	restarts?: number;
	user?: { uid: number; gid: number; supplementalGroups?: number[] };
}

/** A pod that is always valid: it runs on a node, and each container that is added runs too unless a test says otherwise. */
export function aPod(name = 'web-0', namespace = 'open'): PodBuilder {
	return new PodBuilder(name, namespace);
}

export class PodBuilder {
	readonly pod: V1Pod;

	constructor(name: string, namespace: string) {
		this.pod = {
			apiVersion: 'v1',
			kind: 'Pod',
			metadata: { name, namespace, uid: '5b1c…' },
			spec: { containers: [], nodeName: 'node1' },
			status: { phase: 'Running', containerStatuses: [], initContainerStatuses: [], ephemeralContainerStatuses: [] },
		};
	}

	/** A regular container; running as `user` if that is given. */
	withContainer(name: string, spec: Partial<V1Container> = {}, status: StatusWords = {}): this {
		this.spec.containers.push({ name, image: 'registry.test/app:1', ...spec });
		this.status.containerStatuses?.push(statusOf(name, status));
		return this;
	}

	withInitContainer(name: string, spec: Partial<V1Container> = {}, status: StatusWords = {}): this {
		this.spec.initContainers = [...(this.spec.initContainers ?? []), { name, image: 'registry.test/init:1', ...spec }];
		this.status.initContainerStatuses?.push(statusOf(name, status));
		return this;
	}

	/** An ephemeral container; `state` undefined: added, and the kubelet has said nothing yet. */
	withEphemeral(container: string | V1EphemeralContainer, state?: V1ContainerState): this {
		const spec = typeof container === 'string' ? { name: container, image: 'registry.test/tools:1' } : container;
		this.spec.ephemeralContainers = [...(this.spec.ephemeralContainers ?? []), spec];
		if (state) this.status.ephemeralContainerStatuses?.push(statusOf(spec.name, { state }));
		return this;
	}

	withSecurity(context: V1PodSecurityContext): this {
		this.spec.securityContext = context;
		return this;
	}

	withVolume(volume: V1Volume): this {
		this.spec.volumes = [...(this.spec.volumes ?? []), volume];
		return this;
	}

	withAnnotation(key: string, value: string): this {
		this.pod.metadata = { ...this.pod.metadata, annotations: { ...this.pod.metadata?.annotations, [key]: value } };
		return this;
	}

	/** Anything else: changes the pod in place. */
	but(change: (pod: V1Pod & { spec: NonNullable<V1Pod['spec']>; status: NonNullable<V1Pod['status']> }) => void): this {
		change(Object.assign(this.pod, { spec: this.spec, status: this.status }));
		return this;
	}

	private get spec(): NonNullable<V1Pod['spec']> {
		this.pod.spec ??= { containers: [] };
		return this.pod.spec;
	}

	private get status(): NonNullable<V1Pod['status']> {
		this.pod.status ??= {};
		return this.pod.status;
	}
}

/** A container that runs, has ended, or waits, in the API's words. */
export const running: V1ContainerState = { running: { startedAt: new Date(0) } };
export const ended = (exitCode = 0, reason = exitCode === 0 ? 'Completed' : 'Error'): V1ContainerState => ({
	terminated: { exitCode, reason },
});
export const waiting = (reason: string, message?: string): V1ContainerState => ({
	waiting: { reason, ...(message !== undefined && { message }) },
});

function statusOf(name: string, { state = running, lastState, restarts = 0, user }: StatusWords) {
	return {
		name,
		image: 'registry.test/app:1',
		imageID: '',
		ready: state === running,
		restartCount: restarts,
		state,
		...(lastState && { lastState }),
		...(user && { user: { linux: user } }),
	};
}
