import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { Connection } from '../cluster/connect.ts';
import { containerEvents } from '../cluster/events.ts';
import { watchPod } from '../cluster/watch-pod.ts';
import { UserError } from '../errors.ts';
import { readStart, type Start } from '../plan/start.ts';
import { sayDuration } from '../text/say.ts';
import type { Console } from './console.ts';

/** How patient a wait is. */
export interface Patience {
	/** Seconds without progress. */
	seconds: number;
	/** Whether the user said so: then a pull does not extend it. */
	said: boolean;
	/** Whether somebody sits there, who can press Ctrl-C. */
	terminal: boolean;
}

/** How a wait ends well. */
export interface End {
	start: Exclude<Start, { state: 'waiting' }>;
	/** The pod as it then was. */
	pod: V1Pod;
}

/** Seconds a pull may take where nobody can press Ctrl-C. */
const PULL = 600;
/** Milliseconds after which the events are asked for: most containers run by then. */
const EVENTS_AFTER = 400;

/**
 * Wait until an ephemeral container runs, is over, or cannot come, showing the live reason.
 * @throws UserError when the time is up without progress; ApiError when the pod is gone
 */
export async function waitForStart(
	connection: Connection,
	pod: V1Pod,
	container: string,
	patience: Patience,
	console: Console,
): Promise<End> {
	const first = readStart(pod, container, []);
	if (first.state !== 'waiting') return { start: first, pod };
	const progress = console.wait();
	const end = new AbortController();
	const leave = onSignals(async (code) => {
		await progress.end();
		process.stderr.write(`${container} stays in pod ${pod.metadata?.name}; the same command joins it\n`);
		process.exit(code);
	});
	try {
		return await new Promise((resolve, reject) => {
			const wait = new Wait(pod, container, patience, progress.show, resolve, reject);
			const clock = setInterval(() => wait.tick(), 1000);
			const late = setTimeout(() => {
				readEvents(connection, pod, container, end.signal, (event) => wait.event(event));
			}, EVENTS_AFTER);
			end.signal.addEventListener('abort', () => {
				clearInterval(clock);
				clearTimeout(late);
			});
			wait.tick();
			readPods(connection, pod, end.signal, (seen) => wait.pod(seen)).catch(reject);
		});
	} finally {
		leave();
		end.abort();
		await progress.end();
	}
}

/**
 * Call `act` with the exit code when the user or the system ends us; gives back how to stop listening. With `on`, not
 * `once`: a listener that is gone when it runs would have the progress line's own clean-up end the process first.
 */
function onSignals(act: (code: number) => void): () => void {
	const listeners = (
		[
			['SIGINT', 130],
			['SIGTERM', 143],
			['SIGHUP', 129],
		] as const
	).map(([signal, code]) => {
		const listener = (): void => act(code);
		process.on(signal, listener);
		return () => process.off(signal, listener);
	});
	return () => {
		for (const stop of listeners) stop();
	};
}

class Wait {
	#pod: V1Pod;
	readonly #events: CoreV1Event[] = [];
	readonly #container: string;
	readonly #patience: Patience;
	readonly #show: (text: string) => void;
	readonly #resolve: (end: End) => void;
	readonly #reject: (error: Error) => void;
	readonly #began = Date.now();
	#progress = Date.now();
	#seen = '';

	constructor(
		pod: V1Pod,
		container: string,
		patience: Patience,
		show: (text: string) => void,
		resolve: (end: End) => void,
		reject: (error: Error) => void,
	) {
		this.#pod = pod;
		this.#container = container;
		this.#patience = patience;
		this.#show = show;
		this.#resolve = resolve;
		this.#reject = reject;
	}

	pod(pod: V1Pod): void {
		this.#pod = pod;
		this.tick();
	}

	event(event: CoreV1Event): void {
		this.#events.push(event);
		this.tick();
	}

	/** Look at what is known, and at the clock. */
	tick(): void {
		const start = readStart(this.#pod, this.#container, this.#events);
		if (start.state !== 'waiting') {
			this.#resolve({ start, pod: this.#pod });
			return;
		}
		const status = this.#pod.status?.ephemeralContainerStatuses?.find(({ name }) => name === this.#container);
		const seen = `${this.#events.length} ${JSON.stringify(status?.state)}`;
		if (seen !== this.#seen) this.#progress = Date.now();
		this.#seen = seen;
		const waited = (Date.now() - this.#began) / 1000;
		this.#show(`${start.doing}, ${sayDuration(waited)}`);
		if ((Date.now() - this.#progress) / 1000 < this.#limit(start.pulling)) return;
		this.#reject(
			new UserError(
				`${this.#container} did not start within ${sayDuration(waited)}; last seen: ${start.doing.replace(/\s+/g, ' ')}`,
				'It stays in the pod; the same command joins it once it runs. --timeout waits longer.',
			),
		);
	}

	#limit(pulling: boolean): number {
		const { seconds, said, terminal } = this.#patience;
		if (said || !pulling) return seconds;
		return terminal ? Number.POSITIVE_INFINITY : Math.max(seconds, PULL);
	}
}

async function readPods(
	connection: Connection,
	pod: V1Pod,
	signal: AbortSignal,
	take: (pod: V1Pod) => void,
): Promise<void> {
	for await (const seen of watchPod(connection, pod, signal)) take(seen);
}

async function readEvents(
	connection: Connection,
	pod: V1Pod,
	container: string,
	signal: AbortSignal,
	take: (event: CoreV1Event) => void,
): Promise<void> {
	const of = { namespace: pod.metadata?.namespace ?? '', uid: pod.metadata?.uid ?? '' };
	for await (const event of containerEvents(connection, of, `spec.ephemeralContainers{${container}}`, signal))
		take(event);
}
