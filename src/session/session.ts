import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../cluster/api-error.ts';
import { ConnectionLost } from '../cluster/channels.ts';
import { getPod } from '../cluster/pods.ts';
import { UserError } from '../errors.ts';
import type { Candidate } from '../plan/container.ts';
import { findStatus, targetIdentity } from '../plan/identity.ts';
import { readStart } from '../plan/start.ts';
import { sayDuration } from '../text/say.ts';
import { addContainer } from './add.ts';
import { sayRefusal } from './api-words.ts';
import type { Console } from './console.ts';
import { locatePod } from './locate.ts';
import { attachInstead, runAsMain } from './main-process.ts';
import type { Outcome } from './outcome.ts';
import { IMAGE_SESSION, type Prepared, prepare, type SessionInput } from './prepare.ts';
import { runWork, type Work } from './run.ts';
import type { SessionTools } from './tools.ts';
import { waitForStart } from './wait.ts';

/** A container that runs, and how it came. */
export interface Brought {
	pod: V1Pod;
	candidate: Candidate;
	prepared: Prepared;
	/** Whether it was there before. */
	reused: boolean;
	refusedBy: string | undefined;
}

/**
 * Carry a request out: find the pod, bring the container (or use the one that is there), run the command or the shell in
 * it, give its exit code.
 * @throws UserError, ApiError
 */
export async function openSession(input: SessionInput, tools: SessionTools): Promise<Outcome> {
	const began = Date.now();
	const { connection, request } = input;
	const namespace = request.namespace ?? connection.namespace;
	const toolkit = request.toolkit ?? IMAGE_SESSION;
	try {
		const { pod, because } = await locatePod(connection, namespace, request.targets, toolkit);
		const brought = await bring(input, tools, pod, because);
		if ('exitCode' in brought) return { ...brought, ms: Date.now() - began };
		return { ...(await work(input, tools, brought)), ms: Date.now() - began };
	} catch (error) {
		throw sayRefusal(error);
	}
}

/** The container, running; or, where work had to be its main process, the end of that. */
async function bring(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	because: string | undefined,
): Promise<Brought | Omit<Outcome, 'ms'>> {
	const { connection, request } = input;
	const { console } = tools;
	const prepared = prepare(input, pod, console);
	const { plan, target } = prepared;
	if (because !== undefined) console.say(`${pod.metadata?.name}, container ${target} (${because})`);
	const { reuse } = plan;
	if (reuse?.slot.state === 'running') return { pod, candidate: reuse, prepared, reused: true, refusedBy: undefined };
	if (reuse === undefined && (await attachInstead(connection, pod))) {
		console.say('exec is not permitted here, attach is: the command runs as the main process of its own container');
		return runAsMain(input, tools, pod, workOf(input, { pod, candidate: plan.candidates[0], prepared }));
	}
	if (request.command.length > 0 && hadNoShell(pod, plan.candidates)) return runAsMain(input, tools, pod, undefined);
	const place = `${connection.server.host} ${pod.metadata?.namespace} ${request.toolkit ?? IMAGE_SESSION}`;
	const added = reuse
		? { pod, candidate: reuse, refusedBy: undefined }
		: await addContainer(connection, pod, plan, tools.refusals(place), console);
	const { name, after } = added.candidate.slot;
	if (after !== undefined) console.say(`${after} has ended; ${name} takes its place`);
	const { start, pod: started } = await waitForStart(connection, added.pod, name, tools.patience, console);
	if (start.state === 'failed') {
		if (start.noCommand && request.command.length > 0) {
			console.say(`${prepared.image} has no shell: the command runs as the main process of its own container`);
			return runAsMain(input, tools, started, undefined);
		}
		throw new UserError(
			start.sentence,
			[start.hint, `The entry ${name} stays in the pod's list without ever running.`].filter(Boolean).join(' '),
		);
	}
	if (start.state === 'ended')
		throw new UserError(`${name} ended at once with exit code ${start.exitCode}`, 'Its log says why: kubectl logs');
	sayLost(added.candidate, added.refusedBy, console);
	return {
		pod: started,
		candidate: added.candidate,
		prepared,
		reused: reuse !== undefined,
		refusedBy: added.refusedBy,
	};
}

/** Whether this very container was tried before and had no shell to sleep in: trying again would add one more dead entry. */
function hadNoShell(pod: V1Pod, candidates: readonly Candidate[]): boolean {
	return candidates.some(({ slot }) => {
		const before = slot.after === undefined ? undefined : readStart(pod, slot.after, []);
		return before?.state === 'failed' && before.noCommand === true;
	});
}

/** Run it; once more where the container turns out to have ended since it was looked at. */
async function work(
	input: SessionInput,
	tools: SessionTools,
	brought: Brought,
	again = true,
): Promise<Omit<Outcome, 'ms'>> {
	const { request, connection } = input;
	const { console } = tools;
	const container = brought.candidate.slot.name;
	const { namespace = '', name: pod = '' } = brought.pod.metadata ?? {};
	const shell = request.command.length === 0;
	if (shell && request.tty) sayWelcome(brought, console);
	try {
		const exitCode = await runWork(connection, { namespace, pod, container }, workOf(input, brought), tools.sink);
		if (shell && request.tty && !brought.reused) {
			const until = request.ttl === 0 ? 'until it is stopped' : `idle, for ${sayDuration(request.ttl)}`;
			console.say(`${container} stays in the pod, ${until} (kubectl ephemeral stop ${pod} -n ${namespace} ends it)`);
		}
		return { ...describe(brought), exitCode };
	} catch (error) {
		if (error instanceof ConnectionLost) throw await lost(input, brought, error);
		if (!again || !(error instanceof ApiError) || (await stateOf(input, brought)) !== 'ended') throw error;
		const next = await bring(input, tools, await getPod(connection, namespace, pod), undefined);
		return 'exitCode' in next ? next : work(input, tools, next, false);
	}
}

function workOf(
	{ request, toolkit }: SessionInput,
	{ pod, candidate, prepared }: Pick<Brought, 'pod' | 'candidate' | 'prepared'>,
): Work {
	const target = candidate.container.targetContainerName;
	const id = (target && findStatus(pod, target)?.containerID) ?? '';
	const shell = request.command.length === 0;
	return {
		words: shell ? [...new Set([...(toolkit?.shell.command ?? []), 'bash', 'zsh', 'ash', 'sh'])] : request.command,
		shell,
		stdin: request.stdin,
		tty: request.tty,
		env: prepared.plan.execEnv.map(({ name, value }) => ({ name, value: value ?? '' })),
		path: toolkit && request.image === undefined ? toolkit.path : [],
		targetId: id.replace(/^[a-z-]+:\/\//, ''),
		prompt: `${pod.metadata?.name}:${prepared.target}`,
	};
}

function describe({ pod, candidate, reused }: Brought): Omit<Outcome, 'exitCode' | 'ms'> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	return { namespace, pod: name, container: candidate.slot.name, reused, profile: candidate.profile };
}

function sayLost({ lost }: Candidate, refusedBy: string | undefined, console: Console): void {
	if (lost.length > 0 && refusedBy !== undefined)
		console.say(`${refusedBy} refuses ${lost.join(', ')}: what needs it fails here`);
}

function sayWelcome({ pod, candidate, prepared }: Brought, console: Console): void {
	const uid = candidate.container.securityContext?.runAsUser ?? 0;
	const who = uid === 0 ? 'root' : `user ${uid}`;
	const target = candidate.container.targetContainerName;
	const files =
		target === undefined
			? ''
			: `; its files: ${mayRead(pod, target, candidate, uid) ? 'cd $TARGET_ROOT' : '--run-as target'}`;
	const place = target === undefined ? 'its network' : 'its network and processes';
	console.say(`You are ${who} beside ${prepared.target}, with ${place}${files}. exit or Ctrl-D leaves.`);
}

/** Whether the kernel lets us at the target's root: as its user, as root over root, or by SYS_PTRACE. */
function mayRead(pod: V1Pod, target: string, { lost }: Candidate, uid: number): boolean {
	const identity = targetIdentity(pod, target);
	return !lost.includes('SYS_PTRACE') || identity === undefined || identity.uid === uid;
}

async function lost(input: SessionInput, brought: Brought, error: ConnectionLost): Promise<UserError> {
	const container = brought.candidate.slot.name;
	const state = await stateOf(input, brought);
	if (state === 'ended') {
		const why = 'its target ended, it was idle for its TTL, or it was stopped';
		return new UserError(`${container} has ended: ${why}`, 'The same command brings the next one.', { cause: error });
	}
	const rest = state === 'there' ? 'still runs in the pod' : 'may still run in the pod: the server cannot be asked';
	return new UserError(
		`${error.message}; ${container} ${rest}`,
		'The same command opens a new shell in it; the old one cannot be entered again.',
		{ cause: error },
	);
}

/** Whether the container is over, as far as it can be seen. */
async function stateOf(
	{ connection }: SessionInput,
	{ pod, candidate }: Brought,
): Promise<'ended' | 'there' | 'unknown'> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	const now = await getPod(connection, namespace, name, PATIENCE).catch(() => undefined);
	if (!now) return 'unknown';
	const status = now.status?.ephemeralContainerStatuses?.find((one) => one.name === candidate.slot.name);
	return status?.state?.terminated ? 'ended' : 'there';
}

/** Milliseconds for a look at a pod after the connection was lost: the line may be dead. */
const PATIENCE = 5000;
