import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { ApiError } from '../api/status.ts';
import type { User } from './authorizer.ts';
import { base64File, type CertificateAuthority, type CertificateFiles } from './certificates.ts';

export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Who clients are: by certificate or bearer token; writes their kubeconfig files. */
export class Users {
	readonly #ca: CertificateAuthority;
	readonly #groups = new Map<string, string[]>();
	readonly #certificates = new Map<string, CertificateFiles>();
	readonly #tokens = new Map<string, string>();

	constructor(ca: CertificateAuthority) {
		this.#ca = ca;
	}

	/** Makes a user with a certificate. */
	async addWithCertificate(name: string, groups: string[]): Promise<void> {
		this.#groups.set(name, groups);
		this.#certificates.set(name, await this.#ca.issueClient(name, groups));
	}

	/** The bearer token of that user; the same each time. Makes the user. */
	token(name: string): string {
		const known = [...this.#tokens].find(([, user]) => user === name)?.[0];
		if (known) {
			return known;
		}
		const token = `sandbox-${randomBytes(24).toString('base64url')}`;
		this.#tokens.set(token, name);
		return token;
	}

	/**
	 * Who sent this request.
	 * @throws {ApiError} 401 for a token that no one has.
	 */
	authenticate(request: IncomingMessage): User {
		const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
		if (bearer !== undefined) {
			const name = this.#tokens.get(bearer);
			if (name === undefined) {
				throw new ApiError(401, 'Unauthorized', 'Unauthorized');
			}
			return this.named(name);
		}
		const socket = request.socket as TLSSocket;
		if (socket.authorized) {
			const { CN, O } = socket.getPeerCertificate().subject as { CN: string; O?: string | string[] };
			return { name: CN, groups: [...(O === undefined ? [] : [O].flat()), 'system:authenticated'] };
		}
		return ANONYMOUS;
	}

	named(name: string): User {
		return { name, groups: [...(this.#groups.get(name) ?? []), 'system:authenticated'] };
	}

	/** Writes a kubeconfig for that user and returns its path. A user without a certificate gets a token. */
	writeKubeconfig(name: string, server: string, namespace: string, credentials?: 'certificate' | 'token'): string {
		const kind = credentials ?? (this.#certificates.has(name) ? 'certificate' : 'token');
		const config = {
			apiVersion: 'v1',
			kind: 'Config',
			clusters: [
				{ name: 'sandbox', cluster: { server, 'certificate-authority-data': base64File(this.#ca.files('ca').cert) } },
			],
			users: [{ name, user: kind === 'token' ? { token: this.token(name) } : certificateOf(this.#certificates, name) }],
			contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: name, namespace } }],
			'current-context': 'sandbox',
		};
		const path = join(this.#ca.directory, `${name}-${kind}-${namespace}.kubeconfig`);
		writeFileSync(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
		return path;
	}
}

function certificateOf(certificates: Map<string, CertificateFiles>, name: string): Record<string, string> {
	const files = certificates.get(name);
	if (!files) {
		throw new Error(`${name} has no certificate`);
	}
	return { 'client-certificate-data': base64File(files.cert), 'client-key-data': base64File(files.key) };
}
