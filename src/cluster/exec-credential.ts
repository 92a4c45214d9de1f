import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { ClusterEntry, ExecEntry } from './kubeconfig.ts';

/** What a credential plugin gave; at least a token or a certificate with its key. */
export interface ExecCredential {
	token: string | undefined;
	cert: string | undefined;
	key: string | undefined;
	/** Milliseconds since 1970 after which it must not be used; undefined: until it is refused. */
	expires: number | undefined;
}

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/**
 * Runs a user's credential plugin (KEP-541) and reads what it prints. Its stderr is the terminal's, and so is its stdin
 * where interactiveMode allows, so that device codes and password prompts work.
 *
 * @throws UserError naming the command; never what it printed
 */
export async function runExecPlugin(
	exec: ExecEntry,
	cluster: ClusterEntry & { server: string },
	env: NodeJS.ProcessEnv,
): Promise<ExecCredential> {
	if (exec.command === '') throw new UserError('the user has an exec credential plugin without a command');
	if (!versions.includes(exec.apiVersion)) {
		throw new UserError(
			`the exec credential plugin ${exec.command} speaks "${exec.apiVersion}", which is not supported`,
			`apiVersion must be ${versions.join(' or ')}; a newer version of the plugin or of the kubeconfig has it`,
		);
	}
	const interactive = await isInteractive(exec);
	const output = await run(exec, interactive, {
		...env,
		...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
		KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(exec, cluster, interactive)),
	});
	return readCredential(exec, output);
}

async function isInteractive(exec: ExecEntry): Promise<boolean> {
	// Required in v1, and IfAvailable by default in v1beta1.
	const mode = exec.interactiveMode ?? (exec.apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : undefined);
	if (mode === undefined || !['Never', 'IfAvailable', 'Always'].includes(mode)) {
		throw new UserError(
			`the exec credential plugin ${exec.command} has no valid interactiveMode`,
			'it must be Never, IfAvailable or Always',
		);
	}
	if (mode === 'Never') return false;
	const { isatty } = await import('node:tty');
	if (isatty(0)) return true;
	if (mode === 'IfAvailable') return false;
	throw new UserError(
		`the credential plugin ${exec.command} asks questions, and standard input is no terminal`,
		'run it once at a terminal first, or use a user of the kubeconfig that needs no questions',
	);
}

function execInfo(exec: ExecEntry, cluster: ClusterEntry & { server: string }, interactive: boolean): object {
	return {
		kind: 'ExecCredential',
		apiVersion: exec.apiVersion,
		spec: { interactive, ...(exec.provideClusterInfo && { cluster: clusterInfo(cluster) }) },
	};
}

function clusterInfo(cluster: ClusterEntry & { server: string }): object {
	const data =
		cluster.certificateAuthorityData ??
		(cluster.certificateAuthority && readFileSync(cluster.certificateAuthority).toString('base64'));
	return {
		server: cluster.server,
		...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
		...(cluster.insecureSkipTlsVerify && { 'insecure-skip-tls-verify': true }),
		...(data && { 'certificate-authority-data': data }),
		...(cluster.proxyUrl && { 'proxy-url': cluster.proxyUrl }),
		...(cluster.disableCompression && { 'disable-compression': true }),
		...(cluster.execConfig !== undefined && { config: cluster.execConfig }),
	};
}

function run(exec: ExecEntry, interactive: boolean, env: NodeJS.ProcessEnv): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(exec.command, exec.args, {
			env,
			stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
		});
		const chunks: Buffer[] = [];
		child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
		child.on('error', (error: NodeJS.ErrnoException) => {
			reject(
				error.code === 'ENOENT'
					? new UserError(`the credential plugin ${exec.command} was not found`, exec.installHint)
					: new UserError(`the credential plugin ${exec.command} could not be started (${error.code})`),
			);
		});
		child.on('close', (code, signal) => {
			if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
			else {
				const end = signal === null ? `exit code ${code}` : signal;
				reject(new UserError(`the credential plugin ${exec.command} failed (${end})`, 'its own words are above'));
			}
		});
	});
}

function readCredential(exec: ExecEntry, output: string): ExecCredential {
	const fault = (what: string): UserError => new UserError(`the credential plugin ${exec.command} ${what}`);
	let answer: {
		kind?: unknown;
		apiVersion?: unknown;
		status?: Record<'token' | 'clientCertificateData' | 'clientKeyData' | 'expirationTimestamp', unknown>;
	} | null;
	try {
		answer = JSON.parse(output) as typeof answer;
	} catch {
		throw fault('printed no ExecCredential (not JSON)');
	}
	if (answer?.kind !== 'ExecCredential') throw fault('printed no ExecCredential');
	if (answer.apiVersion !== exec.apiVersion) throw fault(`answered in another version than ${exec.apiVersion}`);
	const { status } = answer;
	const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
	const token = text(status?.token);
	const cert = text(status?.clientCertificateData);
	const key = text(status?.clientKeyData);
	if ((cert === undefined) !== (key === undefined)) throw fault('gave half of a client certificate');
	if (token === undefined && cert === undefined) throw fault('gave neither a token nor a client certificate');
	const expires = Date.parse(text(status?.expirationTimestamp) ?? '');
	return { token, cert, key, expires: Number.isNaN(expires) ? undefined : expires };
}
