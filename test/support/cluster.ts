import { type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NoNamespaces, Sandbox } from '../sandbox/sandbox.ts';
import { executable } from './executable.ts';

/** What came of a run of the program. */
export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

/** The cluster that the end-to-end tests talk to: the stand-in, or a real one (`npm run e2e -- --kubeconfig FILE`). */
export interface TestCluster {
	/** undefined on a real cluster. */
	sandbox: Sandbox | undefined;
	kubeconfig: string;
	/** A namespace of this test file, made when first asked for. `level`: what Pod Security enforces there. */
	namespace(level?: 'baseline' | 'restricted'): Promise<string>;
	/** Make objects (YAML) in a namespace, and wait until the pods named are ready. */
	apply(namespace: string, manifest: string, ...ready: string[]): Promise<void>;
	/** Make the nine kinds of target, in namespaces of their own names, anew in the stand-in; on a real cluster they stay. */
	applyTargets(file: string): Promise<void>;
	/** A kubeconfig of a user who has these rights in a namespace, and none beside. */
	user(name: string, namespace: string, rules: [resource: string, ...verbs: string[]][]): Promise<string>;
	/** kubectl, of this cluster. */
	kubectl(...words: string[]): Promise<Ran>;
}

let sandbox: Sandbox | undefined;
let absent: NoNamespaces | undefined;
const home = mkdtempSync(join(tmpdir(), 'ke-test-'));
const namespaces: string[] = [];

/** Start what the tests share, and end it. */
export const mochaHooks = {
	async afterAll(): Promise<void> {
		if (process.env.E2E_KUBECONFIG && namespaces.length > 0) {
			await runKubectl(process.env.E2E_KUBECONFIG, ['delete', 'namespace', '--wait=false', ...namespaces]);
		}
		await sandbox?.stop();
		rmSync(home, { recursive: true, force: true });
	},
};

/**
 * The cluster for a test file; to be called in a `before` hook. Where Linux namespaces are not permitted the tests of
 * that file are told to be not run.
 */
export async function useCluster(context: Mocha.Context): Promise<TestCluster> {
	const real = process.env.E2E_KUBECONFIG;
	if (!real && !sandbox && !absent) {
		const { NoNamespaces, startSandbox } = await import('../sandbox/sandbox.ts');
		try {
			sandbox = await startSandbox();
		} catch (error) {
			if (!(error instanceof NoNamespaces)) throw error;
			absent = error;
		}
	}
	if (absent && !real) {
		console.log(`      not run: ${absent.message}`);
		context.skip();
	}
	const kubeconfig = real ?? sandbox?.kubeconfig() ?? '';
	const made = new Map<string, string>();
	const call = (...words: string[]): Promise<Ran> => runKubectl(kubeconfig, words);
	return {
		sandbox: real ? undefined : sandbox,
		kubeconfig,
		kubectl: call,
		async namespace(level) {
			const key = level ?? 'privileged';
			const known = made.get(key);
			if (known) return known;
			const name = `ke-${randomBytes(4).toString('hex')}`;
			made.set(key, name);
			namespaces.push(name);
			const labels = `{pod-security.kubernetes.io/enforce: ${key}}`;
			const manifest = `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: ${labels}}}`;
			await must(run(await kubectl(), ['apply', '-f', '-'], { kubeconfig, input: manifest }));
			return name;
		},
		async user(name, namespace, rules) {
			if (sandbox && !real) {
				sandbox.grant(
					name,
					...rules.map(([resource, ...verbs]) => ({ verbs, resources: [resource], namespaces: [namespace] })),
				);
				return sandbox.kubeconfig(name);
			}
			await must(
				run(await kubectl(), ['apply', '-n', namespace, '-f', '-'], { kubeconfig, input: roleYaml(name, rules) }),
			);
			const file = join(home, `${name}.kubeconfig`);
			const text = await call('config', 'view', '--raw', '--flatten', '-o', 'json');
			const config = JSON.parse(text.stdout);
			for (const user of config.users) Object.assign(user.user, { as: name });
			writeFileSync(file, JSON.stringify(config));
			return file;
		},
		async applyTargets(file) {
			const pods = { open: ['meshed', 'java', 'java-ro', 'bb', 'distro'], base: ['go-nonroot'], tight: ['java'] };
			// On a real cluster they may be in use.
			if (!real) await call('delete', 'namespace', ...Object.keys(pods), '--ignore-not-found');
			await must(call('apply', '-f', file));
			for (const [name, count] of Object.entries({ open: 3, tight: 1 })) {
				const available = `--for=jsonpath={.status.availableReplicas}=${count}`;
				await must(call('wait', '-n', name, available, 'deploy/web', '--timeout=60s'));
			}
			for (const [namespace, names] of Object.entries(pods)) {
				const all = names.map((name) => `pod/${name}`);
				await must(call('wait', '-n', namespace, '--for=condition=Ready', ...all, '--timeout=60s'));
			}
		},
		async apply(namespace, manifest, ...ready) {
			await must(run(await kubectl(), ['apply', '-n', namespace, '-f', '-'], { kubeconfig, input: manifest }));
			for (const pod of ready)
				await must(call('wait', '-n', namespace, '--for=condition=Ready', `pod/${pod}`, '--timeout=60s'));
		},
	};
}

/** How a program is run. */
interface RunOptions {
	input?: string | Buffer;
	env?: NodeJS.ProcessEnv;
	cwd?: string;
}

/** Run the program under test, with a home of its own. */
export function ke(cluster: TestCluster, words: string[], options: RunOptions = {}): Promise<Ran> {
	return run(executable(), words, { kubeconfig: cluster.kubeconfig, ...options });
}

/** Run another program in its environment. */
export function runAny(program: string, words: string[], kubeconfig: string): Promise<Ran> {
	return run(program, words, { kubeconfig });
}

/** The environment in which the program under test runs. */
export function programEnv(kubeconfig: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
	return {
		...process.env,
		KUBECONFIG: kubeconfig,
		HOME: home,
		XDG_CACHE_HOME: join(home, 'cache'),
		XDG_CONFIG_HOME: join(home, 'config'),
		...more,
	};
}

/** kubectl from npm, or the one that is to be used. */
async function kubectl(): Promise<string> {
	return process.env.E2E_KUBECTL ?? (await import('../sandbox/kubectl.ts')).kubectl();
}

async function runKubectl(kubeconfig: string, words: string[]): Promise<Ran> {
	return run(await kubectl(), words, { kubeconfig });
}

async function run(
	program: string,
	words: string[],
	{ kubeconfig, input, env, cwd }: RunOptions & { kubeconfig: string },
): Promise<Ran> {
	const options: SpawnOptions = {
		env: programEnv(kubeconfig, env),
		...(cwd !== undefined && { cwd }),
		stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
	};
	const child = spawn(program, words, options);
	const out: Buffer[] = [];
	const err: Buffer[] = [];
	child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
	child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
	if (input !== undefined) {
		child.stdin?.on('error', () => {});
		child.stdin?.end(input);
	}
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code, signal) => {
			resolve({
				code: code ?? (signal ? -1 : 0),
				stdout: Buffer.concat(out).toString(),
				stderr: Buffer.concat(err).toString(),
			});
		});
	});
}

async function must(ran: Promise<Ran>): Promise<void> {
	const { code, stderr } = await ran;
	if (code !== 0) throw new Error(stderr);
}

function roleYaml(user: string, rules: [resource: string, ...verbs: string[]][]): string {
	const rbac = 'rbac.authorization.k8s.io';
	const role = {
		apiVersion: `${rbac}/v1`,
		kind: 'Role',
		metadata: { name: user },
		rules: rules.map(([resource, ...verbs]) => ({ apiGroups: [''], resources: [resource], verbs })),
	};
	const binding = {
		apiVersion: `${rbac}/v1`,
		kind: 'RoleBinding',
		metadata: { name: user },
		roleRef: { apiGroup: rbac, kind: 'Role', name: user },
		subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
	};
	return [role, binding].map((object) => JSON.stringify(object)).join('\n---\n');
}
