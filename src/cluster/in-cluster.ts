import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MergedKubeconfig } from './merge.ts';

/** Where the kubelet mounts a pod's own credentials. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The kubeconfig that a pod has without one: the service's address from the environment, token and CA as mounted, the
 * pod's own namespace. Undefined outside a pod.
 */
export function inClusterConfig(env: NodeJS.ProcessEnv, serviceAccount: string): MergedKubeconfig | undefined {
	const host = env.KUBERNETES_SERVICE_HOST;
	const port = env.KUBERNETES_SERVICE_PORT;
	const tokenFile = join(serviceAccount, 'token');
	if (!host || !port || !existsSync(tokenFile)) return undefined;

	const certificateAuthority = join(serviceAccount, 'ca.crt');
	const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
	return {
		currentContext: 'in-cluster',
		contexts: new Map([
			['in-cluster', { cluster: 'in-cluster', user: 'in-cluster', namespace: podNamespace(env, serviceAccount) }],
		]),
		clusters: new Map([
			['in-cluster', existsSync(certificateAuthority) ? { server, certificateAuthority } : { server }],
		]),
		users: new Map([['in-cluster', { tokenFile }]]),
		files: [serviceAccount],
	};
}

function podNamespace(env: NodeJS.ProcessEnv, serviceAccount: string): string | undefined {
	if (env.POD_NAMESPACE) return env.POD_NAMESPACE;
	const file = join(serviceAccount, 'namespace');
	return (existsSync(file) && readFileSync(file, 'utf8').trim()) || undefined;
}
