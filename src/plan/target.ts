import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import { findStatus } from './identity.ts';

/** The container beside which ours is put, and what named it. */
export interface ChosenTarget {
	container: string;
	because: 'named' | 'toolkit' | 'annotation' | 'first';
}

/**
 * Which container of the pod is meant: the one named, else the toolkit's, else the pod's default container, else the
 * first regular one. A toolkit's or annotation's name that this pod does not have is passed over.
 * @throws UserError naming the right ones, the nearest first
 */
export function chooseTarget(pod: V1Pod, wanted: string | undefined, toolkitDefault: string | undefined): ChosenTarget {
	if (wanted !== undefined) return { container: checkNamed(pod, wanted), because: 'named' };
	const regular = (pod.spec?.containers ?? []).map((container) => container.name);
	const eligible = [...regular, ...runningInit(pod)];
	if (toolkitDefault !== undefined && eligible.includes(toolkitDefault)) {
		return { container: toolkitDefault, because: 'toolkit' };
	}
	const annotated = pod.metadata?.annotations?.[DEFAULT_CONTAINER];
	if (annotated !== undefined && eligible.includes(annotated)) return { container: annotated, because: 'annotation' };
	const [first] = regular;
	if (first === undefined) throw new UserError(`pod "${pod.metadata?.name}" has no containers`);
	return { container: first, because: 'first' };
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function checkNamed(pod: V1Pod, wanted: string): string {
	const name = pod.metadata?.name;
	const regular = (pod.spec?.containers ?? []).map((container) => container.name);
	const names = [...regular, ...runningInit(pod)];
	if (names.includes(wanted)) return wanted;
	const right = `It has ${sayList(nearestFirst(wanted, names))}.`;
	if (pod.spec?.initContainers?.some((container) => container.name === wanted)) {
		throw new UserError(`init container "${wanted}" of pod "${name}" does not run now`, right);
	}
	if (pod.spec?.ephemeralContainers?.some((container) => container.name === wanted)) {
		throw new UserError(
			`"${wanted}" is an ephemeral container of pod "${name}", and cannot be the target of another`,
			right,
		);
	}
	throw new UserError(`pod "${name}" has no container "${wanted}"`, right);
}

/** Init containers that run beside the others (native sidecars), or run at this moment. */
function runningInit(pod: V1Pod): string[] {
	return (pod.spec?.initContainers ?? [])
		.filter(({ name, restartPolicy }) => restartPolicy === 'Always' || findStatus(pod, name)?.state?.running)
		.map(({ name }) => name);
}

function nearestFirst(word: string, names: string[]): string[] {
	const near = nearest(word, names);
	return near === undefined ? names : [near, ...names.filter((name) => name !== near)];
}
