import type { V1Pod } from '@kubernetes/client-node';
import type { Connection } from '../cluster/connect.ts';
import { UserError } from '../errors.ts';
import { TEXTS } from '../inside/texts.ts';
import { type ContainerPlan, planContainer } from '../plan/container.ts';
import { namesTarget } from '../plan/entry.ts';
import { withinPolicies } from '../plan/policy.ts';
import type { SessionRequest } from '../plan/request.ts';
import { needsTarget } from '../plan/rights.ts';
import { chooseTarget } from '../plan/target.ts';
import { judge } from '../plan/verdict.ts';
import { type Configuration, mapImage } from '../toolkit/configuration.ts';
import type { Scripts, Toolkit } from '../toolkit/toolkit.ts';
import type { Console } from './console.ts';

/** What a session is about, apart from the pod. */
export interface SessionInput {
	request: SessionRequest;
	/** undefined for a plain image. */
	toolkit: Toolkit | undefined;
	/** The texts of its scripts. */
	scripts: Scripts;
	configuration: Configuration;
	connection: Connection;
	version: string;
}

/** The words by which a session's container and the pod's place in it are known. */
export const IMAGE_SESSION = 'shell';

/** The plan for one pod, and the container beside which it stands. */
export interface Prepared {
	plan: ContainerPlan;
	/** The target's user, where a container of ours had to find it out. */
	identity: { uid: number; gid: number } | undefined;
	/** The container that was meant, whether its processes can be joined or not. */
	target: string;
	image: string;
}

/**
 * From a request and the pod as it is now to the plan: the target container, the verdict before anything is added, the
 * image after the configuration, the container in every form worth trying.
 * @param mode `main` where work runs as the container's own process
 * @param identity the target's user, where it was found otherwise than in the pod
 * @throws UserError
 */
export function prepare(
	{ request, toolkit, configuration, connection, version }: SessionInput,
	pod: V1Pod,
	console: Pick<Console, 'say'>,
	mode: { mode: 'sleeper' } | { mode: 'main'; nonce: string; main?: { command: string[]; stdin: boolean } } = {
		mode: 'sleeper',
	},
	identity?: { uid: number; gid: number },
): Prepared {
	const target = chooseTarget(pod, request.container, toolkit?.target?.container).container;
	const image = imageOf(request, toolkit, configuration);
	const verdict = judge(pod, target, {
		image,
		needsTarget: needsTarget(toolkit) || namesTarget(request),
		now: Date.now(),
	});
	if (verdict.verdict === 'untargeted') {
		console.say(`${verdict.because}; beside it without its processes (network and volumes are there)`);
	}
	const planned = planContainer({
		request,
		toolkit,
		image,
		pod,
		target: verdict.verdict === 'targeted' ? target : undefined,
		record: { by: connection.userName, version },
		sleeper: { command: ['sh', '-c', TEXTS.sleeper, 'ke-sleeper'] },
		identity,
		...mode,
	});
	const plan = withinPolicies(planned, request.profile, configuration.policies, pod);
	for (const note of plan.notes) console.say(note);
	return { plan, target, image, identity };
}

function ownOf(map: Record<string, string>, key: string): string | undefined {
	return Object.hasOwn(map, key) ? map[key] : undefined;
}

function imageOf(request: SessionRequest, toolkit: Toolkit | undefined, configuration: Configuration): string {
	const { name = '', image: own } = request.recipe?.recipe ?? {};
	// Another image of the toolkit's need not have what a recipe with an image of its own looks for.
	const key = own === undefined ? toolkit?.name : `${toolkit?.name}/${name}`;
	const image = request.image ?? (toolkit && (ownOf(configuration.images, key ?? '') ?? toolkit.image));
	if (image === undefined) throw new UserError('an image is needed', 'For example --image busybox:1.36.');
	return mapImage(image, configuration.registries);
}
