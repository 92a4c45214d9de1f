import { UserError } from '../errors.ts';
import type { UserEntry } from './kubeconfig.ts';

/**
 * The Authorization header of a legacy auth provider (oidc, gcp, azure), through client-node's own code for them, which is
 * loaded here and nowhere else. A refreshed OIDC token stays in memory: the kubeconfig is never written.
 *
 * @throws UserError naming the provider; never its configuration
 */
export async function authProviderHeader(
	userName: string,
	provider: NonNullable<UserEntry['authProvider']>,
): Promise<() => Promise<string>> {
	if (!['oidc', 'gcp', 'azure'].includes(provider.name)) {
		throw new UserError(
			`the user "${userName}" logs in by the auth-provider "${provider.name}", which is not known`,
			'use an exec credential plugin instead',
		);
	}
	const { KubeConfig } = await import('@kubernetes/client-node');
	const config = new KubeConfig();
	config.loadFromClusterAndUser(
		{ name: 'cluster', server: 'https://localhost', skipTLSVerify: false },
		{ name: userName || 'user', authProvider: provider },
	);
	return async () => {
		const options = { headers: {} as Record<string, string> };
		try {
			await config.applyToHTTPSOptions(options);
		} catch {
			throw new UserError(
				`the auth-provider "${provider.name}" of user "${userName}" gave no token: it could not be renewed`,
				renewal(provider.name),
			);
		}
		const header = options.headers.Authorization;
		if (header === undefined) {
			throw new UserError(
				`the auth-provider "${provider.name}" of user "${userName}" has no token, or one that has ended`,
				renewal(provider.name),
			);
		}
		return header;
	};
}

function renewal(provider: string): string {
	return provider === 'oidc'
		? 'log in again; the exec plugin kubelogin renews by itself'
		: `log in again, or go over to the exec plugin that replaced it (${provider === 'gcp' ? 'gke-gcloud-auth-plugin' : 'kubelogin'})`;
}
