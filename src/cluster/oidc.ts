import { UserError } from '../errors.ts';
import type { HeaderPairs } from './impersonation.ts';
import { proxyFor } from './proxy.ts';
import { serverTrust } from './tls.ts';
import { type Answer, senderFor } from './transport.ts';

/** Seconds before its end at which a token counts as ended, as in kubectl. */
const SKEW = 10;
/** Milliseconds for each of the issuer's two answers. */
const TIMEOUT = 30_000;

/**
 * The token of kubectl's auth-provider `oidc`: the id-token while it is valid, else one that the issuer gives for the
 * refresh-token (OpenID Connect Discovery 1.0, RFC 6749 §6). New tokens stay in memory: the kubeconfig is never written.
 *
 * Ours, because client-node 2.0.1 gives its OpenID library types that it refuses, so that no renewal succeeds.
 */
export class OidcToken {
	readonly #config: Record<string, string>;
	readonly #env: NodeJS.ProcessEnv;

	/** @param config the provider's configuration as the kubeconfig has it */
	constructor(config: Record<string, string>, env: NodeJS.ProcessEnv) {
		this.#config = { ...config };
		this.#env = env;
	}

	/** @throws UserError when there is no token and none to be had; it names the issuer, never a token */
	async current(): Promise<string> {
		const token = this.#config['id-token'];
		if (token && Date.now() / 1000 < endOf(token) - SKEW) return token;
		const { 'idp-issuer-url': issuer, 'client-id': client, 'refresh-token': refresh } = this.#config;
		if (!issuer || !client || !refresh) throw failed('has ended, and there is no refresh-token to renew it with');
		const discovery = await this.#ask(issuer, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
		const endpoint = discovery.token_endpoint;
		if (typeof endpoint !== 'string') throw failed(`cannot be renewed: ${issuer} names no token_endpoint`);
		const given = await this.#ask(issuer, endpoint, {
			grant_type: 'refresh_token',
			refresh_token: refresh,
			client_id: client,
			...(this.#config['client-secret'] && { client_secret: this.#config['client-secret'] }),
		});
		if (typeof given.id_token !== 'string') throw failed(`cannot be renewed: ${issuer} gave no id_token`);
		this.#config['id-token'] = given.id_token;
		if (typeof given.refresh_token === 'string') this.#config['refresh-token'] = given.refresh_token;
		return given.id_token;
	}

	/** A GET, or with a form a POST. */
	async #ask(issuer: string, address: string, form?: Record<string, string>): Promise<Record<string, unknown>> {
		const url = URL.parse(address);
		if (url === null) throw failed(`cannot be renewed: ${issuer} is no URL`);
		const headers: HeaderPairs = [['Accept', 'application/json']];
		if (form) headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
		const authority = {
			certificateAuthority: this.#config['idp-certificate-authority'],
			certificateAuthorityData: this.#config['idp-certificate-authority-data'],
		};
		const outgoing = {
			method: form ? 'POST' : 'GET',
			url,
			headers,
			body: form && new URLSearchParams(form).toString(),
			tls: url.protocol === 'https:' ? await serverTrust(authority, this.#env) : undefined,
			proxy: await proxyFor(url, undefined, this.#env),
			signal: AbortSignal.timeout(TIMEOUT),
		};
		let answer: Answer;
		let text = '';
		try {
			answer = await (await senderFor(outgoing))(outgoing);
			for await (const chunk of answer.body) text += Buffer.from(chunk).toString('latin1');
		} catch (error) {
			throw failed(
				`cannot be renewed: ${url.host} did not answer (${(error as { code?: string }).code ?? 'no answer'})`,
			);
		}
		if (answer.status !== 200) throw failed(`cannot be renewed: ${url.host} answered ${answer.status}`);
		try {
			return JSON.parse(text) as Record<string, unknown>;
		} catch {
			throw failed(`cannot be renewed: ${url.host} gave no JSON`);
		}
	}
}

function failed(why: string): UserError {
	return new UserError(`the OpenID Connect token ${why}`, 'log in again; the exec plugin kubelogin renews by itself');
}

/** When a JWT ends, in seconds since 1970; 0 for what is none. */
function endOf(token: string): number {
	try {
		const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown };
		return typeof payload.exp === 'number' ? payload.exp : 0;
	} catch {
		return 0;
	}
}
