import { timestamp } from '../api/objects.ts';
import type { Pod } from '../api/pod.ts';
import type { Store } from '../api/store.ts';
import { recordEvent } from '../node/events.ts';

/** Binds a pod to the only node, or reports why it cannot. */
export function schedule(store: Store, pod: Pod, nodeName: string): void {
	if (pod.spec.nodeName || pod.metadata.deletionTimestamp) {
		return;
	}
	const obstacle = obstacleOf(store, pod, nodeName);
	if (!obstacle) {
		const message = `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${nodeName}`;
		recordEvent(store, pod, { reason: 'Scheduled', message, component: 'default-scheduler' });
		store.update('pods', { ...pod, spec: { ...pod.spec, nodeName } });
		return;
	}
	const known = pod.status.conditions?.some(({ reason }) => reason === obstacle.reason);
	if (!known) {
		const { reason, message } = obstacle;
		if (reason === 'Unschedulable') {
			recordEvent(store, pod, { type: 'Warning', reason: 'FailedScheduling', message, component: 'default-scheduler' });
		}
		const times = { lastProbeTime: null, lastTransitionTime: timestamp() };
		const condition = { ...times, message, reason, status: 'False' as const, type: 'PodScheduled' };
		store.update('pods', { ...pod, status: { ...pod.status, conditions: [condition] } } as Pod);
	}
}

function obstacleOf(store: Store, { spec }: Pod, nodeName: string): { reason: string; message: string } | undefined {
	if ((spec.schedulingGates ?? []).length > 0) {
		return { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };
	}
	const labels = store.get('nodes', undefined, nodeName)?.metadata.labels ?? {};
	if (Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) {
		return undefined;
	}
	const why = "1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate";
	const preemption = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
	return { reason: 'Unschedulable', message: `0/1 nodes are available: ${why}, ${preemption}` };
}
