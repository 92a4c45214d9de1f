import type { V1EphemeralContainer, V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { sayList } from '../text/say.ts';
import type { Right, Toolkit } from '../toolkit/toolkit.ts';
import type { SessionRequest } from './request.ts';
import { effectiveUser } from './rights.ts';

/**
 * The candidates that have what is needed; never empty.
 * @throws UserError saying which right each of them lacks
 */
export function checkNeeds<C extends { profile: string; lost: Right[] }>(
	candidates: C[],
	needs: Right[],
	{ request, toolkit }: { request: SessionRequest; toolkit: Toolkit | undefined },
): [C, ...C[]] {
	const [best, ...more] = candidates.filter(({ lost }) => !needs.some((right) => lost.includes(right)));
	if (best !== undefined) return [best, ...more];
	const lacks = candidates.map(({ profile, lost }) => {
		return `${profile} lacks ${sayList(needs.filter((right) => lost.includes(right)))}`;
	});
	throw new UserError(`${toolkit?.name ?? 'this'} needs ${sayList(needs)}: ${lacks.join('; ')}`, remedy(request));
}

/**
 * Refuses a container whose user the kubelet would refuse: it would stay in the pod's list without ever starting.
 * @throws UserError
 */
export function checkUser(
	container: V1EphemeralContainer,
	{ pod, request, toolkit, image, imageUser, identity, target }: UserInput,
): void {
	const { uid, nonRoot } = effectiveUser(container, pod);
	if (!nonRoot || uid) return;
	const whose = container.securityContext?.runAsNonRoot ? `profile ${request.profile}` : `pod "${pod.metadata?.name}"`;
	if (uid === 0) {
		throw new UserError(
			`${whose} demands a user other than root (runAsNonRoot), and runAsUser is 0`,
			'--run-as root takes the demand back for this container.',
		);
	}
	const known = imageUser ?? (image === toolkit?.image ? 'root' : undefined);
	const demandedByPod = container.securityContext?.runAsNonRoot === undefined;
	// An image of unknown user gets the benefit of the doubt only where the demand was asked for by name.
	if (known === 'other' || (known === undefined && !demandedByPod)) return;
	const ids = identity && identity.uid !== 0 ? ` (${target} runs as ${identity.uid}:${identity.gid})` : '';
	throw new UserError(
		`${whose} demands a user other than root (runAsNonRoot), names none, and ${image} starts as root${known ? '' : ' unless it says otherwise'}`,
		ids ? `--run-as target${ids}, or --run-as UID:GID.` : 'Name one: --run-as UID:GID.',
	);
}

/** What has no effect because the container's user is not root, in sentences; kubectl warns of it too. */
export function idleCapabilities(container: V1EphemeralContainer, pod: V1Pod): string[] {
	const { uid } = effectiveUser(container, pod);
	const { privileged, capabilities, runAsUser } = container.securityContext ?? {};
	const asked = privileged ? ['privileged'] : (capabilities?.add ?? []);
	if (!uid || asked.length === 0) return [];
	const whose = runAsUser === undefined ? "the pod's user" : 'user';
	return [`${sayList(asked)} without effect for ${whose} ${uid} (--run-as root changes it)`];
}

interface UserInput {
	pod: V1Pod;
	request: SessionRequest;
	toolkit: Toolkit | undefined;
	image: string;
	imageUser?: 'root' | 'other' | undefined;
	identity: { uid: number; gid: number } | undefined;
	target: string | undefined;
}

function remedy({ profile, runAs, capDrop }: SessionRequest): string {
	if (runAs !== undefined && runAs !== 'root') return 'Without --run-as it starts as root, where that is admitted.';
	if (capDrop.length > 0) return `Without --cap-drop ${capDrop.join(',')} it would have more.`;
	return profile === 'auto'
		? 'Another toolkit may do with less; --cap-add asks for more.'
		: '--profile auto takes the most that is admitted.';
}
