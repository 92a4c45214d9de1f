import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { FieldReader, type Fields, isEmpty } from './fields.ts';
import { parseYamlText, type YamlText, YamlTextError } from './yaml-text.ts';

/** A cluster as a kubeconfig names it. Paths are absolute; `…Data` is base64, as in the file. */
export interface ClusterEntry {
	server?: string;
	certificateAuthority?: string;
	certificateAuthorityData?: string;
	insecureSkipTlsVerify?: boolean;
	tlsServerName?: string;
	proxyUrl?: string;
	disableCompression?: boolean;
	/** What an exec credential plugin is told about this cluster beyond the rest: any JSON. */
	execConfig?: unknown;
}

/** A program that prints credentials (client.authentication.k8s.io). */
export interface ExecEntry {
	apiVersion: string;
	/** Absolute, or a bare word to be looked up on PATH. */
	command: string;
	args: string[];
	env: { name: string; value: string }[];
	interactiveMode: string | undefined;
	provideClusterInfo: boolean;
	installHint: string | undefined;
}

/** A user as a kubeconfig names it. */
export interface UserEntry {
	clientCertificate?: string;
	clientCertificateData?: string;
	clientKey?: string;
	clientKeyData?: string;
	token?: string;
	tokenFile?: string;
	username?: string;
	password?: string;
	as?: string;
	asUid?: string;
	asGroups?: string[];
	asUserExtra?: Record<string, string[]>;
	exec?: ExecEntry;
	authProvider?: { name: string; config: Record<string, string> };
}

export interface ContextEntry {
	cluster?: string;
	user?: string;
	namespace?: string;
}

/** One kubeconfig file, or several merged. */
export interface Kubeconfig {
	currentContext: string | undefined;
	contexts: Map<string, ContextEntry>;
	clusters: Map<string, ClusterEntry>;
	users: Map<string, UserEntry>;
}

const booleanKeys = new Set(['insecure-skip-tls-verify', 'disable-compression', 'provideClusterInfo']);
const execExtension = 'client.authentication.k8s.io/exec';

/**
 * Reads one kubeconfig file, YAML or JSON. Relative paths in it are taken from its own folder; an empty file is an empty
 * kubeconfig; keys that are not kubectl's are ignored, as kubectl does.
 *
 * @throws UserError naming the file, and the line if it is not YAML; ENOENT is left to the caller
 */
export async function readKubeconfig(file: string): Promise<Kubeconfig> {
	let text: string;
	try {
		text = readFileSync(file, 'utf8');
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (code === 'ENOENT') throw error;
		throw new UserError(`the kubeconfig ${file} cannot be read (${code})`);
	}
	const document = await parseYamlText(text, booleanKeys).catch((error: unknown) => {
		if (!(error instanceof YamlTextError)) throw error;
		throw new UserError(`the kubeconfig ${file} is ${error.message}`, 'kubectl config view names the same file');
	});
	return new Reader(file, document).read();
}

class Reader {
	readonly #file: string;
	readonly #document: YamlText;
	readonly #fields: FieldReader;

	constructor(file: string, document: YamlText) {
		this.#file = resolve(file);
		this.#document = document;
		this.#fields = new FieldReader(file);
	}

	read(): Kubeconfig {
		const root = this.#document.textual === null ? {} : this.#fields.map(this.#document.textual, 'it');
		return {
			currentContext: this.#fields.string(root, 'current-context'),
			contexts: this.#named(root, 'contexts', 'context', (entry) => ({
				cluster: this.#fields.string(entry, 'cluster'),
				user: this.#fields.string(entry, 'user'),
				namespace: this.#fields.string(entry, 'namespace'),
			})),
			clusters: this.#named(root, 'clusters', 'cluster', (entry, index) => this.#cluster(entry, index)),
			users: this.#named(root, 'users', 'user', (entry) => this.#user(entry)),
		};
	}

	#cluster(entry: Fields, index: number): ClusterEntry {
		return {
			server: this.#fields.string(entry, 'server'),
			certificateAuthority: this.#fields.path(entry, 'certificate-authority'),
			certificateAuthorityData: this.#fields.string(entry, 'certificate-authority-data'),
			insecureSkipTlsVerify: this.#fields.boolean(entry, 'insecure-skip-tls-verify'),
			tlsServerName: this.#fields.string(entry, 'tls-server-name'),
			proxyUrl: this.#fields.string(entry, 'proxy-url'),
			disableCompression: this.#fields.boolean(entry, 'disable-compression'),
			execConfig: this.#execConfig(entry, index),
		};
	}

	#user(entry: Fields): UserEntry {
		const provider = entry['auth-provider'];
		const extra = entry['as-user-extra'];
		return {
			clientCertificate: this.#fields.path(entry, 'client-certificate'),
			clientCertificateData: this.#fields.string(entry, 'client-certificate-data'),
			clientKey: this.#fields.path(entry, 'client-key'),
			clientKeyData: this.#fields.string(entry, 'client-key-data'),
			token: this.#fields.string(entry, 'token'),
			tokenFile: this.#fields.path(entry, 'tokenFile'),
			username: this.#fields.string(entry, 'username'),
			password: this.#fields.string(entry, 'password'),
			as: this.#fields.string(entry, 'as'),
			asUid: this.#fields.string(entry, 'as-uid'),
			asGroups: this.#fields.strings(entry, 'as-groups'),
			asUserExtra: isEmpty(extra)
				? undefined
				: Object.fromEntries(
						Object.keys(this.#fields.map(extra, 'as-user-extra')).map((key) => [
							key,
							this.#fields.strings(extra as Fields, key) ?? [],
						]),
					),
			exec: isEmpty(entry.exec) ? undefined : this.#exec(this.#fields.map(entry.exec, 'exec')),
			authProvider: isEmpty(provider) ? undefined : this.#provider(this.#fields.map(provider, 'auth-provider')),
		};
	}

	#exec(entry: Fields): ExecEntry {
		const command = this.#fields.string(entry, 'command') ?? '';
		return {
			apiVersion: this.#fields.string(entry, 'apiVersion') ?? '',
			// As kubectl: a bare word is found on PATH, a relative path is relative to the file.
			command: /[/\\]/.test(command) && !isAbsolute(command) ? resolve(dirname(this.#file), command) : command,
			args: this.#fields.strings(entry, 'args') ?? [],
			env: this.#fields.list(entry, 'env').map((pair) => ({
				name: this.#fields.string(pair, 'name') ?? '',
				value: this.#fields.string(pair, 'value') ?? '',
			})),
			interactiveMode: this.#fields.string(entry, 'interactiveMode'),
			provideClusterInfo: this.#fields.boolean(entry, 'provideClusterInfo') ?? false,
			installHint: this.#fields.string(entry, 'installHint'),
		};
	}

	#provider(entry: Fields): { name: string; config: Record<string, string> } {
		const config = isEmpty(entry.config) ? {} : this.#fields.map(entry.config, 'auth-provider.config');
		return {
			name: this.#fields.string(entry, 'name') ?? '',
			config: Object.fromEntries(Object.keys(config).map((key) => [key, this.#fields.string(config, key) ?? ''])),
		};
	}

	/** The extension's content keeps its JSON types, so it is taken from the typed reading at the same place. */
	#execConfig(entry: Fields, index: number): unknown {
		const at = this.#fields.list(entry, 'extensions').findIndex(({ name }) => name === execExtension);
		if (at < 0) return undefined;
		const typed = this.#document.typed() as {
			clusters: { cluster: { extensions: { extension: unknown }[] } }[];
		};
		return typed.clusters[index]?.cluster.extensions[at]?.extension;
	}

	/** kubeconfig's lists of `{name, <kind>: {…}}`; the first of a name wins. */
	#named<T>(root: Fields, list: string, kind: string, convert: (entry: Fields, index: number) => T): Map<string, T> {
		const entries = new Map<string, T>();
		for (const [index, item] of this.#fields.list(root, list).entries()) {
			const name = this.#fields.string(item, 'name');
			if (name === undefined || entries.has(name)) continue;
			const content = item[kind];
			entries.set(name, convert(isEmpty(content) ? {} : this.#fields.map(content, `${list}[${index}].${kind}`), index));
		}
		return entries;
	}
}
