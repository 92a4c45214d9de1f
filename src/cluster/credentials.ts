import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { ExecCredential } from './exec-credential.ts';
import type { Selection } from './select.ts';
import { type ClientCertificate, clientCertificate } from './tls.ts';

/** What one request proves itself with. */
export interface Credential {
	/** The value of the Authorization header. */
	authorization: string | undefined;
	certificate: ClientCertificate | undefined;
}

/** A user's credentials, kept in memory alone. */
export interface Credentials {
	/** What is valid now: a token file is read again after a minute, a plugin is run again when its credential ended. */
	current(): Promise<Credential>;
	/** The server refused this one with 401: whether another can be had, and so a second try makes sense. */
	refused(credential: Credential): boolean;
}

/** Milliseconds for which a token file's content is used without a new look. */
const TOKEN_FILE_AGE = 60_000;

/**
 * The way this user logs in, with client-go's order: token before tokenFile's first reading, a token or basic or
 * certificate instead of an exec plugin.
 *
 * @throws UserError for a certificate that cannot be read
 */
export function credentialsOf(selection: Selection, env: NodeJS.ProcessEnv): Credentials {
	const { user } = selection;
	const certificate = clientCertificate(user);
	const fixed = (authorization: string | undefined): Credentials => {
		const credential = { authorization, certificate };
		return { current: async () => credential, refused: () => false };
	};
	if (user.tokenFile) return new TokenFile(user.tokenFile, user.token, certificate);
	if (user.token) return fixed(`Bearer ${user.token}`);
	if (user.username || user.password) {
		return fixed(`Basic ${Buffer.from(`${user.username ?? ''}:${user.password ?? ''}`).toString('base64')}`);
	}
	if (user.authProvider) return new AuthProvider(selection, certificate, env);
	if (user.exec && !certificate) return new ExecPlugin(selection, env);
	return fixed(undefined);
}

class TokenFile implements Credentials {
	readonly #file: string;
	readonly #fallback: string | undefined;
	readonly #certificate: ClientCertificate | undefined;
	#read: { credential: Credential; at: number } | undefined;
	constructor(file: string, fallback: string | undefined, certificate: ClientCertificate | undefined) {
		this.#file = file;
		this.#fallback = fallback;
		this.#certificate = certificate;
	}

	async current(): Promise<Credential> {
		if (this.#read && performance.now() - this.#read.at < TOKEN_FILE_AGE) return this.#read.credential;
		const credential = {
			authorization: `Bearer ${this.#token()}`,
			certificate: this.#certificate,
		};
		this.#read = { credential, at: performance.now() };
		return credential;
	}

	refused(credential: Credential): boolean {
		if (this.#read?.credential === credential) this.#read = undefined;
		return true;
	}

	#token(): string {
		try {
			const token = readFileSync(this.#file, 'utf8').trim();
			if (token !== '') return token;
		} catch (error) {
			if (this.#fallback) return this.#fallback;
			throw new UserError(`the token file ${this.#file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
		}
		if (this.#fallback) return this.#fallback;
		throw new UserError(`the token file ${this.#file} is empty`);
	}
}

class ExecPlugin implements Credentials {
	readonly #selection: Selection;
	readonly #env: NodeJS.ProcessEnv;
	/** The plugin runs once, also for requests that are made at the same time. */
	#run: Promise<{ credential: Credential; expires: number | undefined }> | undefined;
	#credential: Credential | undefined;
	constructor(selection: Selection, env: NodeJS.ProcessEnv) {
		this.#selection = selection;
		this.#env = env;
	}

	async current(): Promise<Credential> {
		if (this.#run === undefined) {
			this.#run = this.#start();
			return (await this.#run).credential;
		}
		const { credential, expires } = await this.#run;
		if (expires === undefined || Date.now() < expires) return credential;
		if (this.#credential === credential) this.#run = this.#start();
		return (await this.#run).credential;
	}

	refused(credential: Credential): boolean {
		if (this.#credential === credential) this.#run = undefined;
		return true;
	}

	async #start(): Promise<{ credential: Credential; expires: number | undefined }> {
		const { user, cluster } = this.#selection;
		if (user.exec === undefined) throw new Error('no exec plugin');
		try {
			const { runExecPlugin } = await import('./exec-credential.ts');
			const given = await runExecPlugin(user.exec, cluster, this.#env);
			const credential = credentialOf(given);
			this.#credential = credential;
			return { credential, expires: given.expires };
		} catch (error) {
			this.#run = undefined;
			throw error;
		}
	}
}

function credentialOf({ token, cert, key }: ExecCredential): Credential {
	return {
		authorization: token && `Bearer ${token}`,
		certificate: cert !== undefined && key !== undefined ? { cert, key } : undefined,
	};
}

class AuthProvider implements Credentials {
	readonly #selection: Selection;
	readonly #certificate: ClientCertificate | undefined;
	readonly #env: NodeJS.ProcessEnv;
	#header: Promise<() => Promise<string>> | undefined;
	constructor(selection: Selection, certificate: ClientCertificate | undefined, env: NodeJS.ProcessEnv) {
		this.#selection = selection;
		this.#certificate = certificate;
		this.#env = env;
	}

	async current(): Promise<Credential> {
		const { user, userName } = this.#selection;
		if (user.authProvider === undefined) throw new Error('no auth provider');
		const { authProvider } = user;
		this.#header ??= import('./auth-provider.ts').then(({ authProviderHeader }) =>
			authProviderHeader(userName, authProvider, this.#env),
		);
		return { authorization: await (await this.#header)(), certificate: this.#certificate };
	}

	refused(): boolean {
		return false;
	}
}
