import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from './api-error.ts';
import type { Connection } from './connect.ts';
import { getPod } from './pods.ts';
import { request } from './request.ts';
import { Unreachable } from './unreachable.ts';

/** Milliseconds between two looks where watching is not allowed, or a watch ended at once. */
const POLL = 1000;
/** Milliseconds without an event after which the pod is asked for: something in between may swallow watches. */
const QUIET = 10_000;
/** How many looks in a row may find no server before the watch is given up. */
const MISSES = 20;

/**
 * A pod as it changes, newest state first seen now and then at every change, until `signal` ends it.
 *
 * A watch on the one name (a Role limited by `resourceNames` is enough for it), and a GET whenever it was quiet for ten
 * seconds; where list or watch is forbidden, a GET every second. A watch that the server ends is taken up again at its
 * last resourceVersion, or from a fresh GET where that is gone (410).
 * @throws ApiError when the pod cannot be read either, or is gone (404); Unreachable when the server stays away
 */
export async function* watchPod(connection: Connection, pod: V1Pod, signal: AbortSignal): AsyncGenerator<V1Pod> {
	const namespace = pod.metadata?.namespace ?? '';
	const name = pod.metadata?.name ?? '';
	let version = pod.metadata?.resourceVersion;
	let watching = true;
	let misses = 0;
	yield pod;
	while (!signal.aborted) {
		const began = Date.now();
		const quiet = AbortSignal.timeout(QUIET);
		try {
			if (watching) {
				for await (const seen of watchOnce(connection, namespace, name, version, AbortSignal.any([signal, quiet]))) {
					version = seen.metadata?.resourceVersion;
					yield seen;
				}
			}
		} catch (error) {
			if (signal.aborted) return;
			if (error instanceof ApiError && error.status === 404) throw error;
			watching = quiet.aborted || !(error instanceof ApiError) || error.status === 410;
		}
		if (!watching || Date.now() - began < POLL) await pause(POLL, signal);
		if (signal.aborted) return;
		try {
			const seen = await getPod(connection, namespace, name);
			misses = 0;
			version = seen.metadata?.resourceVersion;
			yield seen;
		} catch (error) {
			misses++;
			if (!(error instanceof Unreachable) || misses > MISSES) throw error;
		}
	}
}

async function* watchOnce(
	connection: Connection,
	namespace: string,
	name: string,
	resourceVersion: string | undefined,
	signal: AbortSignal,
): AsyncGenerator<V1Pod> {
	const response = await request(connection, {
		path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
		query: {
			watch: 'true',
			fieldSelector: `metadata.name=${name}`,
			...(resourceVersion !== undefined && { resourceVersion }),
		},
		signal,
	});
	for await (const line of response.lines()) {
		if (line === '') continue;
		const event = JSON.parse(line) as { type: string; object: V1Pod & { code?: number; message?: string } };
		if (event.type === 'ERROR')
			throw new ApiError(event.object.message ?? 'the watch ended', event.object.code ?? 410, undefined);
		if (event.type === 'DELETED') throw new ApiError(`pods "${name}" not found`, 404, undefined);
		if (event.type !== 'BOOKMARK') yield event.object;
	}
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const end = (): void => {
			clearTimeout(timer);
			signal.removeEventListener('abort', end);
			resolve();
		};
		const timer = setTimeout(end, milliseconds);
		signal.addEventListener('abort', end);
	});
}
