import type { V1ConfigMap } from '@kubernetes/client-node';
import type { Connection } from './connect.ts';
import { request } from './request.ts';

/** @throws ApiError (404 when there is none) */
export async function getConfigMap(connection: Connection, namespace: string, name: string): Promise<V1ConfigMap> {
	const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
	return (await request(connection, { path })).json<V1ConfigMap>();
}
