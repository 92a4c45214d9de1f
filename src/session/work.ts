import type { V1Pod } from '@kubernetes/client-node';
import type { Candidate } from '../plan/container.ts';
import { planEntry } from '../plan/entry.ts';
import { findStatus } from '../plan/identity.ts';
import type { Work } from './enter.ts';
import type { Prepared, SessionInput } from './prepare.ts';

/**
 * What a request has run in a container, and how.
 * @throws UserError where it cannot enter as was asked
 */
export function workOf(
	{ request, toolkit }: SessionInput,
	{ pod, candidate, prepared }: { pod: V1Pod; candidate: Candidate; prepared: Prepared },
	quiet: boolean,
): Work {
	const target = candidate.container.targetContainerName;
	const shell = request.command.length === 0;
	return {
		words: shell ? [...new Set([...(toolkit?.shell.command ?? []), 'bash', 'zsh', 'ash', 'sh'])] : request.command,
		shell,
		stdin: request.stdin,
		tty: request.tty,
		env: prepared.plan.execEnv.map(({ name, value }) => ({ name, value: value ?? '' })),
		path: toolkit && request.image === undefined ? toolkit.path : [],
		targetId: targetIdOf(pod, target ?? prepared.target),
		prompt: `${pod.metadata?.name}:${prepared.target}`,
		entry: planEntry(request, toolkit, { pod, candidate, target: joinedTarget(pod, target, prepared) }),
		quiet,
	};
}

/** The target whose processes can be seen: the one joined, or the one meant where all share a namespace. */
function joinedTarget(pod: V1Pod, target: string | undefined, { target: meant }: Prepared): string | undefined {
	if (target !== undefined) return target;
	return pod.spec?.shareProcessNamespace === true || pod.spec?.hostPID === true ? meant : undefined;
}

/** A container's id without its scheme; empty where none is known. */
export function targetIdOf(pod: V1Pod, container: string): string {
	return (findStatus(pod, container)?.containerID ?? '').replace(/^[a-z-]+:\/\//, '');
}
