import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import type { Candidate } from '../plan/container.ts';
import { noChroot, PLAIN_ENTRY, wantedRoot } from '../plan/entry.ts';
import { targetIdentity } from '../plan/identity.ts';
import { readStart } from '../plan/start.ts';
import { addContainer } from './add.ts';
import { attachInstead } from './main-process.ts';
import { IMAGE_SESSION, type Prepared, prepare, type SessionInput } from './prepare.ts';
import { runWork } from './run.ts';
import { captureSink } from './sink.ts';
import type { SessionTools } from './tools.ts';
import { waitForStart } from './wait.ts';
import { workOf } from './work.ts';

/** A container that runs, and how it came. */
export interface Brought {
	pod: V1Pod;
	candidate: Candidate;
	prepared: Prepared;
	/** Whether it was there before. */
	reused: boolean;
	refusedBy: string | undefined;
}

/** No container that sleeps can be had here, only one whose main process is the work itself. */
export interface NoSleeper {
	because: 'exec-forbidden' | 'no-shell';
	pod: V1Pod;
	candidate: Candidate;
	prepared: Prepared;
}

/**
 * A container of ours that runs in the pod: the one that is there, or one more.
 *
 * Where only a non-root container is admitted and nothing tells the target's user, a first one finds that out and the one
 * of that user is brought next.
 * @param identity the target's user, once it was found out
 * @throws UserError, ApiError
 */
export async function bring(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	because?: string,
	identity?: { uid: number; gid: number },
): Promise<Brought | NoSleeper> {
	const { connection, request, toolkit } = input;
	const { console } = tools;
	const prepared = prepare(input, pod, console, { mode: 'sleeper' }, identity);
	const { plan, target } = prepared;
	if (because !== undefined) console.say(`${pod.metadata?.name}, container ${target} (${because})`);
	const { reuse } = plan;
	if (reuse?.slot.state === 'running')
		return asTarget(input, tools, { pod, candidate: reuse, prepared, reused: true, refusedBy: undefined });
	const [best] = plan.candidates;
	if (reuse === undefined && (await attachInstead(connection, pod)))
		return { because: 'exec-forbidden', pod, candidate: best, prepared };
	if (request.command.length > 0 && hadNoShell(pod, plan.candidates))
		return { because: 'no-shell', pod, candidate: best, prepared };
	const place = `${connection.server.host} ${pod.metadata?.namespace} ${request.toolkit ?? IMAGE_SESSION}`;
	const options = wantedRoot(request, toolkit) === 'target' ? { refused: noChroot } : {};
	const added = reuse
		? { pod, candidate: reuse, refusedBy: undefined }
		: await addContainer(connection, pod, plan, tools.refusals(place), console, options);
	const { name, after } = added.candidate.slot;
	if (after !== undefined) console.say(`${after} has ended; ${name} takes its place`);
	const { start, pod: started } = await waitForStart(connection, added.pod, name, tools.patience, console);
	if (start.state === 'failed') {
		if (start.noCommand && request.command.length > 0)
			return { because: 'no-shell', pod: started, candidate: added.candidate, prepared };
		throw new UserError(
			start.sentence,
			[start.hint, `The entry ${name} stays in the pod's list without ever running.`].filter(Boolean).join(' '),
		);
	}
	if (start.state === 'ended')
		throw new UserError(`${name} ended at once with exit code ${start.exitCode}`, 'Its log says why: kubectl logs');
	const reused = reuse !== undefined;
	return asTarget(input, tools, { ...added, pod: started, prepared, reused });
}

/** The container itself, or, where it could only guess the target's user, the one of that user. */
async function asTarget(input: SessionInput, tools: SessionTools, brought: Brought): Promise<Brought | NoSleeper> {
	const { pod, candidate, prepared } = brought;
	const target = candidate.container.targetContainerName;
	const { runAsUser, runAsGroup } = candidate.container.securityContext ?? {};
	const guessed = candidate.profile === 'restricted' && prepared.identity === undefined && runAsUser !== undefined;
	if (!guessed || !target || targetIdentity(pod, target)) return brought;
	const found = await findIdentity(input, brought);
	if (!found || found.uid === 0 || (found.uid === runAsUser && found.gid === runAsGroup)) return brought;
	tools.console.say(`container ${target} runs as ${found.uid}:${found.gid}: a container of that user does the work`);
	return bring(input, tools, pod, undefined, found);
}

/** The target's ids as /proc tells them, which any user may read. */
async function findIdentity(input: SessionInput, brought: Brought): Promise<{ uid: number; gid: number } | undefined> {
	const { namespace = '', name: pod = '' } = brought.pod.metadata ?? {};
	const capture = captureSink(1024);
	const request = { ...input.request, stdin: false, tty: false, root: 'debug' as const, targetEnv: false };
	const work = workOf({ ...input, request }, brought, true);
	const words = ['sh', '-c', 'echo "$TARGET_UID:$TARGET_GID"'];
	const place = { namespace, pod, container: brought.candidate.slot.name };
	await runWork(input.connection, place, { ...work, words, shell: false, entry: PLAIN_ENTRY }, capture);
	const [, uid, gid] = /^(\d+):(\d+)$/m.exec(capture.read('stdout').text) ?? [];
	return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Whether this very container was tried before and had no shell to sleep in: trying again would add one more dead entry. */
function hadNoShell(pod: V1Pod, candidates: readonly Candidate[]): boolean {
	return candidates.some(({ slot }) => {
		const before = slot.after === undefined ? undefined : readStart(pod, slot.after, []);
		return before?.state === 'failed' && before.noCommand === true;
	});
}
