import type { V1Pod, V1SecurityContext } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import type { Right } from '../toolkit/toolkit.ts';
import { BASELINE_ADMITS, parseCapability } from './capabilities.ts';
import { fallbackIds, findContainer } from './identity.ts';
import { applyProfile, RESTRICTED_VERBS } from './profiles.ts';
import type { ProfileName, RunAs, SessionRequest } from './request.ts';
import {
	addCapabilities,
	allowEverything,
	allowRoot,
	applyVerbs,
	clearContext,
	dropCapabilities,
	runAs,
	type Verb,
} from './security.ts';

/** A security context that may be tried, under a word to speak of it. */
export interface Draft {
	profile: string;
	context: V1SecurityContext | undefined;
}

/** The ids of a container's user; without `gid` the pod's or the image's group holds. */
export interface Ids {
	uid: number;
	gid?: number;
}

/** What decides the security context. */
export interface DraftInput {
	request: Pick<SessionRequest, 'profile' | 'capAdd' | 'capDrop' | 'privileged' | 'runAs'>;
	/**
	 * Whether a command goes into the target's root, or takes its environment, with root for its user: it gets at our
	 * processes, so that the container may do no more than its own.
	 */
	besideRoot: boolean;
	/** Whether another user than root is taken only by each command (the launcher does it), so that the container is shared. */
	entersAs: boolean;
	/** What the toolkit needs and wants together. */
	rights: Right[];
	/** Whether the image is a toolkit's, whose tools expect to be root; else its own user is respected. */
	ofToolkit: boolean;
	pod: V1Pod;
	target: string | undefined;
	identity: { uid: number; gid: number } | undefined;
}

/**
 * The security contexts to try, best first: one for a profile named, up to four for `auto`, each with the flags on top.
 *
 * `auto` asks for all that is wanted (`full`), for what Pod Security baseline admits of it, for no capability (`plain`:
 * webhooks), and for what Pod Security restricted admits, as the target's user.
 * @throws UserError for a capability that does not exist, or a target's user that is not known but asked for
 */
export function draftContexts(input: DraftInput): Draft[] {
	const { request } = input;
	const { entersAs } = input;
	const ids = resolveRunAs(request.runAs, input);
	const drafts = request.profile === 'auto' ? autoDrafts(input, ids) : [namedDraft(request.profile)];
	return drafts.map(({ profile, context }) => {
		const podNonRoot = context?.runAsNonRoot ?? input.pod.spec?.securityContext?.runAsNonRoot ?? false;
		return {
			profile,
			context: applyVerbs(context, flagVerbs(request, entersAs && ids?.uid !== 0 ? undefined : ids, podNonRoot)),
		};
	});
}

function namedDraft(profile: Exclude<ProfileName, 'auto'>): Draft {
	return { profile, context: applyProfile(profile) };
}

function autoDrafts(input: DraftInput, ids: Ids | undefined): Draft[] {
	const other = ids !== undefined && ids.uid !== 0;
	if (other && !input.entersAs) return [{ profile: 'user', context: undefined }, restrictedDraft(ids)];
	if (input.request.privileged) return [{ profile: 'privileged', context: applyVerbs({}, rootVerbs(input, true)) }];
	const wanted = input.rights
		.filter((right) => right !== 'same-user')
		.map((right) => parseCapability(right, 'the toolkit'));
	if (input.besideRoot) return [insideDraft(input), restrictedDraft(ids?.uid ? ids : nonRootIds(input))];
	const full = [...new Set([...wanted, ...(input.target === undefined ? [] : ['SYS_CHROOT'])])];
	const admitted = full.filter((name) => BASELINE_ADMITS.has(name));
	const root = (profile: string, add: string[]): Draft => ({
		profile,
		context: applyVerbs({}, [...rootVerbs(input, input.ofToolkit && add.length > 0), addCapabilities(...add)]),
	});
	const drafts = [root('full', full)];
	if (admitted.length < full.length) drafts.push(root('baseline', admitted));
	if (admitted.length > 0) drafts.push(root('plain', []));
	if (ids?.uid !== 0 && restrictedServes(input.request)) drafts.push(restrictedDraft(ids ?? nonRootIds(input)));
	return drafts;
}

/** Root with the way into the target's root, and none of the capabilities that the target has dropped. */
function insideDraft(input: DraftInput): Draft {
	const target = input.target === undefined ? undefined : findContainer(input.pod, input.target);
	const dropped = target?.securityContext?.capabilities?.drop ?? [];
	const verbs = [...rootVerbs(input, true), dropCapabilities(...dropped), addCapabilities('SYS_CHROOT')];
	return { profile: 'inside', context: applyVerbs({}, verbs) };
}

/** Root said aloud where the pod would have it otherwise, or where the image might. */
function rootVerbs({ pod }: DraftInput, always: boolean): Verb[] {
	const { runAsUser, runAsGroup, runAsNonRoot } = pod.spec?.securityContext ?? {};
	return [
		...(always || runAsUser || runAsNonRoot ? [runAs(0)] : []),
		...(runAsGroup ? [runAs(0, 0)] : []),
		...(runAsNonRoot ? [allowRoot] : []),
	];
}

function restrictedDraft({ uid, gid }: Ids): Draft {
	return { profile: 'restricted', context: applyVerbs({}, [clearContext, ...RESTRICTED_VERBS, runAs(uid, gid)]) };
}

/** Whether a container that Pod Security restricted admits could still have what the flags ask for. */
function restrictedServes({ capAdd }: DraftInput['request']): boolean {
	return capAdd.every((name) => parseCapability(name, '--cap-add') === 'NET_BIND_SERVICE');
}

function nonRootIds({ pod, target, identity }: DraftInput): Ids {
	return identity && identity.uid !== 0 ? { uid: identity.uid, gid: identity.gid } : fallbackIds(pod, target);
}

function resolveRunAs(wanted: RunAs | undefined, { identity, target, pod, entersAs }: DraftInput): Ids | undefined {
	if (wanted === 'root') return { uid: 0, gid: 0 };
	if (wanted !== 'target') return wanted;
	if (identity) return { uid: identity.uid, gid: identity.gid };
	// The launcher reads it there.
	if (entersAs && target !== undefined) return undefined;
	throw new UserError(
		target === undefined
			? '--run-as target needs a target that runs'
			: `the user of container "${target}" is not known: neither the status nor the spec of pod "${pod.metadata?.name}" says uid and gid`,
		'Give the ids: --run-as UID:GID.',
	);
}

function flagVerbs(request: DraftInput['request'], ids: Ids | undefined, nonRoot: boolean): Verb[] {
	return [
		...(request.privileged ? [allowEverything] : []),
		dropCapabilities(...request.capDrop.map((name) => parseCapability(name, '--cap-drop'))),
		...(request.capAdd.length > 0
			? [addCapabilities(...request.capAdd.map((name) => parseCapability(name, '--cap-add')))]
			: []),
		...(ids ? [runAs(ids.uid, ids.gid)] : []),
		...(ids?.uid === 0 && nonRoot ? [allowRoot] : []),
	];
}
