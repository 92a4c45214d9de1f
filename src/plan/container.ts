import type { V1EnvVar, V1EphemeralContainer } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import type { Right, Toolkit } from '../toolkit/toolkit.ts';
import { draftContexts } from './candidates.ts';
import { checkNeeds, checkUser, idleCapabilities } from './checks.ts';
import { customEnvNames } from './custom.ts';
import { mayChroot, noChroot, wantedRoot } from './entry.ts';
import { targetIdentity } from './identity.ts';
import { canonical, findSlot, givenSlot, type Slot, specHash } from './names.ts';
import { effectiveUser, grantOf, isOfProcesses, wantedRights } from './rights.ts';
import { identityOf, recorded, type SpecInput, specMaker } from './spec.ts';

/** A container that may be added: complete, under the name by which it is found again. */
export interface Candidate {
	/** A profile's name, or for `auto` one of full, baseline, plain, user, privileged, restricted. */
	profile: string;
	container: V1EphemeralContainer;
	/** What admission judges of it: the same for the same security context, whatever the toolkit and the image. */
	admission: string;
	/** What the pod has under the container's name already. */
	slot: Slot;
	/** Rights wanted that it does not have. */
	lost: Right[];
	/** Rights wanted that were not asked for, but that most runtimes give: CapBnd tells. */
	likely: Right[];
}

/** What to add for a request, best first, and what of it is there already. */
export interface ContainerPlan {
	target: string | undefined;
	mode: 'sleeper' | 'main';
	/** Why these candidates, in a few words. */
	because: string;
	candidates: [Candidate, ...Candidate[]];
	/** The one to use instead of adding any: the best that runs, else the best that waits for its start. */
	reuse: Candidate | undefined;
	/** The variables each exec gets: `--env`, but for those that `--custom` sets. Empty in main mode. */
	execEnv: V1EnvVar[];
	/** What was left out or has no effect, in sentences. */
	notes: string[];
}

/** Everything that decides the container. */
export interface ContainerInput extends SpecInput {
	/** undefined for a plain image. */
	toolkit: Toolkit | undefined;
	/** The target's user when it was found otherwise than in the pod. */
	identity?: { uid: number; gid: number } | undefined;
	/** Main mode: what tells this run from every other, since no two may share one process. */
	nonce?: string;
	/** Whom the image starts as, where that is known. A toolkit's own image is supposed to start as root. */
	imageUser?: 'root' | 'other' | undefined;
}

/**
 * The container for a request, in every form worth trying.
 * @throws UserError when a flag or `--custom` cannot be carried out, when the kubelet would refuse the image's user, or
 * when no form has the rights that the toolkit needs
 */
export function planContainer(input: ContainerInput): ContainerPlan {
	const { request, pod, target, toolkit, mode } = input;
	const identity = input.identity ?? (target === undefined ? undefined : targetIdentity(pod, target));
	const { needs, wants } = wantedRights(toolkit);
	const joined = target !== undefined || pod.spec?.shareProcessNamespace === true || pod.spec?.hostPID === true;
	const rights = inOrder([...needs, ...wantedBeside(wants, toolkit, identity)], toolkit).filter(
		(right) => joined || !isOfProcesses(right),
	);
	const { make, notes } = specMaker(input);
	const entersAs =
		request.profile === 'auto' && (toolkit !== undefined || request.root === 'target') && mode === 'sleeper';
	const drafts = draftContexts({
		request,
		entersAs,
		besideRoot: isBesideRoot(input, identity),
		rights,
		ofToolkit: toolkit !== undefined,
		pod,
		target,
		identity,
	});
	const all = drafts.map(({ profile, context }): Candidate => {
		const spec = make(context);
		const slot = slotFor(spec, input);
		const judged = asCommand(spec, entersAs, request.runAs === 'target' ? identity : request.runAs);
		const having = (grant: string) => rights.filter((right) => grantOf(right, judged, pod, identity) === grant);
		const container = recorded(spec, slot.name, input);
		const admission = specHash(spec.securityContext ?? {});
		return { profile, container, admission, slot, lost: having('no'), likely: having('likely') };
	});
	const [best, ...more] = withRoot(checkNeeds(asRoot(withoutDoubles(all), input), needs, input), input);
	const candidates: [Candidate, ...Candidate[]] = [best, ...more];
	checkUser(best.container, { ...input, identity });
	const byCustom = customEnvNames(request.custom);
	return {
		target,
		mode,
		because: request.profile === 'auto' ? 'the most that is admitted of what serves' : 'asked for',
		candidates,
		reuse: reusable(candidates),
		execEnv: mode === 'main' ? [] : request.env.filter(({ name }) => !byCustom.includes(name)),
		notes: [...notes, ...idleCapabilities(best.container, pod)],
	};
}

/**
 * What is wanted beside this target. Root gets at a target that is root without SYS_PTRACE (unless the node's Yama wants it
 * for attaching), and would lend it to that target when a session goes into its root: a toolkit whose shell is beside the
 * target does without.
 */
function wantedBeside(wants: Right[], toolkit: Toolkit | undefined, identity: { uid: number } | undefined): Right[] {
	const lends = identity?.uid === 0 && toolkit?.shell.root === 'debug';
	return lends ? wants.filter((right) => right !== 'SYS_PTRACE') : wants;
}

/** Recipes of a toolkit need this or that of the same rights: the container they share must not depend on which. */
function inOrder(rights: Right[], toolkit: Toolkit | undefined): Right[] {
	const order = toolkit?.wants ?? [];
	return rights.toSorted((one, other) => order.indexOf(one) - order.indexOf(other));
}

/** Those in which one can be root, where a recipe says that it must be. */
function asRoot(candidates: Candidate[], { request, toolkit, pod }: ContainerInput): Candidate[] {
	if (request.runAs !== undefined || request.recipe?.recipe.user !== 'root') return candidates;
	const fitting = candidates.filter(({ container }) => effectiveUser(container, pod).uid === 0);
	if (fitting.length > 0) return fitting;
	throw new UserError(
		`${toolkit?.name} ${request.recipe.recipe.name} works as root, and no container here can be root`,
		"--run-as target tries it as the target's user.",
	);
}

/** Whether the target's root or environment is taken where the target is root, or may be. */
function isBesideRoot(
	{ request, toolkit, target, mode }: ContainerInput,
	identity: { uid: number } | undefined,
): boolean {
	if (mode !== 'sleeper' || target === undefined || request.runAs === 'root' || request.privileged) return false;
	if (request.capAdd.length > 0 || (identity !== undefined && identity.uid !== 0)) return false;
	return request.targetEnv === true || wantedRoot(request, toolkit) !== 'debug';
}

/** A container as a command in it finds it that becomes another user there. */
function asCommand(
	spec: V1EphemeralContainer,
	entersAs: boolean,
	who: { uid: number; gid?: number } | 'root' | undefined,
): V1EphemeralContainer {
	if (!entersAs || typeof who !== 'object') return spec;
	const { uid, gid = 0 } = who;
	return { ...spec, securityContext: { ...spec.securityContext, runAsUser: uid, runAsGroup: gid } };
}

/** Those in which the root that was asked for can be had: nothing is added only to say that it cannot. */
function withRoot(candidates: Candidate[], { request, toolkit }: ContainerInput): [Candidate, ...Candidate[]] {
	const fitting = wantedRoot(request, toolkit) === 'target' ? candidates.filter(mayChroot) : candidates;
	const [best, ...more] = fitting;
	if (best) return [best, ...more];
	throw noChroot(`profile ${request.profile}`);
}

function slotFor(spec: V1EphemeralContainer, input: ContainerInput): Slot {
	const { request, pod, mode, nonce } = input;
	if (request.name !== undefined) return givenSlot(pod, request.name, request.fresh || mode === 'main');
	const wanted = { ...identityOf(spec, input), ...(nonce !== undefined && { nonce }) };
	return findSlot(pod, request.toolkit ?? 'shell', wanted, request.fresh || mode === 'main');
}

function withoutDoubles(candidates: Candidate[]): Candidate[] {
	const seen = new Set<string>();
	return candidates.filter(({ container }) => {
		const key = canonical(container);
		return !seen.has(key) && seen.add(key);
	});
}

/** The one to use instead of adding any: the best that runs, else the best that waits for its start. */
export function reusable(candidates: readonly Candidate[]): Candidate | undefined {
	const inState = (state: Slot['state']) => candidates.find(({ slot }) => slot.state === state);
	return inState('running') ?? inState('waiting');
}
