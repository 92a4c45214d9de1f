import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { timestamp } from '../api/objects.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../api/pod.ts';
import { ConfigError } from './config-source.ts';
import { ContainerLog } from './container-log.ts';
import { ContainerRecord, type ContainerRole } from './container-record.ts';
import { containerSpec } from './container-spec.ts';
import { recordEvent } from './events.ts';
import { IdentityError, identityOf } from './identity.ts';
import type { NodeContext } from './kubelet.ts';
import { OutputHub } from './output-hub.ts';
import type { PodSandbox } from './pod-sandbox.ts';
import { type ContainerProcess, StartError, startProcess } from './process.ts';
import { ensureImage, PullError } from './pull.ts';

/** Longest termination message that is reported. */
const LONGEST_MESSAGE = 4096;

/** A running main process. */
interface Running {
	id: string;
	process: ContainerProcess;
	hub: OutputHub;
	startedAt: string;
}

/** One container of a pod through all its runs: image, process, end, and again as its pod says. */
export class ContainerRunner {
	readonly spec: Container;
	readonly role: ContainerRole;
	/** Logs of its runs, oldest first. */
	readonly logs: ContainerLog[] = [];
	readonly #context: NodeContext;
	readonly #pod: Pod;
	readonly #sandbox: PodSandbox;
	readonly #record: ContainerRecord;
	#running: Running | undefined;
	#stopping = false;
	#wake: () => void = () => undefined;

	/** @param changed called whenever its status is another. */
	constructor(
		context: NodeContext,
		pod: Pod,
		sandbox: PodSandbox,
		spec: Container,
		role: ContainerRole,
		changed: () => void,
	) {
		this.#context = context;
		this.#pod = pod;
		this.#sandbox = sandbox;
		this.spec = spec;
		this.role = role;
		this.#record = new ContainerRecord(spec, role, changed);
	}

	get running(): Running | undefined {
		return this.#running;
	}

	get state(): ContainerState {
		return this.#record.state;
	}

	status(): ContainerStatus {
		return this.#record.status(!this.#context.misbehaviour.noStatusUser);
	}

	/**
	 * Starts it, and again as the policy says, until it is done or stopped.
	 * @param target where it joins another container's processes: waits for that one to run.
	 */
	async run(policy: 'Always' | 'OnFailure' | 'Never', target?: ContainerRunner): Promise<void> {
		let backoff = this.#context.crashBackoffMs.first;
		while (!this.#stopping) {
			const code = await this.#runOnce(target);
			if (this.#stopping || this.role === 'ephemeral' || policy === 'Never' || (policy === 'OnFailure' && code === 0)) {
				return;
			}
			this.#record.archive();
			// The first time it is started again at once.
			if (this.#record.restarts > 0) {
				this.#reportCrashLoop(backoff);
				await this.#pause(backoff);
				backoff = Math.min(backoff * 2, this.#context.crashBackoffMs.last);
			}
			this.#record.restarts += 1;
		}
	}

	/** Does nothing more with it. */
	forget(): void {
		this.#stopping = true;
		this.#wake();
	}

	/** Ends it: TERM, and KILL after the grace. */
	async stop(graceMs: number): Promise<void> {
		this.forget();
		const running = this.#running;
		if (!running) {
			return;
		}
		const { runtime } = this.#context;
		await runtime.signal(running.id, 'TERM');
		const timer = setTimeout(() => void runtime.signal(running.id, 'KILL'), graceMs);
		await running.process.exited;
		clearTimeout(timer);
	}

	/** Process id on this machine of the main process. */
	hostProcess(): number | undefined {
		const running = this.#running;
		return running && this.#context.runtime.hostProcess(this.#cgroup(running.id), running.process.pid);
	}

	/** One run: image, container, process, end. Returns the exit code. */
	async #runOnce(target: ContainerRunner | undefined): Promise<number> {
		for (;;) {
			try {
				return await this.#start(target);
			} catch (error) {
				if (this.#stopping) {
					return 0;
				}
				if (error instanceof StartError) {
					return this.#failedToStart(error.message);
				}
				const waitMs = this.#explain(error);
				await this.#pause(waitMs);
			}
		}
	}

	async #start(target: ContainerRunner | undefined): Promise<number> {
		const context = this.#context;
		const image = await ensureImage(context, this.#pod, this.spec, this.#fieldPath());
		const user = identityOf(this.#pod, this.spec, image);
		const targetPid = target && (await this.#untilRuns(target));
		const spec = containerSpec(context, this.#pod, this.spec, image, user, this.#sandbox, targetPid);
		const { runtime } = context;
		const id = runtime.newId();
		const termination = join(this.#sandbox.directory, `termination-${id}`);
		writeFileSync(runtime.node.path(termination), '');
		const path = this.spec.terminationMessagePath ?? '/dev/termination-log';
		const mount = { destination: path, type: 'bind', source: termination, options: ['rbind', 'rprivate', 'rw'] };
		await runtime.create(id, image, {
			...spec,
			mounts: [...spec.mounts, mount],
			cgroup: this.#cgroup(id),
		});
		if (this.#stopping) {
			return 0;
		}
		this.#record.id = id;
		this.#record.user = user;
		this.#event('Created', 'Container created');
		const log = new ContainerLog(
			join(context.logs, this.#pod.metadata.uid ?? '', this.spec.name, `${this.logs.length}.log`),
		);
		this.logs.push(log);
		const hub = new OutputHub(log);
		try {
			const process = await startProcess(runtime.runCommand(id), {
				tty: this.spec.tty ?? false,
				stdin: this.spec.stdin ?? false,
				output: (stream, chunk) => hub.write(stream, chunk),
			});
			const running = { id, process, hub, startedAt: timestamp() };
			return await this.#untilEnd(running, runtime.node.path(termination));
		} finally {
			hub.close();
			log.close();
			await runtime.remove(id);
		}
	}

	async #untilEnd(running: Running, termination: string): Promise<number> {
		this.#running = running;
		if (this.#stopping) {
			// It was told to stop while it was being started.
			await this.#context.runtime.signal(running.id, 'KILL');
		}
		this.#event('Started', 'Container started');
		this.#record.runs(running.startedAt);
		const exitCode = await running.process.exited;
		this.#running = undefined;
		const message = readFileSync(termination, 'utf8').slice(0, LONGEST_MESSAGE);
		this.#record.ended(exitCode, running.startedAt, message);
		return exitCode;
	}

	#failedToStart(complaint: string): number {
		const reason = complaint.replace(/^runc run failed/, 'runc create failed');
		const text = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${reason}`;
		this.#event('Failed', `Error: ${text}`, 'Warning');
		this.#record.failedToStart(text, this.#pod.spec.restartPolicy !== 'Never');
		return 128;
	}

	/** Reports why it does not start; returns the milliseconds until the next attempt. */
	#explain(error: unknown): number {
		const { pullBackoffMs } = this.#context;
		if (error instanceof PullError) {
			this.#record.waits(error.reason, error.message);
			const { backoff } = error;
			if (backoff !== undefined) {
				setTimeout(() => this.#reportPullBackOff(error, backoff), pullBackoffMs / 2).unref();
			}
			return pullBackoffMs;
		}
		const message = error instanceof Error ? error.message : String(error);
		const known = error instanceof ConfigError || error instanceof IdentityError;
		const reason = known ? 'CreateContainerConfigError' : 'CreateContainerError';
		this.#event('Failed', `Error: ${message}`, 'Warning');
		this.#record.waits(reason, message);
		return pullBackoffMs;
	}

	#reportPullBackOff(error: PullError, message: string): void {
		if (this.state.waiting?.reason === error.reason && !this.#stopping) {
			this.#event('BackOff', `Back-off pulling image "${this.spec.image}"`);
			this.#event('Failed', 'Error: ImagePullBackOff', 'Warning');
			this.#record.waits('ImagePullBackOff', message);
		}
	}

	#reportCrashLoop(milliseconds: number): void {
		const { name, namespace, uid } = this.#pod.metadata;
		const pod = `${name}_${namespace}(${uid})`;
		this.#event('BackOff', `Back-off restarting failed container ${this.spec.name} in pod ${pod}`, 'Warning');
		const seconds = Math.max(1, Math.round(milliseconds / 1000));
		const message = `back-off ${seconds}s restarting failed container=${this.spec.name} pod=${pod}`;
		this.#record.waits('CrashLoopBackOff', message);
	}

	/** The kubelet tries again at the pod's next change; nothing is reported meanwhile. */
	async #untilRuns(target: ContainerRunner): Promise<number> {
		while (!target.running && !this.#stopping) {
			await this.#pause(20);
		}
		return target.running?.process.pid ?? 0;
	}

	async #pause(milliseconds: number): Promise<void> {
		if (!this.#stopping) {
			const woken = new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
			await Promise.race([sleep(milliseconds, undefined, { ref: false }), woken]);
		}
	}

	#cgroup(id: string): string {
		return `${this.#sandbox.cgroup}/${id}`;
	}

	#event(reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal'): void {
		recordEvent(this.#context.store, this.#pod, { type, reason, message, container: this.#fieldPath() });
	}

	#fieldPath(): string {
		const list = { init: 'initContainers', regular: 'containers', ephemeral: 'ephemeralContainers' }[this.role];
		return `spec.${list}{${this.spec.name}}`;
	}
}
