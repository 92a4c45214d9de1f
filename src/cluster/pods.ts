import type { V1Pod, V1PodList } from '@kubernetes/client-node';
import type { Connection } from './connect.ts';
import { request } from './request.ts';

/** `/api/v1/namespaces/NS/pods/NAME[/SUBRESOURCE]`, every part escaped. */
export function podPath(namespace: string, name: string, subresource?: string): string {
	const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
	return subresource ? `${path}/${subresource}` : path;
}

/**
 * @param timeout milliseconds the answer may take
 * @throws ApiError (404 when there is none)
 */
export async function getPod(
	connection: Connection,
	namespace: string,
	name: string,
	timeout?: number,
): Promise<V1Pod> {
	const response = await request(connection, {
		path: podPath(namespace, name),
		...(timeout !== undefined && { timeout }),
	});
	return response.json<V1Pod>();
}

/** The pods of a namespace, all or those a label selector or a field selector names. @throws ApiError */
export async function listPods(
	connection: Connection,
	namespace: string,
	selectors: { labelSelector?: string; fieldSelector?: string } = {},
): Promise<V1Pod[]> {
	const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
	const list = await (await request(connection, { path, query: selectors })).json<V1PodList>();
	return list.items;
}

/**
 * PATCH pods/ephemeralcontainers with a strategic merge patch (KEP-277): the pod as it then is, and the warnings that
 * came with it.
 *
 * With `dryRun` the server runs RBAC, admission and validation and stores nothing.
 * @throws ApiError: 403 of RBAC, Pod Security or a webhook; 422 of validation
 */
export async function patchEphemeralContainers(
	connection: Connection,
	namespace: string,
	name: string,
	patch: object,
	options: { dryRun?: boolean } = {},
): Promise<{ pod: V1Pod; warnings: string[] }> {
	const response = await request(connection, {
		method: 'PATCH',
		path: podPath(namespace, name, 'ephemeralcontainers'),
		query: { fieldManager: 'kubectl-ephemeral', ...(options.dryRun && { dryRun: 'All' }) },
		contentType: 'application/strategic-merge-patch+json',
		body: patch,
	});
	return { pod: await response.json<V1Pod>(), warnings: response.warnings };
}

/** The log of a container as it comes, to its end when the container has ended. @throws ApiError */
export async function followLog(
	connection: Connection,
	namespace: string,
	name: string,
	container: string,
	signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
	const response = await request(connection, {
		path: podPath(namespace, name, 'log'),
		query: { container, follow: 'true' },
		...(signal && { signal }),
	});
	return response.bytes();
}
