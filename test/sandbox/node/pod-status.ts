import { timestamp } from '../api/objects.ts';
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../api/pod.ts';
import type { ContainerRole } from './container-record.ts';

/**
 * The status that a kubelet reports.
 * @param statusesOf what each container of that role reports; empty before the pod's sandbox runs.
 * @param ip the pod's address once it has one.
 */
export function podStatus(
	pod: Pod,
	statusesOf: (role: ContainerRole) => ContainerStatus[],
	ip: string | undefined,
	hostIP: string,
): PodStatus {
	const containers = statusesOf('regular');
	const initial = statusesOf('init');
	const ephemeral = statusesOf('ephemeral');
	const phase = phaseOf(pod, containers, initial);
	return {
		...pod.status,
		phase,
		conditions: conditionsOf(pod, phase, containers, initial, ip !== undefined),
		...(containers.length > 0 && { containerStatuses: containers }),
		...(initial.length > 0 && { initContainerStatuses: initial }),
		...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
		hostIP,
		hostIPs: [{ ip: hostIP }],
		...(ip !== undefined && { podIP: ip, podIPs: [{ ip }] }),
		startTime: pod.status.startTime ?? timestamp(),
	};
}

function phaseOf(pod: Pod, containers: ContainerStatus[], initial: ContainerStatus[]): PodStatus['phase'] {
	const policy = pod.spec.restartPolicy ?? 'Always';
	const failed = ({ state }: ContainerStatus) => state.terminated !== undefined && state.terminated.exitCode !== 0;
	if (policy === 'Never' && initial.some(failed)) {
		return 'Failed';
	}
	const begun = containers.filter(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
	if (containers.length === 0 || begun.length < containers.length) {
		return 'Pending';
	}
	const ended = containers.every(({ state }) => state.terminated !== undefined);
	if (!ended || policy === 'Always' || (policy === 'OnFailure' && containers.some(failed))) {
		return 'Running';
	}
	return containers.some(failed) ? 'Failed' : 'Succeeded';
}

function conditionsOf(
	pod: Pod,
	phase: PodStatus['phase'],
	containers: ContainerStatus[],
	initial: ContainerStatus[],
	sandboxed: boolean,
): PodCondition[] {
	const initialized = initial.every(({ ready }) => ready) && (sandboxed || !pod.spec.initContainers);
	const unready = pod.spec.containers.map(({ name }) => name).filter((name) => !isReady(containers, name));
	const finished = phase === 'Succeeded' || phase === 'Failed';
	const why = finished
		? { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' }
		: { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
	const ready = unready.length === 0 && !finished;
	const condition = (type: string, holds: boolean, reason?: object): PodCondition => {
		const status = holds ? 'True' : 'False';
		const before = pod.status.conditions?.find((other) => other.type === type && other.status === status);
		const lastTransitionTime = before?.lastTransitionTime ?? timestamp();
		return { lastProbeTime: null, lastTransitionTime, ...(!holds && reason), status, type };
	};
	return [
		condition('PodReadyToStartContainers', sandboxed && !finished),
		condition('Initialized', initialized),
		condition('Ready', ready, why),
		condition('ContainersReady', ready, why),
		condition('PodScheduled', true),
	];
}

function isReady(containers: ContainerStatus[], name: string): boolean {
	return containers.some((status) => status.name === name && status.ready);
}
