import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { PLAIN_ENTRY, planEntry } from '../plan/entry.ts';
import { targetIdentity } from '../plan/identity.ts';
import { effectiveUser } from '../plan/rights.ts';
import { runningSessions } from '../plan/sessions.ts';
import { chooseTarget } from '../plan/target.ts';
import { bring } from './bring.ts';
import type { Work } from './enter.ts';
import { openStream } from './exec-stream.ts';
import type { SessionInput } from './prepare.ts';
import type { Place } from './run.ts';
import type { SessionTools } from './tools.ts';
import type { OpenAgent } from './transfer/agent.ts';
import { targetIdOf, workOf } from './work.ts';

/** Files of a target container, within reach. */
export interface FilesAgent {
	open: OpenAgent;
	/** The container that they are of. */
	container: string;
}

/**
 * The files agent of the target's root, in a container of ours: one that runs beside that target already, whatever its
 * toolkit, else the one of the request.
 * @param input its request names who reads and writes (`runAs`), and its toolkit is brought where none is there
 * @throws UserError, ApiError
 */
export async function openFiles(input: SessionInput, tools: SessionTools, pod: V1Pod): Promise<FilesAgent> {
	const { connection, request, toolkit } = input;
	const { container } = chooseTarget(pod, request.container, toolkit?.target?.container);
	const there = request.image === undefined && !request.fresh ? usable(pod, container, input) : undefined;
	const { place, work } = there ?? (await broughtFor(input, tools, pod));
	return {
		container,
		open: (words, { stdin, filter }) =>
			openStream(connection, place, { ...work, words, stdin, tty: false, shell: false, files: { filter } }),
	};
}

interface Way {
	place: Place;
	work: Work;
}

/** A running container of ours beside the target that can be who is wanted: root can be anyone. */
function usable(pod: V1Pod, container: string, { request }: SessionInput): Way | undefined {
	const identity = targetIdentity(pod, container);
	const { runAs = 'target' } = request;
	const wanted = runAs === 'target' ? identity : runAs === 'root' ? { uid: 0, gid: 0 } : runAs;
	for (const name of runningSessions(pod, { target: container })) {
		const spec = pod.spec?.ephemeralContainers?.find((one) => one.name === name);
		if (!spec) continue;
		const own = effectiveUser(spec, pod);
		const isWanted = wanted !== undefined && own.uid === wanted.uid && (wanted.gid ?? own.gid) === own.gid;
		if (own.uid !== 0 && !isWanted) continue;
		const { namespace = '', name: podName = '' } = pod.metadata ?? {};
		const as = own.uid !== 0 || runAs === 'root' ? undefined : runAs === 'target' ? runAs : { gid: 0, ...runAs };
		return {
			place: { namespace, pod: podName, container: name },
			work: {
				...NOTHING,
				targetId: targetIdOf(pod, container),
				entry: { ...PLAIN_ENTRY, as, keepsRights: runAs === 'root' },
			},
		};
	}
	return undefined;
}

async function broughtFor(input: SessionInput, tools: SessionTools, pod: V1Pod): Promise<Way> {
	const request = { ...input.request, runAs: input.request.runAs ?? ('target' as const) };
	const brought = await bring({ ...input, request }, tools, pod);
	if ('because' in brought) {
		throw brought.because === 'no-shell'
			? new UserError(`${brought.prepared.image} has no shell`, 'Files need an image with one: --image or --toolkit.')
			: new UserError(
					'exec is not permitted here, and files need it',
					'The Role it takes: the same command with --show-role',
				);
	}
	const { namespace = '', name = '' } = brought.pod.metadata ?? {};
	const work = workOf({ ...input, request }, brought, true);
	const entry = planEntry(request, undefined, {
		pod: brought.pod,
		candidate: brought.candidate,
		target: brought.candidate.container.targetContainerName,
	});
	return {
		place: { namespace, pod: name, container: brought.candidate.slot.name },
		work: {
			...work,
			env: [],
			entry: { ...entry, root: 'debug', targetEnv: false, keepsRights: request.runAs === 'root' },
		},
	};
}

/** A work that is nothing yet. */
const NOTHING: Work = {
	words: [],
	shell: false,
	stdin: false,
	tty: false,
	env: [],
	path: [],
	targetId: '',
	prompt: '',
	entry: PLAIN_ENTRY,
	quiet: true,
};
