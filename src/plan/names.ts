import { createHash } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { readRecord } from './record.ts';

/** A name for a container, and what the pod has under it. */
export interface Slot {
	name: string;
	/** `new`: nothing yet; `waiting`: added, not started (join it); `running`: use it. */
	state: 'new' | 'waiting' | 'running';
	/** The last generation that ended, when this one takes its place. */
	after?: string;
}

/**
 * The slot for a container whose name is its identity: `ke-<toolkit>-<hash><generation>`, generations '', 2, 3, …
 *
 * A running generation is used, else one that waits is joined, else the next is new: ephemeral containers cannot be
 * started again. With `fresh` none is shared.
 */
export function findSlot(pod: V1Pod, toolkit: string, wanted: unknown, fresh: boolean): Slot {
	const base = `ke-${cut(toolkit)}-${specHash(wanted)}`;
	let waiting: string | undefined;
	let ended: string | undefined;
	for (let generation = 1; ; generation++) {
		const name = generation === 1 ? base : `${base}${generation}`;
		const state = stateOf(pod, name);
		if (state === 'new') {
			if (waiting !== undefined) return { name: waiting, state: 'waiting' };
			return { name, state, ...(ended !== undefined && !fresh && { after: ended }) };
		}
		if (fresh || state === 'taken') continue;
		if (state === 'running') return { name, state };
		if (state === 'waiting') waiting ??= name;
		else ended = name;
	}
}

/**
 * The slot for a name that the user gave.
 * @throws UserError when it cannot be used: another container's, somebody else's, ended, or not to be shared
 */
export function givenSlot(pod: V1Pod, name: string, fresh: boolean): Slot {
	if (name.length > 63 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
		throw new UserError(
			`"${name}" cannot be a container's name`,
			'Lower-case letters, digits and inner dashes, 63 at most.',
		);
	}
	const state = stateOf(pod, name);
	if (state === 'new') return { name, state };
	const refuse = (why: string) => new UserError(`${why} in pod "${pod.metadata?.name}"`, 'Give another --name.');
	if (state === 'taken') throw refuse(`"${name}" is a container of the application`);
	const container = pod.spec?.ephemeralContainers?.find((one) => one.name === name);
	if (container && !readRecord(container)) throw refuse(`ephemeral container "${name}" is not of our making`);
	if (fresh) throw refuse(`ephemeral container "${name}" exists already`);
	if (state === 'ended') throw refuse(`ephemeral container "${name}" has ended and cannot be started again`);
	return { name, state };
}

/** Five characters that stand for a value: the same for every order of its keys. */
export function specHash(wanted: unknown): string {
	let number = createHash('sha256').update(canonical(wanted)).digest().readBigUInt64BE();
	let text = '';
	for (let i = 0; i < 5; i++) {
		text += ALPHABET[Number(number % BigInt(ALPHABET.length))];
		number /= BigInt(ALPHABET.length);
	}
	return text;
}

/** JSON with sorted keys and nothing undefined. */
export function canonical(value: unknown): string {
	return JSON.stringify(value, (_, part: unknown) =>
		typeof part === 'object' && part !== null && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
			: part,
	);
}

// kubectl's alphabet for generated names: no vowels, nothing that looks like another.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

// 63 less `ke-`, a dash, the hash, and four digits of generation.
function cut(toolkit: string): string {
	return toolkit.slice(0, 50).replace(/-+$/, '');
}

function stateOf(pod: V1Pod, name: string): Slot['state'] | 'ended' | 'taken' {
	const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
	if ([...containers, ...initContainers].some((container) => container.name === name)) return 'taken';
	const state = pod.status?.ephemeralContainerStatuses?.find((status) => status.name === name)?.state;
	if (state?.running) return 'running';
	if (state?.terminated) return 'ended';
	return state !== undefined || ephemeralContainers.some((container) => container.name === name) ? 'waiting' : 'new';
}
