import type { V1SecurityContext } from '@kubernetes/client-node';
import type { ProfileName } from './request.ts';
import {
	addCapabilities,
	applyVerbs,
	clearContext,
	disallowPrivilegeEscalation,
	disallowRoot,
	dropCapabilities,
	useRuntimeSeccomp,
	type Verb,
} from './security.ts';

/** A profile that kubectl has too. */
export type KubectlProfile = Exclude<ProfileName, 'auto'>;

/**
 * kubectl's six profiles, to the field (kubectl 1.36, pkg/cmd/debug/profiles.go, ephemeral containers), each with the
 * line that `--help` says about it. The keys are the values of `--profile`.
 */
export const PROFILES: Readonly<Record<KubectlProfile, { help: string; verbs: Verb[] }>> = {
	general: { help: 'adds SYS_PTRACE (what kubectl debug does by default)', verbs: [addCapabilities('SYS_PTRACE')] },
	baseline: { help: 'asks for nothing; admitted by Pod Security baseline', verbs: [clearContext] },
	restricted: {
		help: 'non-root, no capabilities; admitted by Pod Security restricted',
		verbs: [clearContext, disallowRoot, dropCapabilities('ALL'), disallowPrivilegeEscalation, useRuntimeSeccomp],
	},
	netadmin: { help: 'adds NET_ADMIN and NET_RAW', verbs: [addCapabilities('NET_ADMIN', 'NET_RAW')] },
	sysadmin: { help: 'privileged', verbs: [(context) => ({ ...context, privileged: true })] },
	legacy: { help: 'asks for nothing (kubectl removes it in 1.39)', verbs: [] },
};

/** Every value of `--profile`, ours first. */
export const PROFILE_NAMES: readonly ProfileName[] = ['auto', ...(Object.keys(PROFILES) as KubectlProfile[])];

/** What kubectl's profile makes of a container's security context (undefined: none). */
export function applyProfile(profile: KubectlProfile, context?: V1SecurityContext): V1SecurityContext | undefined {
	return applyVerbs(context, PROFILES[profile].verbs);
}

/** What Pod Security *restricted* asks of a container, but for the user, who must be named beside it. */
export const RESTRICTED_VERBS: readonly Verb[] = PROFILES.restricted.verbs;
