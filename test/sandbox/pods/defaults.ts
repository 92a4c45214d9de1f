import type { Container, Pod } from '../api/pod.ts';

/** Fills in what the API server fills in when a pod is created. Changes the given pod. */
export function setPodDefaults(pod: Pod): void {
	const { spec } = pod;
	for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
		setContainerDefaults(container);
	}
	spec.restartPolicy ??= 'Always';
	spec.dnsPolicy ??= 'ClusterFirst';
	spec.enableServiceLinks ??= true;
	spec.preemptionPolicy ??= 'PreemptLowerPriority';
	spec.priority ??= 0;
	spec.schedulerName ??= 'default-scheduler';
	spec.securityContext ??= {};
	spec.serviceAccountName ??= 'default';
	spec.serviceAccount ??= spec.serviceAccountName;
	spec.terminationGracePeriodSeconds ??= 30;
	for (const volume of spec.volumes ?? []) {
		for (const source of ['configMap', 'secret', 'projected']) {
			const value = volume[source] as { defaultMode?: number } | undefined;
			if (value) {
				value.defaultMode ??= 0o644;
			}
		}
	}
	pod.metadata.generation = 1;
	pod.status = { phase: 'Pending', qosClass: 'BestEffort' };
}

/** Defaults of one container, ephemeral ones included. */
export function setContainerDefaults(container: Container): void {
	container.resources ??= {};
	container.terminationMessagePath ??= '/dev/termination-log';
	container.terminationMessagePolicy ??= 'File';
	container.imagePullPolicy ??= hasMovingTag(container.image ?? '') ? 'Always' : 'IfNotPresent';
	for (const port of container.ports ?? []) {
		port.protocol ??= 'TCP';
	}
	if (container.securityContext?.capabilities) {
		const { add, drop } = container.securityContext.capabilities;
		container.securityContext.capabilities = { ...(add && { add }), ...(drop && { drop }) };
	}
}

/** True for `:latest` and for no tag at all, unless a digest pins the image. */
function hasMovingTag(image: string): boolean {
	if (image.includes('@')) {
		return false;
	}
	const tag = /:([^/:]+)$/.exec(image)?.[1];
	return tag === undefined || tag === 'latest';
}

/** Gives each pod the mount of a service account token that admission adds. */
export function addServiceAccountVolume(pod: Pod, suffix: string): void {
	const { spec } = pod;
	if (spec.automountServiceAccountToken === false) {
		return;
	}
	const path = '/var/run/secrets/kubernetes.io/serviceaccount';
	const name = `kube-api-access-${suffix}`;
	let used = false;
	for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
		if (!container.volumeMounts?.some((mount) => mount.mountPath === path)) {
			container.volumeMounts = [...(container.volumeMounts ?? []), { mountPath: path, name, readOnly: true }];
			used = true;
		}
	}
	if (used) {
		const sources = [
			{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
			{ configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
			{
				downwardAPI: {
					items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
				},
			},
		];
		spec.volumes = [...(spec.volumes ?? []), { name, projected: { defaultMode: 0o644, sources } }];
	}
}
