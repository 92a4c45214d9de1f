import { UserError } from '../errors.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { type HeaderPairs, impersonationHeaders } from './impersonation.ts';
import { inClusterConfig, SERVICE_ACCOUNT } from './in-cluster.ts';
import { loadKubeconfig } from './merge.ts';
import { proxyFor } from './proxy.ts';
import { type Selection, select } from './select.ts';
import { serverTrust, type TlsSettings } from './tls.ts';

/** kubectl's flags about the connection, each with kubectl's meaning; unset ones leave the kubeconfig as it is. */
export interface ConnectionFlags {
	kubeconfig?: string;
	context?: string;
	cluster?: string;
	user?: string;
	server?: string;
	token?: string;
	as?: string;
	asGroup?: string[];
	asUid?: string;
	/** `KEY=VALUE`, repeated. */
	asUserExtra?: string[];
	certificateAuthority?: string;
	clientCertificate?: string;
	clientKey?: string;
	insecureSkipTlsVerify?: boolean;
	tlsServerName?: string;
	/** Milliseconds; 0 or undefined: none. */
	requestTimeout?: number;
	namespace?: string;
}

/** Where requests go, and as whom. Made once a run; nothing has been sent yet. */
export interface Connection {
	/** With the path prefix of the kubeconfig, if it has one. */
	readonly server: URL;
	/** Of `-n`, else the context, else `default`; in a pod its own. */
	readonly namespace: string;
	/** `--as`, else the kubeconfig's name for the user; empty for none. */
	readonly userName: string;
	readonly contextName: string;
	/** Milliseconds until an answer must have begun; 0: no limit. */
	readonly requestTimeout: number;
	/** Undefined for an http:// server. */
	readonly tls: TlsSettings | undefined;
	readonly proxy: URL | undefined;
	readonly impersonation: HeaderPairs;
	readonly credentials: Credentials;
	/** Takes one line of the request log at kubectl's levels: 6 a line a request, 7 its headers, 8 answers' headers and bodies. */
	log?: (level: number, line: string) => void;
}

/**
 * Finds the cluster and the user as kubectl does: kubeconfig files with the flags over them, else a pod's own account.
 *
 * @param serviceAccount where a pod has its account mounted
 * @throws UserError naming the file, context, cluster, user or flag that is wrong
 */
export async function connect(
	flags: ConnectionFlags,
	env: NodeJS.ProcessEnv,
	serviceAccount: string = SERVICE_ACCOUNT,
): Promise<Connection> {
	const files = await loadKubeconfig(flags.kubeconfig, env);
	const isEmpty = files.contexts.size + files.clusters.size + files.users.size === 0;
	const config = (isEmpty ? inClusterConfig(env, serviceAccount) : undefined) ?? files;
	const selection = select(config, flags);
	const server = serverUrl(selection);
	return {
		server,
		namespace: selection.namespace,
		userName: selection.user.as ?? selection.userName,
		contextName: selection.contextName,
		requestTimeout: flags.requestTimeout ?? 0,
		tls: server.protocol === 'https:' ? await serverTrust(selection.cluster, env) : undefined,
		proxy: await proxyFor(server, selection.cluster.proxyUrl, env),
		impersonation: impersonation(selection),
		credentials: credentialsOf(selection, env),
	};
}

/** An address without a scheme is https where anything about TLS is said, else http (client-go's rule). */
function serverUrl({ cluster, user }: Selection): URL {
	const { server } = cluster;
	const hasTls =
		cluster.certificateAuthority ??
		cluster.certificateAuthorityData ??
		user.clientCertificate ??
		user.clientCertificateData ??
		cluster.insecureSkipTlsVerify;
	const url = URL.parse(server.includes('://') ? server : `${hasTls ? 'https' : 'http'}://${server}`);
	if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
		throw new UserError(
			`the server ${url === null ? 'address' : `${url.protocol}//${url.host}`} is no http or https URL`,
		);
	}
	url.username = '';
	url.password = '';
	url.search = '';
	url.hash = '';
	return url;
}

function impersonation({ user }: Selection): HeaderPairs {
	const pairs = impersonationHeaders(user);
	if (pairs.length > 0 && !user.as) {
		throw new UserError('groups, uid or extra values are to be impersonated without a user', 'give --as NAME too');
	}
	return pairs;
}
