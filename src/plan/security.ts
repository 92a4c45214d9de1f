import type { V1SecurityContext } from '@kubernetes/client-node';

/** One effect on a security context; gives a new one. Profiles and flags are lists of these. */
export type Verb = (context: V1SecurityContext) => V1SecurityContext;

/** The verbs one after another; undefined when nothing is left to say. */
export function applyVerbs(context: V1SecurityContext | undefined, verbs: Verb[]): V1SecurityContext | undefined {
	const result = verbs.reduce((current, verb) => verb(current), context ?? {});
	return Object.keys(result).length > 0 ? result : undefined;
}

/** Forget whatever was said before. */
export const clearContext: Verb = () => ({});

export const disallowRoot: Verb = (context) => ({ ...context, runAsNonRoot: true });

export const disallowPrivilegeEscalation: Verb = (context) => ({ ...context, allowPrivilegeEscalation: false });

export const useRuntimeSeccomp: Verb = (context) => ({ ...context, seccompProfile: { type: 'RuntimeDefault' } });

/** Privileged; the API refuses it beside `allowPrivilegeEscalation: false`, so that one goes. */
export const allowEverything: Verb = ({ allowPrivilegeEscalation: _, ...context }) => ({
	...context,
	privileged: true,
});

/** Append to what is added already, each name once; what was dropped by that name no longer is. */
export function addCapabilities(...names: string[]): Verb {
	return (context) => {
		const { add = [], drop } = context.capabilities ?? {};
		const kept = drop?.filter((name) => !names.includes(name));
		const capabilities = {
			...(names.length + add.length > 0 && { add: [...new Set([...add, ...names])] }),
			...(kept && kept.length > 0 && { drop: kept }),
		};
		return Object.keys(capabilities).length > 0 ? { ...context, capabilities } : context;
	};
}

/** Drop, and add no longer: `ALL` also takes back everything added so far, as docker means it. */
export function dropCapabilities(...names: string[]): Verb {
	return (context) => {
		if (names.length === 0) return context;
		const { add = [], drop = [] } = context.capabilities ?? {};
		const kept = names.includes('ALL') ? [] : add.filter((name) => !names.includes(name));
		const dropped = [...new Set([...drop, ...names])];
		return { ...context, capabilities: { ...(kept.length > 0 && { add: kept }), drop: dropped } };
	};
}

/** Run as these ids; without a gid the field is left as it is. */
export function runAs(uid: number, gid?: number): Verb {
	return (context) => ({ ...context, runAsUser: uid, ...(gid !== undefined && { runAsGroup: gid }) });
}

/** Take back a demand for a non-root user. */
export const allowRoot: Verb = (context) => ({ ...context, runAsNonRoot: false });
