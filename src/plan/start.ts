import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';

/** How far a container of ours is on its way, read from the pod and from the events about it. */
export type Start =
	/** `doing` says what is waited for; `pulling` that the kubelet is at work and may need its time. */
	| { state: 'waiting'; doing: string; pulling: boolean }
	| { state: 'running' }
	/** It ran and is over; for a container that never ran see `failed`. */
	| { state: 'ended'; exitCode: number }
	/** `noCommand`: the image has not the program that was to be its main process. */
	| { state: 'failed'; sentence: string; hint: string | undefined; noCommand?: boolean };

/**
 * What the kubelet says of the ephemeral container `name` (containerStatuses' waiting reasons: kubelet's
 * pkg/kubelet/images and pkg/kubelet/container; terminated `StartError`/`ContainerCannotRun`: the runtime's).
 */
export function readStart(pod: V1Pod, name: string, events: readonly CoreV1Event[]): Start {
	const image = pod.spec?.ephemeralContainers?.find((container) => container.name === name)?.image ?? 'the image';
	const podName = pod.metadata?.name ?? '';
	const state = pod.status?.ephemeralContainerStatuses?.find((status) => status.name === name)?.state;
	if (pod.metadata?.deletionTimestamp) {
		return failed(`pod "${podName}" is being deleted`, undefined);
	}
	if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') {
		return failed(`pod "${podName}" has finished (${pod.status.phase}): nothing can be started in it`, undefined);
	}
	if (state?.running) return { state: 'running' };
	if (state?.terminated) return readEnd(state.terminated, image);
	const reason = state?.waiting?.reason ?? '';
	const message = state?.waiting?.message ?? '';
	const trouble = VERDICTS[reason]?.(image, message, podName);
	if (trouble) return { state: 'failed', ...trouble };
	return readWait(pod, image, events);
}

type Verdict = { sentence: string; hint: string | undefined; noCommand?: boolean };

/** Waiting reasons that do not mend themselves within a wait, and what to do about each. */
const VERDICTS: Record<string, (image: string, message: string, pod: string) => Verdict> = {
	ErrImagePull: pullFailed,
	ImagePullBackOff: pullFailed,
	RegistryUnavailable: pullFailed,
	SignatureValidationFailed: pullFailed,
	InvalidImageName: (image) => ({
		sentence: `"${image}" is no image name`,
		hint: 'It is [REGISTRY/]NAME[:TAG][@DIGEST], lower case.',
	}),
	ErrImageNeverPull: (image) => ({
		sentence: `${image} is not on the node, and its pull policy is Never`,
		hint: '--image-pull-policy IfNotPresent lets the node pull it.',
	}),
	CreateContainerConfigError: configError,
	CreateContainerError: createError,
	RunContainerError: createError,
};

function pullFailed(image: string, message: string): Verdict {
	const words = pullWords(message);
	const denied = /unauthorized|denied|forbidden|authentication|no basic auth|401|403/i.test(words);
	return {
		sentence: `the node cannot pull ${image}: ${words}`,
		hint: denied
			? "Ephemeral containers have only the pod's own imagePullSecrets; an image from a registry that the pod may read: --image, or the registry map in the configuration."
			: 'Another image: --image, or a mirror by the registry map in the configuration.',
	};
}

/** The end of the registry's sentence, which says what was wrong; what stands before it repeats the image four times. */
function pullWords(message: string): string {
	const known = [
		/lookup (\S+)( on \S+)?: (no such host|server misbehaving|i\/o timeout)/,
		/(connection refused|i\/o timeout|TLS handshake timeout|context deadline exceeded|no route to host)/,
		/(x509: [^"]*)/,
		/(pull access denied)/,
		/((?:un)?auth\w*(?: required)?|denied[^"]*|403 Forbidden|429 Too Many Requests|toomanyrequests)/i,
		/(not found)/,
	];
	const host = known[0]?.exec(message);
	if (host) return `${host[3]} ${host[1]}`;
	const found = known
		.slice(1)
		.map((pattern) => pattern.exec(message)?.[1])
		.find((words) => words !== undefined);
	if (found) return found === 'not found' ? 'no such image or tag' : found.trim();
	return message.split(': ').at(-1) || 'no reason given';
}

function configError(_: string, message: string): Verdict {
	if (/runAsNonRoot|non-root|non-numeric user/.test(message)) {
		return {
			sentence: 'the pod may not run as root, and the debug image would',
			hint: '--run-as target runs it as the target, --run-as UID:GID as another.',
		};
	}
	const missing = /(configmap|secret) "([^"]+)" not found|couldn't find key (\S+) in (\S+ \S+)/i.exec(message);
	return {
		sentence: missing ? `the container cannot be made: ${missing[0]}` : `the container cannot be made: ${message}`,
		hint: missing ? 'Without --like-target the container does not need it.' : undefined,
	};
}

function createError(image: string, message: string): Verdict {
	if (/target container|is not running/.test(message)) {
		return {
			sentence: 'the target container is not running, so nothing can join its processes',
			hint: 'Once it runs the same command goes on; another container of the pod: -c.',
		};
	}
	return (
		missingProgram(image, message) ?? { sentence: `the runtime cannot start ${image}: ${message}`, hint: undefined }
	);
}

/** The runtime's words (runc's, crun's) for a main process that is not in the image. */
function missingProgram(image: string, message: string): Verdict | undefined {
	const named =
		/exec: \\?"([^"\\]+)\\?": (?:executable file not found|stat [^:]*: no such file|permission denied)/.exec(message) ??
		/executable file `([^`]+)` not found/.exec(message);
	if (!named) return undefined;
	return { sentence: `${image} has no ${named[1]}`, hint: 'A program that it has stands behind --.', noCommand: true };
}

function readEnd(end: { exitCode: number; reason?: string; message?: string; startedAt?: Date }, image: string): Start {
	const message = end.message ?? '';
	const neverRan =
		end.reason === 'StartError' || end.reason === 'ContainerCannotRun' || end.reason === 'ContainerStatusUnknown';
	if (!neverRan) return { state: 'ended', exitCode: end.exitCode };
	const missing = missingProgram(image, message);
	if (missing) return { state: 'failed', ...missing };
	return failed(`the runtime cannot start ${image}: ${message || end.reason}`, undefined);
}

function readWait(pod: V1Pod, image: string, events: readonly CoreV1Event[]): Start {
	const last = events.at(-1);
	if (last?.reason === 'Pulling') return { state: 'waiting', doing: `${image}  pulling`, pulling: true };
	if (last?.reason === 'Failed' && /invalid target container|is not running/.test(last.message ?? '')) {
		return { state: 'failed', ...createError(image, last.message ?? '') };
	}
	if (last?.reason && ['Pulled', 'Created', 'Started'].includes(last.reason))
		return { state: 'waiting', doing: `${image}  starting`, pulling: false };
	const trouble = podTrouble(pod);
	return {
		state: 'waiting',
		doing: `${image}  ${trouble ? `the kubelet is held up: ${trouble}` : 'scheduled'}`,
		pulling: false,
	};
}

/** What else holds the kubelet up in this pod: a sync in back-off touches a new container only when its time is over. */
function podTrouble(pod: V1Pod): string | undefined {
	const stuck = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
		({ state }) =>
			state?.waiting?.reason !== undefined &&
			state.waiting.reason !== 'ContainerCreating' &&
			state.waiting.reason !== 'PodInitializing',
	);
	return stuck && `container ${stuck.name} is in ${stuck.state?.waiting?.reason}`;
}

function failed(
	sentence: string,
	hint: string | undefined,
): { state: 'failed'; sentence: string; hint: string | undefined } {
	return { state: 'failed', sentence, hint };
}
