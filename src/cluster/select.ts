import { UserError } from '../errors.ts';
import type { ConnectionFlags } from './connect.ts';
import type { ClusterEntry, UserEntry } from './kubeconfig.ts';
import type { MergedKubeconfig } from './merge.ts';

/** What a kubeconfig and the flags over it come to. */
export interface Selection {
	contextName: string;
	userName: string;
	cluster: ClusterEntry & { server: string };
	user: UserEntry;
	/** Of `-n`, else the context's, else `default`. */
	namespace: string;
}

/**
 * Chooses context, cluster and user, and lays the flags over them with clientcmd's rules: `--context`, `--cluster` and
 * `--user` choose by name; `--server` drops the file's tls-server-name; `--certificate-authority` and
 * `--insecure-skip-tls-verify` replace everything the file says about trust; `--token` replaces token and tokenFile;
 * `--client-certificate` and `--client-key` replace the data of the file.
 *
 * @throws UserError naming what does not exist
 */
export function select(config: MergedKubeconfig, flags: ConnectionFlags): Selection {
	const contextName = flags.context || config.currentContext || '';
	const context = config.contexts.get(contextName);
	if (context === undefined && contextName !== '') {
		throw missing(
			'context',
			contextName,
			config.contexts,
			flags.context ? '' : `, the current-context of ${files(config)},`,
		);
	}
	const clusterName = flags.cluster || context?.cluster;
	const userName = flags.user || context?.user;
	const cluster = overrideCluster(find('cluster', clusterName, config.clusters, Boolean(flags.server)), flags);
	if (cluster.server === undefined) throw noServer(config, contextName, clusterName);
	if (cluster.insecureSkipTlsVerify && (cluster.certificateAuthority || cluster.certificateAuthorityData)) {
		throw new UserError(
			`cluster "${clusterName}" has a certificate authority and insecure-skip-tls-verify, which exclude each other`,
			`remove one of them from ${files(config)}`,
		);
	}
	return {
		contextName,
		userName: userName ?? '',
		cluster: { ...cluster, server: cluster.server },
		user: overrideUser(find('user', userName, config.users, false), flags),
		namespace: flags.namespace || context?.namespace || 'default',
	};
}

function find<T extends object>(kind: string, name: string | undefined, entries: Map<string, T>, mayLack: boolean): T {
	if (name === undefined) return {} as T;
	const entry = entries.get(name);
	if (entry !== undefined) return entry;
	if (mayLack) return {} as T;
	throw missing(kind, name, entries, '');
}

function overrideCluster(cluster: ClusterEntry, flags: ConnectionFlags): ClusterEntry {
	const chosen = { ...cluster };
	if (flags.server) {
		chosen.server = flags.server;
		chosen.tlsServerName = undefined;
	}
	if (flags.tlsServerName) chosen.tlsServerName = flags.tlsServerName;
	if (flags.certificateAuthority || flags.insecureSkipTlsVerify) {
		chosen.certificateAuthority = flags.certificateAuthority;
		chosen.certificateAuthorityData = undefined;
		chosen.insecureSkipTlsVerify = flags.insecureSkipTlsVerify;
	}
	return chosen;
}

function overrideUser(user: UserEntry, flags: ConnectionFlags): UserEntry {
	const chosen = { ...user };
	if (flags.token) {
		chosen.token = flags.token;
		chosen.tokenFile = undefined;
	}
	if (flags.clientCertificate) {
		chosen.clientCertificate = flags.clientCertificate;
		chosen.clientCertificateData = undefined;
	}
	if (flags.clientKey) {
		chosen.clientKey = flags.clientKey;
		chosen.clientKeyData = undefined;
	}
	if (flags.as) chosen.as = flags.as;
	if (flags.asUid) chosen.asUid = flags.asUid;
	if (flags.asGroup?.length) chosen.asGroups = flags.asGroup;
	if (flags.asUserExtra?.length) chosen.asUserExtra = parseExtra(flags.asUserExtra);
	return chosen;
}

/** `--as-user-extra key=value`, repeated. */
function parseExtra(pairs: string[]): Record<string, string[]> {
	const extra: Record<string, string[]> = {};
	for (const pair of pairs) {
		const at = pair.indexOf('=');
		if (at <= 0) throw new UserError(`--as-user-extra ${pair} is no KEY=VALUE`);
		const key = pair.slice(0, at);
		extra[key] = [...(extra[key] ?? []), pair.slice(at + 1)];
	}
	return extra;
}

function missing(kind: string, name: string, entries: Map<string, unknown>, where: string): UserError {
	const names = [...entries.keys()].sort();
	const hint =
		names.length === 0
			? `the kubeconfig has no ${kind}s`
			: `there ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}`;
	return new UserError(`the ${kind} "${name}"${where} does not exist`, hint);
}

function noServer(config: MergedKubeconfig, contextName: string, clusterName: string | undefined): UserError {
	if (clusterName !== undefined) return new UserError(`the cluster "${clusterName}" has no server in ${files(config)}`);
	if (contextName !== '') return new UserError(`the context "${contextName}" names no cluster in ${files(config)}`);
	if (config.contexts.size > 0) {
		return new UserError(
			`no context is chosen in ${files(config)}`,
			`--context NAME, or kubectl config use-context NAME; there are: ${[...config.contexts.keys()].sort().join(', ')}`,
		);
	}
	return new UserError(
		'no cluster is configured: there is no kubeconfig, and this is not a pod',
		'set KUBECONFIG, or give --kubeconfig FILE or --server URL',
	);
}

function files(config: MergedKubeconfig): string {
	return config.files.join(' and ') || 'the kubeconfig';
}
