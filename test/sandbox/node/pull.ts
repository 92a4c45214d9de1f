import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, Pod } from '../api/pod.ts';
import type { Image } from '../images/image.ts';
import { absentImageError, referenceError } from '../images/registry.ts';
import { recordEvent } from './events.ts';
import type { NodeContext } from './kubelet.ts';

/** An image that the node does not get, in the kubelet's words. */
export class PullError extends Error {
	readonly reason: string;
	/** The text of the back-off that follows, or undefined when there is none. */
	readonly backoff: string | undefined;

	constructor(reason: string, message: string, backoff?: string) {
		super(message);
		this.reason = reason;
		this.backoff = backoff;
	}
}

/**
 * Gets an image onto the node, with the kubelet's events.
 *
 * An image counts as present when the sandbox knows it and no pull behaviour is set for its name.
 * @param where the event's field path, `spec.containers{app}`.
 * @throws {PullError}
 */
export async function ensureImage(context: NodeContext, pod: Pod, container: Container, where: string): Promise<Image> {
	const { registry, misbehaviour, store } = context;
	const name = container.image ?? '';
	const record = (type: 'Normal' | 'Warning', reason: string, message: string) =>
		recordEvent(store, pod, { type, reason, message, container: where });
	const refuse = (error: PullError) => {
		record('Warning', 'Failed', `Error: ${error.reason}`);
		return error;
	};

	const malformed = referenceError(name);
	if (malformed) {
		record('Warning', 'InspectFailed', malformed);
		throw refuse(new PullError('InvalidImageName', malformed));
	}
	const behaviour = misbehaviour.pulls.get(name);
	const known = registry.find(name);
	if (known && !behaviour && container.imagePullPolicy !== 'Always') {
		const text = `Container image "${name}" already present on machine and can be accessed by the pod`;
		record('Normal', 'Pulled', text);
		return known;
	}
	if (container.imagePullPolicy === 'Never') {
		const text = `Container image "${name}" is not present with pull policy of Never`;
		record('Warning', 'ErrImageNeverPull', text);
		throw refuse(new PullError('ErrImageNeverPull', text));
	}

	record('Normal', 'Pulling', `Pulling image "${name}"`);
	const begun = Date.now();
	if (behaviour?.delayMs !== undefined) {
		await untilPulled(context, name, begun, behaviour.delayMs);
	}
	const error = misbehaviour.pulls.get(name)?.error ?? (known ? undefined : absentImageError(name));
	if (error !== undefined || !known) {
		record('Warning', 'Failed', `Failed to pull image "${name}": ${error}`);
		throw refuse(
			new PullError('ErrImagePull', error ?? '', `Back-off pulling image "${name}": ErrImagePull: ${error}`),
		);
	}
	misbehaviour.pulls.delete(name);
	const took = `${((Date.now() - begun) / 1000).toFixed(3)}s`;
	record(
		'Normal',
		'Pulled',
		`Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: 1048576 bytes.`,
	);
	return known;
}

/** The delay is looked at again and again, so that a test can end a pull that never ends. */
async function untilPulled(context: NodeContext, name: string, begun: number, delayMs: number): Promise<void> {
	let left = delayMs;
	while (left > 0) {
		await sleep(Math.min(left, 50), undefined, { ref: false });
		left = begun + (context.misbehaviour.pulls.get(name)?.delayMs ?? 0) - Date.now();
	}
}
