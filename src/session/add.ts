import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../cluster/api-error.ts';
import type { Connection } from '../cluster/connect.ts';
import { getPod, patchEphemeralContainers } from '../cluster/pods.ts';
import { UserError } from '../errors.ts';
import type { Candidate, ContainerPlan } from '../plan/container.ts';
import { buildPatch } from '../plan/plan.ts';
import { readRefusal } from '../plan/refusal.ts';
import { sayList } from '../text/say.ts';
import { sayRefusal } from './api-words.ts';
import type { Console } from './console.ts';
import type { Refusals } from './refusals.ts';

/** A container that stands in the pod, however it came there. */
export interface Added {
	pod: V1Pod;
	candidate: Candidate;
	/** Who refused the better ones, to be said with what is lost. */
	refusedBy: string | undefined;
}

/**
 * Add the best candidate that the cluster admits, by the real PATCH: a refusal stores nothing.
 *
 * A refusal of Pod Security or of a webhook moves on to the next; one of RBAC ends. A name that is taken by a container
 * with another spec is ours from another client (the record in it differs), so it is used.
 * @param options `dryRun`: ask the server, and store nothing; `refused`: what to say when none is admitted
 * @throws UserError, ApiError
 */
export async function addContainer(
	connection: Connection,
	pod: V1Pod,
	plan: ContainerPlan,
	refusals: Refusals,
	console: Console,
	options: { dryRun?: boolean; refused?: (by: string) => UserError } = {},
): Promise<Added> {
	const fresh = plan.candidates.filter(({ admission }) => !refusals.refused(admission));
	const candidates = fresh.length > 0 ? fresh : plan.candidates;
	let refusedBy = candidates.length < plan.candidates.length ? 'Pod Security or a policy' : undefined;
	let last: ApiError | undefined;
	for (const candidate of candidates) {
		try {
			const added = await addOne(connection, pod, candidate, console, options.dryRun ?? false);
			return { pod: added, candidate, refusedBy };
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			const refusal = readRefusal(error.status, error.message, error.body?.details);
			if (refusal.by === 'unsupported') {
				throw new UserError('the cluster has no ephemeral containers', 'They came with Kubernetes 1.25.', {
					cause: error,
				});
			}
			if (refusal.by !== 'pod-security' && refusal.by !== 'webhook') throw sayRefusal(error);
			refusedBy = refusal.by === 'webhook' ? refusal.name : `Pod Security ${refusal.level}`;
			last = error;
			if (!options.dryRun) refusals.remember(candidate.admission);
		}
	}
	if (options.refused && refusedBy) throw options.refused(refusedBy);
	if (candidates.length === 1) throw sayRefusal(last);
	const tried = sayList(candidates.map(({ profile }) => profile));
	const said = sayRefusal(last);
	throw new UserError(
		`${said instanceof Error ? said.message : String(said)} (tried: ${tried})`,
		said instanceof UserError ? said.hint : undefined,
		{ cause: last },
	);
}

async function addOne(
	connection: Connection,
	pod: V1Pod,
	{ container }: Candidate,
	console: Console,
	dryRun: boolean,
): Promise<V1Pod> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	const existing = (pod.spec?.ephemeralContainers ?? []).map((one) => one.name);
	try {
		const answer = await patchEphemeralContainers(connection, namespace, name, buildPatch(existing, container), {
			dryRun,
		});
		for (const warning of answer.warnings) console.warn(warning);
		return answer.pod;
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		if (readRefusal(error.status, error.message, error.body?.details).by !== 'name-taken') throw error;
		return getPod(connection, namespace, name);
	}
}
