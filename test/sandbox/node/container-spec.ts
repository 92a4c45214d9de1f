import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, ContainerUser, Pod, SecurityContext } from '../api/pod.ts';
import type { Image } from '../images/image.ts';
import { capabilitiesOf } from './capabilities.ts';
import { environmentOf, expand } from './environment.ts';
import type { NodeContext } from './kubelet.ts';
import type { ContainerSpec, Mount } from './oci.ts';
import type { PodSandbox } from './pod-sandbox.ts';
import { volumeMounts } from './volumes.ts';

/**
 * What a container of a pod is started with: the kubelet's reading of pod and image.
 * @param targetPid process id inside the node of a process whose PID namespace is joined.
 * @throws {ConfigError} when a ConfigMap or Secret it needs is missing.
 */
export function containerSpec(
	context: NodeContext,
	pod: Pod,
	container: Container,
	image: Image,
	user: ContainerUser,
	sandbox: PodSandbox,
	targetPid: number | undefined,
): Omit<ContainerSpec, 'rootfs' | 'cgroup'> {
	const security: SecurityContext = container.securityContext ?? {};
	const env = environmentOf(context.store, pod, container, image);
	const values = new Map(env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
	const seccomp = security.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
	const volumes = join(sandbox.directory, 'volumes');
	return {
		args: argsOf(container, image).map((arg) => expand(arg, values)),
		env,
		cwd: container.workingDir ?? image.config.workingDir ?? '/',
		user,
		capabilities: capabilitiesOf(security, context.misbehaviour.capabilities),
		privileged: security.privileged ?? false,
		noNewPrivileges: security.allowPrivilegeEscalation === false,
		seccomp: seccomp?.type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined',
		readOnlyRoot: security.readOnlyRootFilesystem ?? false,
		terminal: container.tty ?? false,
		mounts: [
			...podFiles(sandbox.directory, security.readOnlyRootFilesystem ?? false),
			...volumeMounts(context.store, pod, container, {
				inside: volumes,
				outside: context.runtime.node.path(volumes),
			}),
		],
		namespaces: namespacesOf(pod, sandbox, targetPid),
	};
}

/** A command replaces the image's entry point and its arguments; arguments replace the image's alone. */
function argsOf(container: Container, image: Image): string[] {
	const { entrypoint = [], cmd = [] } = image.config;
	if (container.command) {
		return [...container.command, ...(container.args ?? [])];
	}
	return [...entrypoint, ...(container.args ?? cmd)];
}

function podFiles(directory: string, readOnly: boolean): Mount[] {
	const bind = (name: string, destination: string, mode: string): Mount => ({
		destination,
		type: 'bind',
		source: join(directory, name),
		options: ['rbind', 'rprivate', mode],
	});
	const mode = readOnly ? 'ro' : 'rw';
	return [
		bind('hosts', '/etc/hosts', 'rw'),
		bind('hostname', '/etc/hostname', mode),
		bind('resolv.conf', '/etc/resolv.conf', mode),
		bind('shm', '/dev/shm', 'rw'),
	];
}

function namespacesOf(pod: Pod, sandbox: PodSandbox, targetPid: number | undefined): ContainerSpec['namespaces'] {
	const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
	const ofPod = (name: string) => `/proc/${sandbox.pid}/ns/${name}`;
	const pid = shareProcessNamespace ? ofPod('pid') : targetPid === undefined ? '' : `/proc/${targetPid}/ns/pid`;
	return {
		...(!hostPID && { pid }),
		...(!hostIPC && { ipc: ofPod('ipc') }),
		...(!hostNetwork && { network: ofPod('net'), uts: ofPod('uts') }),
		...(existsSync('/sys/fs/cgroup/cgroup.controllers') && { cgroup: '' }),
	};
}
