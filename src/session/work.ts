import { randomBytes } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import { capabilityMask } from '../plan/capabilities.ts';
import type { Candidate } from '../plan/container.ts';
import { planEntry } from '../plan/entry.ts';
import { findStatus } from '../plan/identity.ts';
import { planRecipe, spareCapabilities } from '../plan/recipe.ts';
import type { Scripts, Toolkit } from '../toolkit/toolkit.ts';
import type { Work } from './enter.ts';
import type { EnvEntry } from './header.ts';
import type { Prepared, SessionInput } from './prepare.ts';
import { sessionCommands } from './session-commands.ts';

/**
 * What a request has run in a container, and how.
 * @throws UserError where it cannot enter as was asked
 */
export function workOf(
	{ request, toolkit, scripts }: SessionInput,
	{ pod, candidate, prepared }: { pod: V1Pod; candidate: Candidate; prepared: Prepared },
	quiet: boolean,
): Work {
	const target = candidate.container.targetContainerName;
	const shell = request.command.length === 0;
	const called = recipeParts(request, toolkit, scripts, candidate);
	const session = shell && request.tty && toolkit ? sessionCommands(toolkit, scripts) : [];
	const inside = shell || called;
	return {
		words: shell ? [...new Set([...(toolkit?.shell.command ?? []), 'bash', 'zsh', 'ash', 'sh'])] : request.command,
		shell,
		stdin: request.stdin,
		tty: request.tty,
		env: [
			...(inside ? placeEnv(pod, prepared) : []),
			...(called?.env ?? []),
			...prepared.plan.execEnv.map(({ name, value }) => ({ name, value: value ?? '' })),
		],
		...(called && { special: called.special, control: called.control }),
		...(session.length > 0 && { special: session }),
		...((called || session.length > 0) && { nonce: randomBytes(8).toString('hex') }),
		path: toolkit && request.image === undefined ? toolkit.path : [],
		targetId: targetIdOf(pod, target ?? prepared.target),
		prompt: `${pod.metadata?.name}:${prepared.target}`,
		entry: planEntry(request, toolkit, { pod, candidate, target: joinedTarget(pod, target, prepared) }),
		quiet,
	};
}

/** What a recipe's script is given, beside the environment of every script. */
function recipeParts(
	{ recipe: asked, capAdd }: SessionInput['request'],
	toolkit: Toolkit | undefined,
	scripts: Scripts,
	candidate: Candidate,
): { env: EnvEntry[]; special: EnvEntry[]; control: boolean } | undefined {
	if (!asked || !toolkit) return undefined;
	const { script, env, args, timeout } = planRecipe(toolkit, asked, scripts);
	const spare = spareCapabilities(asked.recipe, candidate, capAdd);
	const special = [
		{ name: '=script', value: script },
		...args.map((value) => ({ name: '=arg', value })),
		...(timeout === undefined ? [] : [{ name: '=timeout', value: String(Math.ceil(timeout)) }]),
		...(spare.length === 0 ? [] : [{ name: '=drop', value: capabilityMask(spare) }]),
	];
	return { env, special, control: asked.recipe.control };
}

/** Where a script is. */
function placeEnv({ metadata, spec }: V1Pod, { target }: Prepared): EnvEntry[] {
	return [
		{ name: 'POD', value: metadata?.name ?? '' },
		{ name: 'NAMESPACE', value: metadata?.namespace ?? '' },
		{ name: 'NODE', value: spec?.nodeName ?? '' },
		{ name: 'TARGET_CONTAINER', value: target },
	];
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
