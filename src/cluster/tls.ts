import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { ClusterEntry, UserEntry } from './kubeconfig.ts';

/** What a TLS connection to the API server needs, all PEM texts. Undefined for a server without TLS. */
export interface TlsSettings {
	ca?: string | string[];
	rejectUnauthorized?: false;
	/** The name that the certificate must have and that is sent as SNI, if not the URL's host. */
	serverName?: string;
}

export interface ClientCertificate {
	cert: string;
	key: string;
}

/**
 * Whom to trust for a cluster: its own CA, else the machine's (the runtime's list, the system's store, and the file that
 * SSL_CERT_FILE names).
 *
 * @throws UserError when the CA cannot be read
 */
export async function serverTrust(cluster: ClusterEntry, env: NodeJS.ProcessEnv): Promise<TlsSettings> {
	const name = cluster.tlsServerName ? { serverName: cluster.tlsServerName } : {};
	if (cluster.insecureSkipTlsVerify) return { ...name, rejectUnauthorized: false };
	const own = pem('certificate-authority', cluster.certificateAuthorityData, cluster.certificateAuthority);
	return { ...name, ca: own ?? (await systemAuthorities(env)) };
}

/**
 * The user's client certificate, or undefined.
 *
 * @throws UserError when one half is missing or cannot be read
 */
export function clientCertificate(user: UserEntry): ClientCertificate | undefined {
	const cert = pem('client-certificate', user.clientCertificateData, user.clientCertificate);
	const key = pem('client-key', user.clientKeyData, user.clientKey);
	if (cert === undefined && key === undefined) return undefined;
	if (cert === undefined) throw new UserError('the user has a client-key and no client-certificate');
	if (key === undefined) throw new UserError('the user has a client-certificate and no client-key');
	return { cert, key };
}

/** Data comes before a file, as in clientcmd. */
function pem(what: string, data: string | undefined, file: string | undefined): string | undefined {
	if (data !== undefined) {
		const text = Buffer.from(data, 'base64').toString('utf8');
		if (!text.includes('-----BEGIN ')) throw new UserError(`${what}-data is no base64 of a PEM text`);
		return text;
	}
	if (file === undefined) return undefined;
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		throw new UserError(`the ${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
	}
	if (!text.includes('-----BEGIN ')) throw new UserError(`the ${what} ${file} is no PEM file`);
	return text;
}

async function systemAuthorities(env: NodeJS.ProcessEnv): Promise<string[]> {
	const { getCACertificates } = await import('node:tls');
	const named = env.SSL_CERT_FILE ? pem('SSL_CERT_FILE', undefined, env.SSL_CERT_FILE) : undefined;
	return [
		...new Set([
			...getCACertificates('default'),
			...getCACertificates('system'),
			...(named?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []),
		]),
	];
}
