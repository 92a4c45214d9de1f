import type { V1Container, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** The user a container's first process runs as. */
export interface Identity {
	uid: number;
	gid: number;
	/** Supplementary groups, as far as they are known. */
	groups: number[];
	/** `status`: what the kubelet reports (1.31 and newer); `spec`: what the pod asks for. */
	source: 'status' | 'spec';
}

/**
 * The target's user and group, where both are known for sure; else undefined, and `/proc/<pid>/status` has to tell.
 *
 * The group is never guessed from the user: an image's `USER 65532:65532`, unknown to its passwd, runs with gid 0.
 * Source: KEP-3619 for `status.containerStatuses[].user`.
 */
export function targetIdentity(pod: V1Pod, container: string): Identity | undefined {
	const user = findStatus(pod, container)?.user?.linux;
	if (user) return { uid: user.uid, gid: user.gid, groups: user.supplementalGroups ?? [], source: 'status' };
	const asked = askedIds(pod, container);
	if (asked.uid === undefined || asked.gid === undefined) return undefined;
	const { fsGroup, supplementalGroups = [] } = pod.spec?.securityContext ?? {};
	const groups = [...new Set([...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])])];
	return { uid: asked.uid, gid: asked.gid, groups, source: 'spec' };
}

/**
 * Ids other than root for a container that has to name some, when the target's are unknown, are root's, or do not
 * matter: what the pod asks for, else nobody's.
 */
export function fallbackIds(pod: V1Pod, container: string | undefined): { uid: number; gid: number } {
	const { uid, gid } = askedIds(pod, container);
	return uid ? { uid, gid: gid ?? 0 } : { uid: NOBODY, gid: NOBODY };
}

/** A container of the pod that runs like one: regular, or an init container. */
export function findContainer(pod: V1Pod, name: string): V1Container | undefined {
	return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find((c) => c.name === name);
}

/** The kubelet's report on a regular or init container; undefined before there is one. */
export function findStatus(pod: V1Pod, name: string): V1ContainerStatus | undefined {
	const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
	return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
}

const NOBODY = 65534;

function askedIds(pod: V1Pod, container: string | undefined): { uid: number | undefined; gid: number | undefined } {
	const own = container === undefined ? undefined : findContainer(pod, container)?.securityContext;
	const shared = pod.spec?.securityContext;
	return { uid: own?.runAsUser ?? shared?.runAsUser, gid: own?.runAsGroup ?? shared?.runAsGroup };
}
