import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { UserError } from '../errors.ts';
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
		text = await readFile(file, 'utf8');
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

/** A fault in a file's shape is told by the path of its key. */
class Reader {
	readonly #file: string;
	readonly #document: YamlText;
	constructor(file: string, document: YamlText) {
		this.#file = resolve(file);
		this.#document = document;
	}

	read(): Kubeconfig {
		const root = this.#document.textual === null ? {} : this.#map(this.#document.textual, 'it');
		return {
			currentContext: this.#string(root, 'current-context'),
			contexts: this.#named(root, 'contexts', 'context', (entry) => ({
				cluster: this.#string(entry, 'cluster'),
				user: this.#string(entry, 'user'),
				namespace: this.#string(entry, 'namespace'),
			})),
			clusters: this.#named(root, 'clusters', 'cluster', (entry, index) => this.#cluster(entry, index)),
			users: this.#named(root, 'users', 'user', (entry) => this.#user(entry)),
		};
	}

	#cluster(entry: Fields, index: number): ClusterEntry {
		return {
			server: this.#string(entry, 'server'),
			certificateAuthority: this.#path(entry, 'certificate-authority'),
			certificateAuthorityData: this.#string(entry, 'certificate-authority-data'),
			insecureSkipTlsVerify: this.#boolean(entry, 'insecure-skip-tls-verify'),
			tlsServerName: this.#string(entry, 'tls-server-name'),
			proxyUrl: this.#string(entry, 'proxy-url'),
			disableCompression: this.#boolean(entry, 'disable-compression'),
			execConfig: this.#execConfig(entry, index),
		};
	}

	#user(entry: Fields): UserEntry {
		const provider = entry['auth-provider'];
		const extra = entry['as-user-extra'];
		return {
			clientCertificate: this.#path(entry, 'client-certificate'),
			clientCertificateData: this.#string(entry, 'client-certificate-data'),
			clientKey: this.#path(entry, 'client-key'),
			clientKeyData: this.#string(entry, 'client-key-data'),
			token: this.#string(entry, 'token'),
			tokenFile: this.#path(entry, 'tokenFile'),
			username: this.#string(entry, 'username'),
			password: this.#string(entry, 'password'),
			as: this.#string(entry, 'as'),
			asUid: this.#string(entry, 'as-uid'),
			asGroups: this.#strings(entry, 'as-groups'),
			asUserExtra: isEmpty(extra)
				? undefined
				: Object.fromEntries(
						Object.keys(this.#map(extra, 'as-user-extra')).map((key) => [
							key,
							this.#strings(extra as Fields, key) ?? [],
						]),
					),
			exec: isEmpty(entry.exec) ? undefined : this.#exec(this.#map(entry.exec, 'exec')),
			authProvider: isEmpty(provider) ? undefined : this.#provider(this.#map(provider, 'auth-provider')),
		};
	}

	#exec(entry: Fields): ExecEntry {
		const command = this.#string(entry, 'command') ?? '';
		return {
			apiVersion: this.#string(entry, 'apiVersion') ?? '',
			// As kubectl: a bare word is found on PATH, a relative path is relative to the file.
			command: /[/\\]/.test(command) && !isAbsolute(command) ? resolve(dirname(this.#file), command) : command,
			args: this.#strings(entry, 'args') ?? [],
			env: this.#list(entry, 'env').map((pair) => ({
				name: this.#string(pair, 'name') ?? '',
				value: this.#string(pair, 'value') ?? '',
			})),
			interactiveMode: this.#string(entry, 'interactiveMode'),
			provideClusterInfo: this.#boolean(entry, 'provideClusterInfo') ?? false,
			installHint: this.#string(entry, 'installHint'),
		};
	}

	#provider(entry: Fields): { name: string; config: Record<string, string> } {
		const config = isEmpty(entry.config) ? {} : this.#map(entry.config, 'auth-provider.config');
		return {
			name: this.#string(entry, 'name') ?? '',
			config: Object.fromEntries(Object.keys(config).map((key) => [key, this.#string(config, key) ?? ''])),
		};
	}

	/** The extension's content keeps its JSON types, so it is taken from the typed reading at the same place. */
	#execConfig(entry: Fields, index: number): unknown {
		const at = this.#list(entry, 'extensions').findIndex(({ name }) => name === execExtension);
		if (at < 0) return undefined;
		const typed = this.#document.typed() as {
			clusters: { cluster: { extensions: { extension: unknown }[] } }[];
		};
		return typed.clusters[index]?.cluster.extensions[at]?.extension;
	}

	/** kubeconfig's lists of `{name, <kind>: {…}}`; the first of a name wins. */
	#named<T>(root: Fields, list: string, kind: string, convert: (entry: Fields, index: number) => T): Map<string, T> {
		const entries = new Map<string, T>();
		for (const [index, item] of this.#list(root, list).entries()) {
			const name = this.#string(item, 'name');
			if (name === undefined || entries.has(name)) continue;
			const content = item[kind];
			entries.set(name, convert(isEmpty(content) ? {} : this.#map(content, `${list}[${index}].${kind}`), index));
		}
		return entries;
	}

	#list(fields: Fields, key: string): Fields[] {
		const value = fields[key];
		if (isEmpty(value)) return [];
		if (!Array.isArray(value)) throw this.#fault(key, 'a list');
		return value.map((item, index) => this.#map(item, `${key}[${index}]`));
	}

	#strings(fields: Fields, key: string): string[] | undefined {
		const value = fields[key];
		if (isEmpty(value)) return undefined;
		if (!Array.isArray(value)) throw this.#fault(key, 'a list');
		return value.map((item) => {
			if (typeof item === 'object' && item !== null) throw this.#fault(key, 'a list of texts');
			return String(item ?? '');
		});
	}

	#string(fields: Fields, key: string): string | undefined {
		const value = fields[key];
		if (isEmpty(value) || value === '') return undefined;
		if (typeof value === 'object') throw this.#fault(key, 'a text');
		return String(value);
	}

	#path(fields: Fields, key: string): string | undefined {
		const value = this.#string(fields, key);
		return value === undefined ? undefined : resolve(dirname(this.#file), value);
	}

	/** YAML 1.1's words for it too, since kubectl's parser knows them. */
	#boolean(fields: Fields, key: string): boolean | undefined {
		const value = this.#string(fields, key)?.toLowerCase();
		if (value === undefined) return undefined;
		if (['true', 'yes', 'on', 'y'].includes(value)) return true;
		if (['false', 'no', 'off', 'n'].includes(value)) return false;
		throw this.#fault(key, 'true or false');
	}

	#map(value: unknown, path: string): Fields {
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
		throw this.#fault(path, 'a map of keys and values');
	}

	#fault(path: string, wanted: string): UserError {
		return new UserError(`the kubeconfig ${this.#file} is not one: ${path} must be ${wanted}`);
	}
}

type Fields = Record<string, unknown>;

function isEmpty(value: unknown): value is null | undefined {
	return value === null || value === undefined;
}
