import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate and its key, as PEM files. */
export interface CertificateFiles {
	cert: string;
	key: string;
}

/** The cluster's own certificate authority, made anew for each sandbox. */
export class CertificateAuthority {
	readonly directory: string;

	private constructor(directory: string) {
		this.directory = directory;
	}

	/** Makes the authority's key and certificate in that folder. */
	static async create(directory: string): Promise<CertificateAuthority> {
		const authority = new CertificateAuthority(directory);
		const { cert, key } = authority.files('ca');
		await openssl(newKey(key), '-x509', '-days', '7', '-subj', '/CN=sandbox-ca', '-out', cert);
		return authority;
	}

	files(name: string): CertificateFiles {
		return { cert: join(this.directory, `${name}.crt`), key: join(this.directory, `${name}.key`) };
	}

	/** Signs a certificate for the API server on loopback. */
	async issueServer(): Promise<CertificateFiles> {
		return await this.#issue('server', '/CN=kube-apiserver', 'DNS:localhost,DNS:kubernetes,IP:127.0.0.1', 'serverAuth');
	}

	/** Signs a certificate that says who a client is: CN is the user, each O a group. */
	async issueClient(user: string, groups: string[]): Promise<CertificateFiles> {
		const subject = [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join('');
		return await this.#issue(`user-${user}`, subject, 'DNS:localhost', 'clientAuth');
	}

	async #issue(name: string, subject: string, altNames: string, usage: string): Promise<CertificateFiles> {
		const { cert, key } = this.files(name);
		const ca = this.files('ca');
		const extensions = ['-addext', `subjectAltName=${altNames}`, '-addext', `extendedKeyUsage=${usage}`];
		const signer = ['-CA', ca.cert, '-CAkey', ca.key, '-days', '7'];
		await openssl(newKey(key), '-x509', ...signer, '-subj', subject, ...extensions, '-out', cert);
		return { cert, key };
	}
}

/** The PEM text as kubeconfig's `*-data` fields want it. */
export function base64File(path: string): string {
	return readFileSync(path).toString('base64');
}

function newKey(path: string): string[] {
	writeFileSync(path, '', { mode: 0o600 });
	return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

async function openssl(keyArgs: string[], ...args: string[]): Promise<void> {
	await run('openssl', ['req', ...keyArgs, ...args]);
}
