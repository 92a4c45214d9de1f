import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a small public-key infrastructure, made by openssl. */
export interface Certificates {
	folder: string;
	/** Path of `ca.crt`, `server.key` and so on. */
	path(name: string): string;
	/** The same as PEM text. */
	pem(name: string): string;
	/** The same as base64, for kubeconfig's `…-data`. */
	data(name: string): string;
}

/**
 * A CA, a server certificate for `localhost`, `cluster.test` and the loopback addresses, one for `inner.test` alone, and
 * client certificates for the users `alice` and `plugin`, in a folder that the caller removes.
 */
export function makeCertificates(folder: string): Certificates {
	const openssl = (...args: string[]): void => {
		execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
	};
	const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
	openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=test-ca');
	const issue = (name: string, subject: string, extensions: string): void => {
		writeFileSync(join(folder, `${name}.ext`), extensions);
		openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
		openssl(
			...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
			...['-out', `${name}.crt`, '-days', '2', '-extfile', `${name}.ext`],
		);
	};
	issue('server', '/CN=server', 'subjectAltName=DNS:localhost,DNS:cluster.test,IP:127.0.0.1,IP:::1');
	issue('inner', '/CN=inner', 'subjectAltName=DNS:inner.test');
	issue('alice', '/O=devs/CN=alice', 'extendedKeyUsage=clientAuth');
	issue('plugin', '/CN=plugin', 'extendedKeyUsage=clientAuth');
	const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');
	return {
		folder,
		path: (name) => join(folder, name),
		pem,
		data: (name) => Buffer.from(pem(name)).toString('base64'),
	};
}
