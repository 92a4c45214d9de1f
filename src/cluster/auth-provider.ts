import { UserError } from '../errors.ts';
import type { UserEntry } from './kubeconfig.ts';
import { OidcToken } from './oidc.ts';

/** What replaced each provider that kubectl no longer has. */
const successors: Record<string, string> = { gcp: 'gke-gcloud-auth-plugin', azure: 'kubelogin' };

/**
 * What gives the Authorization header of a legacy auth provider, as long as it can: oidc by our own code; gcp and azure,
 * which kubectl has dropped, by client-node's, which is loaded here and nowhere else.
 *
 * @throws UserError naming the provider; never its configuration
 */
export async function authProviderHeader(
	userName: string,
	provider: NonNullable<UserEntry['authProvider']>,
	env: NodeJS.ProcessEnv,
): Promise<() => Promise<string>> {
	if (provider.name === 'oidc') {
		const token = new OidcToken(provider.config, env);
		return async () => `Bearer ${await token.current()}`;
	}
	const successor = successors[provider.name];
	if (successor === undefined) {
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
		// Its errors may quote what a command printed.
		await config.applyToHTTPSOptions(options).catch(() => {});
		const header = options.headers.Authorization;
		if (header !== undefined) return header;
		throw new UserError(
			`the auth-provider "${provider.name}" of user "${userName}" gave no token`,
			`log in again, or go over to the exec plugin that replaced it (${successor})`,
		);
	};
}
