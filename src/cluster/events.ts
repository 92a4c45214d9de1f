import type { CoreV1Event } from '@kubernetes/client-node';
import type { Connection } from './connect.ts';
import { request } from './request.ts';

/**
 * The events about one container of a pod, oldest first, from now until `signal` ends it: first those there are, then
 * each as it comes. Ends without a word where events may not be read: they explain a wait, nothing hangs on them.
 */
export async function* containerEvents(
	connection: Connection,
	pod: { namespace: string; uid: string },
	fieldPath: string,
	signal: AbortSignal,
): AsyncGenerator<CoreV1Event> {
	const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`;
	const fieldSelector = `involvedObject.uid=${pod.uid},involvedObject.fieldPath=${fieldPath}`;
	try {
		const first = await request(connection, { path, query: { fieldSelector }, signal });
		const list = await first.json<{ items: CoreV1Event[]; metadata: { resourceVersion?: string } }>();
		yield* list.items.sort((a, b) => time(a) - time(b));
		const { resourceVersion } = list.metadata;
		const watch = await request(connection, {
			path,
			query: { fieldSelector, watch: 'true', ...(resourceVersion !== undefined && { resourceVersion }) },
			signal,
		});
		for await (const line of watch.lines()) {
			if (line === '') continue;
			const event = JSON.parse(line) as { type: string; object: CoreV1Event };
			if (event.type === 'ADDED' || event.type === 'MODIFIED') yield event.object;
		}
	} catch {
		return;
	}
}

function time(event: CoreV1Event): number {
	return new Date(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? 0).getTime();
}
