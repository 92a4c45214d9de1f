import type { KubeObject } from './objects.ts';

/** The parts of a Pod that the stand-in cluster acts upon; what it does not know is stored as it came. */
export interface Pod extends KubeObject {
	spec: PodSpec;
	status: PodStatus;
}

export interface PodSpec {
	containers: Container[];
	initContainers?: Container[];
	ephemeralContainers?: Container[];
	volumes?: Volume[];
	restartPolicy?: 'Always' | 'OnFailure' | 'Never';
	nodeName?: string;
	hostNetwork?: boolean;
	hostPID?: boolean;
	hostIPC?: boolean;
	hostUsers?: boolean;
	hostname?: string;
	shareProcessNamespace?: boolean;
	terminationGracePeriodSeconds?: number;
	securityContext?: PodSecurityContext;
	os?: { name: string };
	nodeSelector?: Record<string, string>;
	schedulingGates?: { name: string }[];
	imagePullSecrets?: { name: string }[];
	[field: string]: unknown;
}

export interface Container {
	name: string;
	image?: string;
	imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
	command?: string[];
	args?: string[];
	workingDir?: string;
	env?: EnvVar[];
	envFrom?: EnvFrom[];
	volumeMounts?: VolumeMount[];
	securityContext?: SecurityContext;
	stdin?: boolean;
	stdinOnce?: boolean;
	tty?: boolean;
	targetContainerName?: string;
	restartPolicy?: string;
	ports?: { containerPort: number; hostPort?: number; name?: string; protocol?: string }[];
	terminationMessagePath?: string;
	terminationMessagePolicy?: string;
	resources?: unknown;
	[field: string]: unknown;
}

export interface EnvVar {
	name: string;
	value?: string;
	valueFrom?: {
		configMapKeyRef?: KeyRef;
		secretKeyRef?: KeyRef;
		fieldRef?: { fieldPath: string };
	};
}

export interface KeyRef {
	name: string;
	key: string;
	optional?: boolean;
}

export interface EnvFrom {
	prefix?: string;
	configMapRef?: { name: string; optional?: boolean };
	secretRef?: { name: string; optional?: boolean };
}

export interface Volume {
	name: string;
	emptyDir?: { medium?: string };
	configMap?: { name: string; items?: KeyPath[]; optional?: boolean };
	secret?: { secretName: string; items?: KeyPath[]; optional?: boolean };
	hostPath?: { path: string };
	projected?: { defaultMode?: number; sources: ProjectedSource[] };
	[source: string]: unknown;
}

export interface KeyPath {
	key: string;
	path: string;
}

export interface ProjectedSource {
	configMap?: { name: string; items?: KeyPath[]; optional?: boolean };
	secret?: { name: string; items?: KeyPath[]; optional?: boolean };
	downwardAPI?: { items: { path: string; fieldRef?: { fieldPath: string } }[] };
	serviceAccountToken?: { path: string };
}

export interface VolumeMount {
	name: string;
	mountPath: string;
	subPath?: string;
	subPathExpr?: string;
	readOnly?: boolean;
}

export interface SeccompProfile {
	type: string;
	localhostProfile?: string;
}

export interface SecurityContext {
	capabilities?: { add?: string[]; drop?: string[] };
	privileged?: boolean;
	runAsUser?: number;
	runAsGroup?: number;
	runAsNonRoot?: boolean;
	readOnlyRootFilesystem?: boolean;
	allowPrivilegeEscalation?: boolean;
	procMount?: string;
	seccompProfile?: SeccompProfile;
	seLinuxOptions?: { type?: string; user?: string; role?: string };
	appArmorProfile?: { type: string };
	windowsOptions?: { hostProcess?: boolean };
}

export interface PodSecurityContext extends Omit<SecurityContext, 'capabilities' | 'privileged'> {
	supplementalGroups?: number[];
	fsGroup?: number;
	sysctls?: { name: string; value: string }[];
}

export interface ContainerState {
	waiting?: { reason: string; message?: string };
	running?: { startedAt: string };
	terminated?: {
		exitCode: number;
		signal?: number;
		reason: string;
		message?: string;
		startedAt: string;
		finishedAt: string;
		containerID?: string;
	};
}

export interface ContainerUser {
	linux: { uid: number; gid: number; supplementalGroups: number[] };
}

export interface ContainerStatus {
	name: string;
	image: string;
	imageID: string;
	containerID?: string;
	ready: boolean;
	started?: boolean;
	restartCount: number;
	state: ContainerState;
	lastState: ContainerState;
	resources?: unknown;
	user?: ContainerUser;
}

export interface PodCondition {
	type: string;
	status: 'True' | 'False';
	reason?: string;
	message?: string;
	lastProbeTime: null;
	lastTransitionTime: string;
}

export interface PodStatus {
	phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
	conditions?: PodCondition[];
	containerStatuses?: ContainerStatus[];
	initContainerStatuses?: ContainerStatus[];
	ephemeralContainerStatuses?: ContainerStatus[];
	podIP?: string;
	podIPs?: { ip: string }[];
	hostIP?: string;
	hostIPs?: { ip: string }[];
	startTime?: string;
	qosClass?: string;
	[field: string]: unknown;
}

/** Regular, init and ephemeral containers of a pod, in the order the kubelet's texts use. */
export function allContainers(spec: PodSpec): Container[] {
	return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}
