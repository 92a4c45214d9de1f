import type { V1Pod } from '@kubernetes/client-node';
import { runningSessions } from './sessions.ts';

/** A pod in the few words that tell it from its siblings. */
export interface PodSummary {
	name: string;
	/** As `kubectl get pods` would say it: `Running`, `CrashLoopBackOff`, `Pending` … */
	state: string;
	ready: boolean;
	restarts: number;
}

/**
 * One of several pods: where a session of this toolkit (undefined: of any) runs already, else a ready one, else one with the fewest restarts,
 * else the first by name; finished and terminating pods last. With the reason, to be said in one line.
 */
export function choosePod(
	pods: readonly V1Pod[],
	toolkit: string | undefined,
): { pod: V1Pod; because: string | undefined } {
	const ranked = [...pods].sort((a, b) => {
		const [left, right] = [rank(a, toolkit), rank(b, toolkit)];
		const differs = left.findIndex((value, i) => value !== right[i]);
		return differs < 0 ? podName(a).localeCompare(podName(b)) : (left[differs] ?? 0) - (right[differs] ?? 0);
	});
	const pod = ranked[0];
	if (!pod) throw new RangeError('choosePod needs a pod');
	if (runningSessions(pod, { toolkit }).length > 0) return { pod, because: 'where you have been' };
	if (pods.length === 1) return { pod, because: undefined };
	const ready = pods.filter((candidate) => podSummary(candidate).ready).length;
	const among = ready > 0 ? `1 of ${ready} ready pods` : `1 of ${pods.length} pods, none ready`;
	return { pod, because: `${among}; NAME or --pick for another` };
}

/** @param pod any pod */
export function podSummary(pod: V1Pod): PodSummary {
	const statuses = pod.status?.containerStatuses ?? [];
	const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
	const reason = statuses
		.map(({ state }) => state?.waiting?.reason ?? (state?.terminated && (state.terminated.reason ?? 'Terminated')))
		.find((text) => text !== undefined);
	return {
		name: podName(pod),
		state: pod.metadata?.deletionTimestamp
			? 'Terminating'
			: (reason ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown'),
		ready,
		restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
	};
}

function rank(pod: V1Pod, toolkit: string | undefined): number[] {
	const summary = podSummary(pod);
	const gone = summary.state === 'Terminating' || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
	return [gone ? 1 : 0, runningSessions(pod, { toolkit }).length > 0 ? 0 : 1, summary.ready ? 0 : 1, summary.restarts];
}

function podName(pod: V1Pod): string {
	return pod.metadata?.name ?? '';
}
