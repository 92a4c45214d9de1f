import { timestamp } from '../api/objects.ts';
import type { Pod } from '../api/pod.ts';
import type { Store } from '../api/store.ts';

let serial = 0;

/** Records what happened to a pod, as `kubectl get events` shows it. The same text again only raises its count. */
export function recordEvent(
	store: Store,
	pod: Pod,
	event: { type?: 'Normal' | 'Warning'; reason: string; message: string; container?: string; component?: string },
): void {
	const { name, namespace = '', uid, resourceVersion } = pod.metadata;
	const { type = 'Normal', reason, message, container, component = 'kubelet' } = event;
	const fieldPath = container === undefined ? {} : { fieldPath: container };
	const same = store.list('events', namespace).find((other) => {
		const about = other.involvedObject as { uid?: string; fieldPath?: string };
		return about.uid === uid && about.fieldPath === container && other.reason === reason && other.message === message;
	});
	if (same) {
		store.update('events', { ...same, count: Number(same.count) + 1, lastTimestamp: timestamp() });
		return;
	}
	serial += 1;
	store.create('events', {
		apiVersion: 'v1',
		kind: 'Event',
		metadata: { name: `${name}.${Date.now().toString(16)}${serial.toString(16).padStart(4, '0')}`, namespace },
		involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid, resourceVersion, ...fieldPath },
		type,
		reason,
		message,
		count: 1,
		eventTime: null,
		firstTimestamp: timestamp(),
		lastTimestamp: timestamp(),
		reportingComponent: component,
		reportingInstance: component === 'kubelet' ? 'node1' : '',
		source: { component, ...(component === 'kubelet' && { host: 'node1' }) },
	});
}
