import { type Connection, connect } from '../../src/cluster/connect.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { useCluster } from '../support/cluster.ts';
import { type Asked, type Exec, startIn } from './exec.ts';

/** The namespace of these pods. */
export const NAMESPACE = 'inside';

/** A pod of a target `app` and a debug container `tool` that sees its processes. */
export interface Shape {
	image?: string;
	target?: string;
	/** YAML of the pod, of the target and of the debug container, in flow style. */
	pod?: string;
	app?: string;
	tool?: string;
}

function podOf(
	name: string,
	{ image = 'nicolaka/netshoot', target = 'registry.test/webgo:1', pod, app, tool }: Shape,
): string {
	const fields = (...all: (string | undefined)[]): string => all.filter(Boolean).join(', ');
	return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec: {${fields(
		'shareProcessNamespace: true',
		'terminationGracePeriodSeconds: 0',
		pod,
		`containers: [{${fields('name: app', `image: "${target}"`, 'env: [{name: MARK, value: target}]', app)}}, {${fields(
			'name: tool',
			`image: "${image}"`,
			'command: [sh, -c, "sleep 1000000"]',
			tool,
		)}}]`,
	)}}
`;
}

/** Fields of a container, of a pod, and a target of another user than root. */
export const READ_ONLY = 'securityContext: {readOnlyRootFilesystem: true}';
export const RESTRICTED =
	'securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}';
export const AS_USER =
	'securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}';
export const NONROOT = { target: 'registry.test/webgo:nonroot' };

/** In the root of the target, as its user. */
export const INSIDE = ['root=target', 'as=target'];

/** Pods of the stand-in cluster, and execs in their debug containers. */
export class Pods {
	readonly #sandbox: Sandbox;
	readonly #connection: Connection;
	readonly #execs: Exec[] = [];
	readonly #made = new Map<string, string>();

	constructor(sandbox: Sandbox, connection: Connection) {
		this.#sandbox = sandbox;
		this.#connection = connection;
	}

	/** To be called in a `before` hook; where there is no stand-in the tests are told to be not run. */
	static async open(context: Mocha.Context): Promise<Pods> {
		const { sandbox } = await useCluster(context);
		if (!sandbox) context.skip();
		return new Pods(sandbox as Sandbox, await connect({ kubeconfig: (sandbox as Sandbox).kubeconfig() }, {}));
	}

	/** The name of the pod of that shape, made when first asked for. */
	async of(shape: Shape): Promise<string> {
		const key = JSON.stringify(shape);
		const known = this.#made.get(key);
		if (known !== undefined) return known;
		const name = `shape-${this.#made.size}-${process.pid}`;
		this.#made.set(key, name);
		await this.make(name, podOf(name, shape));
		return name;
	}

	/** Make a pod of any other kind. */
	async make(name: string, manifest: string): Promise<void> {
		this.#made.set(name, name);
		await this.#sandbox.apply(manifest);
		await this.#sandbox.ready(NAMESPACE, name, 60_000);
	}

	/** Begin an exec in the debug container. */
	async start(pod: string, asked: Asked): Promise<Exec> {
		const { status } = this.#sandbox.get('pods', NAMESPACE, pod) as unknown as {
			status: { containerStatuses: { name: string; containerID: string }[] };
		};
		const app = status.containerStatuses.find(({ name }) => name === 'app');
		const keys = [`target=${app?.containerID.replace('containerd://', '')}`, ...(asked.keys ?? [])];
		const place = { namespace: NAMESPACE, pod, container: 'tool' };
		const exec = await startIn(this.#connection, place, { ...asked, keys });
		this.#execs.push(exec);
		return exec;
	}

	/** Run something in the debug container; its output. */
	async inTool(pod: string, ...words: string[]): Promise<string> {
		return (await this.#sandbox.run(NAMESPACE, pod, 'tool', words)).stdout;
	}

	/** Paths that were written in the target. */
	written(pod: string): string[] {
		return this.#sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path);
	}

	/** What is left of execs in the debug container: folders of ours that are not the launcher's, and processes. */
	async left(pod: string): Promise<string[]> {
		const places = '/run/.ke-* /tmp/.ke-* /var/tmp/.ke-* /dev/shm/.ke-*';
		const folders = await this.inTool(pod, 'sh', '-c', `ls -d ${places} 2>/dev/null`);
		const processes = await this.inTool(pod, 'sh', '-c', 'for p in /proc/[0-9]*; do cat $p/comm 2>/dev/null; done');
		return [
			...folders.split('\n').filter((path) => /\.ke-(out|session)/.test(path)),
			...processes.split('\n').filter((name) => /^ke/.test(name)),
		];
	}

	/** Hang up what still runs. */
	hangUp(): void {
		for (const exec of this.#execs.splice(0)) exec.hangUp();
	}

	/** Take the pods away. */
	async remove(): Promise<void> {
		for (const name of this.#made.values()) await this.#sandbox.delete('pods', NAMESPACE, name);
	}
}
