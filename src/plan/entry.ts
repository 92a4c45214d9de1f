import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import type { Toolkit } from '../toolkit/toolkit.ts';
import type { Candidate } from './container.ts';
import { targetIdentity } from './identity.ts';
import type { SessionRequest } from './request.ts';
import { effectiveUser } from './rights.ts';

/** How a command comes into a container that runs: as whom, in which root, with which environment. */
export interface Entry {
	/** `target`: in the target's root or not at all; `try`: there, or else in the debug image's, which is said. */
	root: 'debug' | 'target' | 'try';
	/** Another user than the container's own: the target's as it then is, or ids. */
	as: 'target' | { uid: number; gid: number } | undefined;
	/** Keep the container's capabilities in the target's root: root was asked for by name. */
	keepsRights: boolean;
	/** The target's own environment, less what would act on our tools. */
	targetEnv: boolean;
	/** The target's PATH before the tools. */
	targetPathFirst: boolean;
	/** The process of the target, where the user names it. */
	pid: number | undefined;
}

/** A command that begins in the debug image as the container's own user. */
export const PLAIN_ENTRY: Entry = {
	root: 'debug',
	as: undefined,
	keepsRights: false,
	targetEnv: false,
	targetPathFirst: false,
	pid: undefined,
};

/** Which root a request means, before any container is chosen. A toolkit's wish is for its shell, and gives way. */
export function wantedRoot(request: SessionRequest, toolkit: Toolkit | undefined): Entry['root'] {
	if (request.root !== undefined) return request.root;
	return request.command.length === 0 && toolkit?.shell.root === 'target' ? 'try' : 'debug';
}

/** Whether a request says by itself that it works on the target. */
export function namesTarget({ root, targetEnv, runAs, recipe }: SessionRequest): boolean {
	return root === 'target' || targetEnv === true || (runAs ?? recipe?.recipe.user) === 'target';
}

/**
 * Whether a container may change its root, as far as its spec tells: Pod Security *restricted* leaves no way; else there is
 * SYS_CHROOT, or perhaps a user namespace.
 */
export function mayChroot({ container }: Pick<Candidate, 'container'>): boolean {
	const { capabilities, allowPrivilegeEscalation, seccompProfile, privileged } = container.securityContext ?? {};
	if (privileged) return true;
	const dropped = capabilities?.drop?.includes('ALL') === true && !capabilities.add?.includes('SYS_CHROOT');
	return !(dropped && allowPrivilegeEscalation === false && seccompProfile?.type === 'RuntimeDefault');
}

/** What stands in the way of the target's root where no container could be had that may chroot. */
export function noChroot(by: string): UserError {
	return new UserError(
		`${by} leaves nothing that could chroot; the target's files are at $TARGET_ROOT`,
		'Without --root target the command runs beside them.',
	);
}

/**
 * How the command of a request enters a container.
 *
 * In the target's root it is the target's user, with no capability, unless root was asked for by name: a hostile target
 * gains nothing from it (design, decision 3). A container that is not root already is who it is.
 * @throws UserError where the target's root or environment is wanted and no target's processes are joined
 */
export function planEntry(
	request: SessionRequest,
	toolkit: Toolkit | undefined,
	{ pod, candidate, target }: { pod: V1Pod; candidate: Candidate; target: string | undefined },
): Entry {
	const wanted = wantedRoot(request, toolkit);
	const joined = target !== undefined || request.pid !== undefined;
	if (!joined && (wanted === 'target' || request.targetEnv)) {
		throw new UserError(
			`the processes of the target are not joined, so its ${wanted === 'target' ? 'root' : 'environment'} is not there`,
			'A process in a shared namespace is named by --pid.',
		);
	}
	const root = joined ? wanted : 'debug';
	const { uid } = effectiveUser(candidate.container, pod);
	const runAs = request.runAs ?? request.recipe?.recipe.user;
	const inside = root !== 'debug';
	const targetEnv = joined && (request.targetEnv ?? (inside && request.command.length === 0));
	return {
		root,
		as: uid === 0 ? asWhom(runAs, inside || targetEnv) : undefined,
		keepsRights: (inside || targetEnv) && runAs === 'root',
		targetEnv,
		targetPathFirst: request.targetPathFirst,
		pid: request.pid,
	};

	function asWhom(who: SessionRequest['runAs'], onTarget: boolean): Entry['as'] {
		if (who === 'root') return undefined;
		// Its environment, too, acts only on what has no more rights than it.
		if (who === undefined) return onTarget ? 'target' : undefined;
		if (who === 'target') return 'target';
		const known = target === undefined ? undefined : targetIdentity(pod, target);
		return { uid: who.uid, gid: who.gid ?? (known?.uid === who.uid ? known.gid : 0) };
	}
}
