import { timestamp } from '../api/objects.ts';
import type { Container, ContainerState, ContainerStatus, ContainerUser } from '../api/pod.ts';
import { fullName } from '../images/registry.ts';

export type ContainerRole = 'init' | 'regular' | 'ephemeral';

/** What a kubelet knows of a container: how it stands, how the run before ended, how often it was started again. */
export class ContainerRecord {
	/** Id of the current or last run. */
	id: string | undefined;
	user: ContainerUser | undefined;
	restarts = 0;
	readonly #spec: Container;
	readonly #role: ContainerRole;
	readonly #changed: () => void;
	#state: ContainerState;
	#lastState: ContainerState = {};

	/** @param changed called after each change of the state. */
	constructor(spec: Container, role: ContainerRole, changed: () => void) {
		this.#spec = spec;
		this.#role = role;
		this.#changed = changed;
		this.#state = { waiting: { reason: role === 'init' ? 'PodInitializing' : 'ContainerCreating' } };
	}

	get state(): ContainerState {
		return this.#state;
	}

	waits(reason: string, message: string): void {
		this.#set({ waiting: { reason, message } });
	}

	runs(startedAt: string): void {
		this.#set({ running: { startedAt } });
	}

	/** @param message what the container wrote to its termination log. */
	ended(exitCode: number, startedAt: string, message: string): void {
		const reason = exitCode === 0 ? 'Completed' : 'Error';
		const run = { ...this.#run(), exitCode, finishedAt: timestamp(), ...(message && { message }), reason, startedAt };
		this.#set({ terminated: run });
	}

	/**
	 * The runtime could not start it. Where it may be started again the kubelet reports a wait and puts the failed run
	 * into the last state; so it does, for good, with an ephemeral container of such a pod.
	 */
	failedToStart(message: string, mayStartAgain: boolean): void {
		const startedAt = '1970-01-01T00:00:00Z';
		const run = { ...this.#run(), exitCode: 128, finishedAt: timestamp(), message, reason: 'StartError', startedAt };
		if (mayStartAgain) {
			this.#lastState = { terminated: run };
			this.waits('RunContainerError', message);
		} else {
			this.#set({ terminated: run });
		}
	}

	/** The run that ended becomes the last one. */
	archive(): void {
		if (this.#state.terminated) {
			this.#lastState = this.#state;
		}
	}

	status(withUser: boolean): ContainerStatus {
		const started = this.id !== undefined;
		const running = this.#state.running !== undefined;
		const done = this.#state.terminated?.exitCode === 0 && this.#role === 'init';
		const image = this.#spec.image ?? '';
		return {
			...(started && this.#run()),
			image: started ? fullName(image) : image,
			imageID: started ? imageId(fullName(image)) : '',
			lastState: this.#lastState,
			name: this.#spec.name,
			ready: this.#role !== 'ephemeral' && (running || done),
			...(this.#role !== 'ephemeral' && { started: running }),
			resources: {},
			restartCount: this.restarts,
			state: this.#state,
			...(this.user && withUser && { user: this.user }),
		};
	}

	#run(): { containerID: string } {
		return { containerID: `containerd://${this.id}` };
	}

	#set(state: ContainerState): void {
		this.#state = state;
		this.#changed();
	}
}

function imageId(name: string): string {
	return `sha256:${Buffer.from(name).toString('hex').slice(0, 64).padEnd(64, '0')}`;
}
