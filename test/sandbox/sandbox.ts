import type { PolicyRule } from './access/authorizer.ts';
import type { KubeObject } from './api/objects.ts';
import type { LoggedRequest } from './api/request-log.ts';
import { startCluster } from './cluster.ts';
import type { Image } from './images/image.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { FileChange } from './node/changes.ts';
import type { Child, ChildWatch } from './node/children.ts';
import { RunningSandbox } from './running-sandbox.ts';

export type { PolicyRule } from './access/authorizer.ts';
export type { KubeObject } from './api/objects.ts';
export type { LoggedRequest } from './api/request-log.ts';
export type { Image } from './images/image.ts';
export type { Misbehaviour } from './misbehaviour.ts';
export type { FileChange } from './node/changes.ts';
export type { Child, ChildWatch } from './node/children.ts';
export { NoNamespaces } from './node/node.ts';

/** What may differ from one stand-in cluster to the next; everything has a default. */
export interface SandboxOptions {
	/** What `misbehaviour.capabilities` is at first. Default `containerd`. */
	runtime?: 'containerd' | 'cri-o';
	/** Milliseconds before a crashed container is started again: the first, doubled each time up to the last. */
	crashBackoffMs?: { first: number; last: number };
	/** Milliseconds between two attempts to pull an image that could not be pulled. Default 500. */
	pullBackoffMs?: number;
	/** Longest time a container gets to end after TERM, whatever its pod says. Default 1000. */
	longestGraceMs?: number;
	/** Called with one line for each thing worth telling; nothing is logged without it. */
	log?: (line: string) => void;
}

/** A running process of a container, as `Sandbox.run` gives it back. */
export interface RunResult {
	code: number;
	stdout: string;
	stderr: string;
}

/**
 * A Kubernetes API server and a node on this machine, with real processes in its containers.
 *
 * Users known from the start: `admin` (certificate, may do everything), `dev-user` (certificate, group `devs`, no rights),
 * `token-user` (bearer token, no rights). Any other name given to `kubeconfig`, `token` or `grant` makes that user.
 */
export interface Sandbox {
	/** `https://127.0.0.1:PORT` */
	readonly server: string;
	/** The temporary folder that holds all it writes; gone after `stop`. */
	readonly directory: string;
	/** PEM file of the authority that signed the server's certificate. */
	readonly caFile: string;
	/** Name of the only node. */
	readonly nodeName: string;
	/** Switches for everything that can go wrong; see there. Changes act at once. */
	readonly misbehaviour: Misbehaviour;
	/** Every request that arrived, oldest first, refused ones included. */
	readonly requests: LoggedRequest[];
	/** Path of a kubeconfig file (mode 0600) for that user, default `admin`. Its context is called `sandbox`. */
	kubeconfig(user?: string, options?: { namespace?: string; credentials?: 'certificate' | 'token' }): string;
	/** A bearer token of that user. */
	token(user: string): string;
	/** Adds rules to what that user may do. */
	grant(user: string, ...rules: PolicyRule[]): void;
	/** Takes all rules of that user away. */
	revoke(user: string): void;
	/** Creates what is not there and replaces what is: objects, or YAML text with `---` between them. Missing namespaces are made. */
	apply(...manifests: (KubeObject | string)[]): Promise<void>;
	/** The stored object, or undefined. `resource` is the plural name: `pods`, `deployments`. */
	get(resource: string, namespace: string, name: string): KubeObject | undefined;
	/** All stored objects of a resource, in one namespace or everywhere. */
	list(resource: string, namespace?: string): KubeObject[];
	/** Deletes as `kubectl delete --now` does, and waits until it is gone. */
	delete(resource: string, namespace: string, name: string): Promise<void>;
	/** Waits until the condition holds for the stored object (undefined = not there); rejects after `timeoutMs` (20 s). */
	until(
		resource: string,
		namespace: string,
		name: string,
		condition: (object: KubeObject | undefined) => boolean,
		timeoutMs?: number,
	): Promise<void>;
	/** Waits until a pod runs with all its regular containers ready. */
	ready(namespace: string, pod: string, timeoutMs?: number): Promise<void>;
	/** Makes an image known by these names, in this sandbox only. */
	addImage(image: Image, ...names: string[]): void;
	/** The image of that name, to be given another or to be changed a little: `busybox`, `nicolaka/netshoot`, … */
	image(name: string): Image | undefined;
	/** Takes an image away again, so that it must be pulled and cannot. */
	removeImage(name: string): void;
	/** Runs a command in a container behind the API's back: for what tests want to look at or to set up. */
	run(namespace: string, pod: string, container: string, command: string[], stdin?: string): Promise<RunResult>;
	/** Host process id of a container's main process, for /proc; undefined when it does not run. */
	mainProcess(namespace: string, pod: string, container: string): number | undefined;
	/**
	 * What was written in a running container's root since it was made, sorted by path. The mount points that the runtime
	 * makes are in it from the start: compare before and after.
	 */
	changes(namespace: string, pod: string, container: string): FileChange[];
	/** Processes whose parent is the container's main process, now. `POD` names the pod's own, the first of a shared one. */
	children(namespace: string, pod: string, container: string): Child[];
	/** Collects them over time, until it is stopped; those of this run of the container. Looks every `everyMs` (5). */
	watchChildren(namespace: string, pod: string, container: string, everyMs?: number): ChildWatch;
	/** Sends a signal to a container's main process (default SIGKILL): a target that restarts. */
	kill(namespace: string, pod: string, container: string, signal?: NodeJS.Signals): void;
	/** Cuts every open exec, attach and port-forward connection without a word. Returns how many there were. */
	cutStreams(): number;
	/** Ends everything: no process, namespace, mount, cgroup or file of it is left. Safe to call twice. */
	stop(): Promise<void>;
}

/**
 * Starts a stand-in cluster on a free port of loopback, with the namespaces `default` and `kube-system`.
 *
 * @throws {NoNamespaces} where Linux namespaces, runc or root rights are missing: such tests count as not run.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
	return new RunningSandbox(await startCluster(options));
}
