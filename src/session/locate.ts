import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../cluster/api-error.ts';
import type { Connection } from '../cluster/connect.ts';
import { getPod, listPods } from '../cluster/pods.ts';
import { podsOfWorkload } from '../cluster/workloads.ts';
import { UserError } from '../errors.ts';
import { choosePod } from '../plan/choose-pod.ts';
import type { NamedTarget, TargetChoice } from '../plan/request.ts';
import { nearest } from '../text/nearest.ts';
import { pickPod } from './pick.ts';

/** The pod that was meant, and, where it was chosen among several, why this one. */
export interface Located {
	pod: V1Pod;
	because: string | undefined;
}

/**
 * The one pod that a choice means: the pod named, one of a workload's or a selector's, or the one picked at the terminal.
 * @throws UserError where there is none, naming what is near; ApiError for everything the server refuses
 */
export async function locatePod(
	connection: Connection,
	namespace: string,
	choice: TargetChoice,
	toolkit: string | undefined,
): Promise<Located> {
	if (choice.named.length > 1) throw new UserError('one pod at a time', 'Name one pod or workload.');
	const named = choice.named[0];
	if (named?.kind === 'pods' && !choice.pick)
		return { pod: await namedPod(connection, namespace, named.name), because: undefined };
	const pods = await candidates(connection, namespace, named, choice.selector);
	if (choice.pick) return { pod: await pickPod(pods), because: undefined };
	return choosePod(pods, toolkit);
}

/**
 * All pods that a choice means: those named by `--pods`, or, with `--all-pods`, every one of a workload or a selector that
 * has not finished; else the one. One that is not there stands among them with what is wrong.
 * @throws UserError where there is none; ApiError for everything the server refuses
 */
export async function locatePods(
	connection: Connection,
	namespace: string,
	choice: TargetChoice,
	toolkit: string | undefined,
	say: (line: string) => void,
): Promise<(V1Pod | { name: string; error: unknown })[]> {
	if (!choice.all && choice.pods.length === 0) {
		const { pod, because } = await locatePod(connection, namespace, choice, toolkit);
		if (because !== undefined) say(`${pod.metadata?.name} (${because})`);
		return [pod];
	}
	if (choice.pods.length > 0) {
		return Promise.all(
			[...new Set(choice.pods)].map((name) =>
				namedPod(connection, namespace, name).catch((error: unknown) => ({ name, error })),
			),
		);
	}
	const named = choice.named[0];
	if (choice.named.length > 1) throw new UserError('one workload at a time', 'Name one, or pods by --pods a,b.');
	if (named?.kind === 'pods') return [await namedPod(connection, namespace, named.name)];
	const pods = await candidates(connection, namespace, named, choice.selector);
	const alive = pods.filter(
		({ status, metadata }) => !['Succeeded', 'Failed'].includes(status?.phase ?? '') && !metadata?.deletionTimestamp,
	);
	const over = pods.length - alive.length;
	if (over > 0)
		say(
			`${over} of ${pods.length} pods ${over === 1 ? 'has' : 'have'} finished or ${over === 1 ? 'is' : 'are'} going, and ${over === 1 ? 'is' : 'are'} left out`,
		);
	if (alive.length === 0) throw new UserError('all of its pods have finished or are going');
	return alive.sort((one, other) => ((one.metadata?.name ?? '') < (other.metadata?.name ?? '') ? -1 : 1));
}

async function candidates(
	connection: Connection,
	namespace: string,
	named: NamedTarget | undefined,
	selector: string | undefined,
): Promise<V1Pod[]> {
	const what = named ? `${named.kind.replace(/s$/, '')} "${named.name}"` : selector ? `the selector "${selector}"` : '';
	const pods = await (named && named.kind !== 'pods'
		? workloadPods(connection, namespace, named.kind, named.name)
		: listPods(connection, namespace, selector === undefined ? {} : { labelSelector: selector }));
	if (pods.length > 0) return pods;
	throw new UserError(
		what === '' ? `there is no pod in namespace "${namespace}"` : `${what} has no pods in namespace "${namespace}"`,
		'Another namespace is named by -n.',
	);
}

async function workloadPods(
	connection: Connection,
	namespace: string,
	kind: Exclude<NamedTarget['kind'], 'pods'>,
	name: string,
): Promise<V1Pod[]> {
	try {
		const pods = await podsOfWorkload(connection, namespace, kind, name);
		if (pods) return pods;
	} catch (error) {
		if (!(error instanceof ApiError) || error.status !== 404) throw error;
		throw new UserError(`${kind.replace(/s$/, '')} "${name}" not found in namespace "${namespace}"`, undefined, {
			cause: error,
		});
	}
	throw new UserError(`${kind.replace(/s$/, '')} "${name}" has no selector, so it stands for no pods`, 'Name a pod.');
}

async function namedPod(connection: Connection, namespace: string, name: string): Promise<V1Pod> {
	try {
		return await getPod(connection, namespace, name);
	} catch (error) {
		if (!(error instanceof ApiError) || error.status !== 404) throw error;
		const hint = await otherPods(connection, namespace, name);
		const sentence = `pod "${name}" not found in namespace "${namespace}"`;
		throw new UserError(hint === undefined ? sentence : `${sentence}. ${hint}`, undefined, { cause: error });
	}
}

/** The names, three at most, that may have been meant, else some that are there; undefined where pods may not be listed. */
async function otherPods(connection: Connection, namespace: string, name: string): Promise<string | undefined> {
	try {
		const names = (await listPods(connection, namespace)).map((pod) => pod.metadata?.name ?? '').sort();
		const best = nearest(name, names);
		const near = new Set([
			...(best === undefined ? [] : [best]),
			...names.filter((pod) => pod.includes(name) || name.includes(pod)),
		]);
		if (near.size > 0) return `Near: ${[...near].slice(0, 3).join(', ')}`;
		return names.length > 0
			? `There: ${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`
			: 'It has no pods';
	} catch {
		return undefined;
	}
}
