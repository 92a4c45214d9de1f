import { loadAll } from 'js-yaml';
import type { PolicyRule } from './access/authorizer.ts';
import type { Json, KubeObject } from './api/objects.ts';
import type { Pod } from './api/pod.ts';
import type { LoggedRequest } from './api/request-log.ts';
import { type ResourceType, typeOf } from './api/resources.ts';
import { type Cluster, NODE_NAME } from './cluster.ts';
import { createNamespace } from './first-objects.ts';
import type { Image } from './images/image.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { changesIn, type FileChange } from './node/changes.ts';
import { type Child, type ChildWatch, childrenOf, watchChildren } from './node/children.ts';
import { startProcess } from './node/process.ts';
import type { RunResult, Sandbox } from './sandbox.ts';

/** The hand that tests hold: see `Sandbox` for what each method does. */
export class RunningSandbox implements Sandbox {
	readonly nodeName = NODE_NAME;
	readonly #cluster: Cluster;
	#stopped: Promise<void> | undefined;

	constructor(cluster: Cluster) {
		this.#cluster = cluster;
	}

	get server(): string {
		return this.#cluster.server;
	}

	get directory(): string {
		return this.#cluster.directory;
	}

	get caFile(): string {
		return this.#cluster.ca.files('ca').cert;
	}

	get misbehaviour(): Misbehaviour {
		return this.#cluster.misbehaviour;
	}

	get requests(): LoggedRequest[] {
		return this.#cluster.api.requests;
	}

	kubeconfig(user = 'admin', options: { namespace?: string; credentials?: 'certificate' | 'token' } = {}): string {
		return this.#cluster.users.writeKubeconfig(user, this.server, options.namespace ?? 'default', options.credentials);
	}

	token(user: string): string {
		return this.#cluster.users.token(user);
	}

	grant(user: string, ...rules: PolicyRule[]): void {
		this.#cluster.authorizer.grant(user, rules);
	}

	revoke(user: string): void {
		this.#cluster.authorizer.revoke(user);
	}

	async apply(...manifests: (KubeObject | string)[]): Promise<void> {
		for (const manifest of manifests) {
			const objects = typeof manifest === 'string' ? (loadAll(manifest) as (KubeObject | null)[]) : [manifest];
			for (const object of objects.filter((item) => item !== null && item !== undefined)) {
				await this.#applyOne(object);
			}
		}
	}

	get(resource: string, namespace: string, name: string): KubeObject | undefined {
		return this.#cluster.store.get(resource, namespace, name);
	}

	list(resource: string, namespace?: string): KubeObject[] {
		return this.#cluster.store.list(resource, namespace);
	}

	async delete(resource: string, namespace: string, name: string): Promise<void> {
		const object = this.get(resource, namespace, name);
		if (object) {
			this.#cluster.writes.remove(resource, object, 0);
			await this.until(resource, namespace, name, (found) => found?.metadata.uid !== object.metadata.uid);
		}
	}

	async until(
		resource: string,
		namespace: string,
		name: string,
		condition: (object: KubeObject | undefined) => boolean,
		timeoutMs = 20_000,
	): Promise<void> {
		const { store } = this.#cluster;
		if (condition(store.get(resource, namespace, name))) {
			return;
		}
		await new Promise<void>((resolve, reject) => {
			const timer = setTimeout(() => {
				unsubscribe();
				const last = JSON.stringify(store.get(resource, namespace, name)?.status);
				reject(new Error(`${resource} ${namespace}/${name} did not come to be as wanted in ${timeoutMs} ms: ${last}`));
			}, timeoutMs);
			const unsubscribe = store.subscribe(() => {
				if (condition(store.get(resource, namespace, name))) {
					clearTimeout(timer);
					unsubscribe();
					resolve();
				}
			});
		});
	}

	async ready(namespace: string, pod: string, timeoutMs?: number): Promise<void> {
		const isReady = (object: KubeObject | undefined) =>
			(object as Pod | undefined)?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
		await this.until('pods', namespace, pod, (object) => isReady(object) ?? false, timeoutMs);
	}

	addImage(image: Image, ...names: string[]): void {
		this.#cluster.registry.add(image, names);
	}

	image(name: string): Image | undefined {
		return this.#cluster.registry.find(name);
	}

	removeImage(name: string): void {
		this.#cluster.registry.remove(name);
	}

	async run(namespace: string, pod: string, container: string, command: string[], stdin?: string): Promise<RunResult> {
		const { kubelet, runtime } = this.#cluster;
		const id = kubelet.container(namespace, pod, container)?.running?.id ?? notRunning(namespace, pod, container);
		const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
		const process = await startProcess(runtime.execCommand(id, command, false), {
			tty: false,
			stdin: stdin !== undefined,
			output: (stream, chunk) => {
				output[stream].push(chunk);
			},
		});
		if (stdin !== undefined) {
			process.write(Buffer.from(stdin));
			process.endInput();
		}
		const code = await process.exited;
		return { code, stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString() };
	}

	mainProcess(namespace: string, pod: string, container: string): number | undefined {
		return this.#cluster.kubelet.container(namespace, pod, container)?.hostProcess();
	}

	changes(namespace: string, pod: string, container: string): FileChange[] {
		const { kubelet, runtime } = this.#cluster;
		const id = kubelet.container(namespace, pod, container)?.running?.id;
		return changesIn(runtime.upper(id ?? notRunning(namespace, pod, container)));
	}

	children(namespace: string, pod: string, container: string): Child[] {
		return this.#lookAtChildren(namespace, pod, container)();
	}

	watchChildren(namespace: string, pod: string, container: string, everyMs = 5): ChildWatch {
		return watchChildren(this.#lookAtChildren(namespace, pod, container), everyMs);
	}

	#lookAtChildren(namespace: string, pod: string, container: string): () => Child[] {
		const worker = this.#cluster.kubelet.worker(namespace, pod);
		const found = container === 'POD' ? this.#podProcess(namespace, pod) : this.mainProcess(namespace, pod, container);
		const nameOf = (cgroup: string) => worker?.containerAt(cgroup);
		const parent = found ?? notRunning(namespace, pod, container);
		return () => childrenOf(parent, nameOf);
	}

	kill(namespace: string, pod: string, container: string, signal: NodeJS.Signals = 'SIGKILL'): void {
		const pid = this.mainProcess(namespace, pod, container);
		process.kill(pid ?? notRunning(namespace, pod, container), signal);
	}

	cutStreams(): number {
		return this.#cluster.upgrades.cut();
	}

	stop(): Promise<void> {
		this.#stopped ??= this.#cluster.stop();
		return this.#stopped;
	}

	#podProcess(namespace: string, pod: string): number | undefined {
		const { kubelet, runtime } = this.#cluster;
		const sandbox = kubelet.worker(namespace, pod)?.sandbox;
		return sandbox && runtime.hostProcess(`${sandbox.cgroup}/${sandbox.id}`, sandbox.pid);
	}

	async #applyOne(object: KubeObject): Promise<void> {
		const type = typeOf(object);
		if (!type) {
			throw new Error(`the stand-in cluster has no ${object.kind} of ${object.apiVersion}`);
		}
		const namespace = type.namespaced ? (object.metadata.namespace ?? 'default') : undefined;
		if (namespace !== undefined) {
			createNamespace(this.#cluster.store, namespace);
		}
		const { name } = object.metadata;
		const exists = this.#cluster.store.get(type, namespace, name) !== undefined;
		if (exists && type.plural === 'pods') {
			await this.delete('pods', namespace ?? '', name);
		}
		const replace = exists && type.plural !== 'pods';
		const context = { user: { name: 'admin', groups: ['system:masters'] }, warnings: [] };
		const request = requestFor(type, namespace, replace ? name : undefined, replace ? 'update' : 'create');
		this.#cluster.writes[replace ? 'update' : 'create'](request, structuredClone(object) as unknown as Json, context);
	}
}

function requestFor(type: ResourceType, namespace: string | undefined, name: string | undefined, verb: string) {
	return { type, namespace, name, subresource: undefined, verb, query: new URLSearchParams() };
}

function notRunning(namespace: string, pod: string, container: string): never {
	throw new Error(`container ${container} of ${namespace}/${pod} does not run`);
}
