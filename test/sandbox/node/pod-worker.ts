import type { ContainerStatus, Pod } from '../api/pod.ts';
import type { ContainerRole } from './container-record.ts';
import { ContainerRunner } from './container-runner.ts';
import { recordEvent } from './events.ts';
import type { NodeContext } from './kubelet.ts';
import { type PodSandbox, startPodSandbox } from './pod-sandbox.ts';
import { podStatus } from './pod-status.ts';

/** Runs one pod: its sandbox, its containers in their order, its status, its end. */
export class PodWorker {
	readonly #context: NodeContext;
	readonly #address: string;
	readonly #runners: ContainerRunner[] = [];
	#pod: Pod;
	#sandbox: PodSandbox | undefined;
	#started: Promise<void> = Promise.resolve();
	#stopped = false;
	#deleting = false;

	constructor(context: NodeContext, pod: Pod, address: string) {
		this.#context = context;
		this.#pod = pod;
		this.#address = address;
	}

	get sandbox(): PodSandbox | undefined {
		return this.#sandbox;
	}

	container(name: string): ContainerRunner | undefined {
		return this.#runners.find((runner) => runner.spec.name === name);
	}

	/** Name of the container that a text from /proc/PID/cgroup speaks of; `POD` for the pod's own. */
	containerAt(cgroup: string): string | undefined {
		const ids = this.#runners.map((runner) => [runner.spec.name, runner.running?.id]);
		return [...ids, ['POD', this.#sandbox?.id]].find(([, id]) => id !== undefined && cgroup.includes(id))?.[0];
	}

	start(): void {
		this.#started = this.#run().catch((error: Error) => this.#fail(error));
	}

	/** Forgets the pod; what still runs ends with the node. */
	stop(): void {
		this.#stopped = true;
		for (const runner of this.#runners) {
			runner.forget();
		}
	}

	/** Starts new ephemeral containers, and ends the pod when it is to be deleted. */
	podChanged(pod: Pod): void {
		this.#pod = pod;
		if (pod.metadata.deletionTimestamp && !this.#deleting) {
			this.#deleting = true;
			void this.#delete();
		} else if (this.#sandbox) {
			this.#startEphemeral(this.#sandbox);
		}
	}

	async #run(): Promise<void> {
		const { spec } = this.#pod;
		const names = spec.containers.map(({ name }) => name);
		this.#publish();
		const sandbox = await startPodSandbox(this.#context, this.#pod, this.#address);
		this.#sandbox = sandbox;
		if (this.#deleting) {
			return;
		}
		this.#context.log(`pod ${this.#pod.metadata.namespace}/${this.#pod.metadata.name}: ${names.join(' ')}`);
		const initial = (spec.initContainers ?? []).map((container) => this.#add(sandbox, container, 'init'));
		const regular = spec.containers.map((container) => this.#add(sandbox, container, 'regular'));
		this.#startEphemeral(sandbox);
		this.#publish();

		for (const runner of initial) {
			const sidecar = runner.spec.restartPolicy === 'Always';
			const ended = runner.run(sidecar ? 'Always' : spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure');
			if (!sidecar) {
				await ended;
				if (runner.state.terminated?.exitCode !== 0) {
					return;
				}
			}
		}
		await Promise.all(regular.map((runner) => runner.run(spec.restartPolicy ?? 'Always')));
	}

	#startEphemeral(sandbox: PodSandbox): void {
		for (const container of this.#pod.spec.ephemeralContainers ?? []) {
			if (!this.container(container.name)) {
				const runner = this.#add(sandbox, container, 'ephemeral');
				this.#publish();
				const target = container.targetContainerName ? this.container(container.targetContainerName) : undefined;
				void runner.run('Never', target).catch((error: Error) => this.#fail(error));
			}
		}
	}

	#add(sandbox: PodSandbox, container: Pod['spec']['containers'][number], role: ContainerRole): ContainerRunner {
		const runner = new ContainerRunner(this.#context, this.#pod, sandbox, container, role, () => this.#publish());
		this.#runners.push(runner);
		return runner;
	}

	async #delete(): Promise<void> {
		const { deletionGracePeriodSeconds = 30, namespace, name } = this.#pod.metadata;
		const graceMs = Math.min(deletionGracePeriodSeconds * 1000, this.#context.longestGraceMs);
		for (const runner of this.#runners.filter(({ running }) => running)) {
			const field = `spec.containers{${runner.spec.name}}`;
			const message = `Stopping container ${runner.spec.name}`;
			recordEvent(this.#context.store, this.#pod, { reason: 'Killing', message, container: field });
		}
		await Promise.all(this.#runners.map((runner) => runner.stop(graceMs)));
		await this.#started;
		await this.#sandbox?.stop();
		if (!this.#stopped) {
			this.#context.store.remove('pods', namespace, name);
		}
	}

	/** Writes the status, late where the sandbox is told so. */
	#publish(): void {
		const late = this.#context.misbehaviour.statusDelayMs;
		const write = () => {
			const { store } = this.#context;
			const current = store.get('pods', this.#pod.metadata.namespace, this.#pod.metadata.name) as Pod | undefined;
			if (current && current.metadata.uid === this.#pod.metadata.uid && !this.#stopped) {
				const status = podStatus(
					current,
					(role) => this.#statuses(role),
					this.#sandbox?.ip,
					this.#context.runtime.node.ip,
				);
				store.update('pods', { ...current, status });
			}
		};
		if (late > 0) {
			setTimeout(write, late).unref();
		} else {
			write();
		}
	}

	#statuses(role: ContainerRole): ContainerStatus[] {
		return this.#runners.filter((runner) => runner.role === role).map((runner) => runner.status());
	}

	#fail(error: Error): void {
		if (!this.#stopped) {
			this.#context.log(`pod ${this.#pod.metadata.name}: ${error.stack}`);
			const message = `Failed to create pod sandbox: ${error.message}`;
			recordEvent(this.#context.store, this.#pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
		}
	}
}
