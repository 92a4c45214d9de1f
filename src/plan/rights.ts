import type { V1EphemeralContainer, V1Pod } from '@kubernetes/client-node';
import type { Right, Toolkit } from '../toolkit/toolkit.ts';
import { RUNTIME_DEFAULTS } from './capabilities.ts';

/**
 * Whether a container has a right: `sure` when it was asked for and is effective, `likely` when it was not asked for but
 * most runtimes give it by default (CapBnd tells), else `no`.
 */
export type Grant = 'sure' | 'likely' | 'no';

/** The rights a toolkit needs, and wants beside them; a plain image wants what kubectl gives by default. */
export function wantedRights(toolkit: Toolkit | undefined): { needs: Right[]; wants: Right[] } {
	if (toolkit === undefined) return { needs: [], wants: ['SYS_PTRACE'] };
	return { needs: toolkit.needs, wants: toolkit.wants.filter((right) => !toolkit.needs.includes(right)) };
}

/** Whether a toolkit is of no use without a running target: it works on the target's own processes. */
export function needsTarget(toolkit: Toolkit | undefined): boolean {
	return toolkit?.needs.some(isOfProcesses) ?? false;
}

/** Whether a right means something only among the target's processes. */
export function isOfProcesses(right: Right): boolean {
	return right === 'same-user' || right === 'SYS_PTRACE' || right === 'SYS_CHROOT';
}

/**
 * Whether a container would have a right, judged from its spec and the pod's. An image's own user is unknown here: root
 * is supposed, as most debugging images have it.
 *
 * Kubernetes has no ambient capabilities, so what is added is without effect for any user but root.
 * @param identity the target's user; undefined: unknown
 */
export function grantOf(
	right: Right,
	container: Pick<V1EphemeralContainer, 'securityContext'>,
	pod: V1Pod,
	identity: { uid: number; gid: number } | undefined,
): Grant {
	const own = container.securityContext;
	const { uid, gid } = effectiveUser(container, pod);
	if (uid !== 0) {
		const same = identity !== undefined && identity.uid === uid && identity.gid === gid;
		return right === 'same-user' && same ? 'sure' : 'no';
	}
	if (own?.privileged) return 'sure';
	// Root becomes anyone by these two.
	if (right === 'same-user') return worse(grantToRoot('SETUID', own), grantToRoot('SETGID', own));
	return grantToRoot(right, own);
}

/** The user a container starts as; `uid` undefined: the image's, which must not be root. */
export function effectiveUser(
	container: Pick<V1EphemeralContainer, 'securityContext'>,
	pod: V1Pod,
): { uid: number | undefined; gid: number; nonRoot: boolean; said: boolean } {
	const own = container.securityContext;
	const shared = pod.spec?.securityContext;
	const nonRoot = own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false;
	const said = own?.runAsUser ?? shared?.runAsUser;
	const gid = own?.runAsGroup ?? shared?.runAsGroup ?? 0;
	return { uid: said ?? (nonRoot ? undefined : 0), gid, nonRoot, said: said !== undefined };
}

function grantToRoot(capability: string, own: V1EphemeralContainer['securityContext']): Grant {
	const { add = [], drop = [] } = own?.capabilities ?? {};
	if (add.includes(capability) || add.includes('ALL')) return 'sure';
	const dropped = drop.includes(capability) || drop.includes('ALL');
	return RUNTIME_DEFAULTS.has(capability) && !dropped ? 'likely' : 'no';
}

function worse(a: Grant, b: Grant): Grant {
	if (a === 'no' || b === 'no') return 'no';
	return a === 'likely' || b === 'likely' ? 'likely' : 'sure';
}
