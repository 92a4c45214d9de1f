import type { V1EphemeralContainer, V1Pod } from '@kubernetes/client-node';
import type { Right } from '../toolkit/toolkit.ts';
import type { Candidate, ContainerPlan } from './container.ts';
import { kubectlCall } from './kubectl.ts';
import type { RecipePlan } from './recipe.ts';

/** What will be done, as `--dry-run -o yaml|json` prints it. Made of plain values only. */
export interface Plan {
	/** `namespace/name` */
	pod: string;
	container: V1EphemeralContainer;
	profile: { chosen: string; because: string; lost: Right[]; likely?: Right[] };
	/** The container of ours that serves already; null: one is added. */
	reuse: string | null;
	notes?: string[];
	/** What runs in it, where a recipe was asked for. */
	recipe?: RecipePlan;
	/** The call of kubectl that would add the same container. */
	kubectl: string;
	/** The content of the file that this call names, where it needs one. */
	custom?: object;
	/** The body of the PATCH of pods/ephemeralcontainers (strategic merge); null when nothing is added. */
	patch: object | null;
}

/**
 * The plan for a pod, with the candidate that was chosen.
 * @param because why that one: `not asked`, `admitted by a dry run on the server`, `asked for`
 */
export function describePlan(
	pod: V1Pod,
	plan: ContainerPlan,
	chosen: Candidate,
	because: string,
	recipe?: RecipePlan,
): Plan {
	const { container, slot, profile, lost, likely } = chosen;
	const existing = (pod.spec?.ephemeralContainers ?? []).map(({ name }) => name);
	const call = kubectlCall(pod, chosen);
	return {
		pod: `${pod.metadata?.namespace ?? 'default'}/${pod.metadata?.name}`,
		container,
		profile: { chosen: profile, because, lost, ...(likely.length > 0 && { likely }) },
		reuse: slot.state === 'new' ? null : slot.name,
		...(plan.notes.length > 0 && { notes: plan.notes }),
		...(recipe && { recipe }),
		kubectl: call.command,
		...(call.custom && { custom: call.custom }),
		patch: slot.state === 'new' ? buildPatch(existing, container) : null,
	};
}

/**
 * The PATCH that adds a container to those there are, as kubectl makes it: only the new one in the list, the order said
 * aside, so that sending it twice, or by two clients, adds one.
 */
export function buildPatch(existing: string[], container: V1EphemeralContainer): { spec: Record<string, unknown> } {
	const order = [...new Set([...existing, container.name])].map((name) => ({ name }));
	return {
		spec: {
			...(existing.length > 0 && { '$setElementOrder/ephemeralContainers': order }),
			ephemeralContainers: [container],
		},
	};
}
