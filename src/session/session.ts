import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../cluster/api-error.ts';
import { ConnectionLost } from '../cluster/channels.ts';
import { getPod } from '../cluster/pods.ts';
import { UserError } from '../errors.ts';
import { sayDuration } from '../text/say.ts';
import { sayRefusal } from './api-words.ts';
import { type Brought, bring } from './bring.ts';
import { locatePod } from './locate.ts';
import { runAsMain } from './main-process.ts';
import type { Outcome } from './outcome.ts';
import { IMAGE_SESSION, type SessionInput } from './prepare.ts';
import { runWork } from './run.ts';
import type { SessionTools } from './tools.ts';
import { sayLost, sayWelcome } from './welcome.ts';
import { workOf } from './work.ts';

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
		const brought = await bringOrRun(input, tools, pod, because);
		if ('exitCode' in brought) return { ...brought, ms: Date.now() - began };
		return { ...(await work(input, tools, brought)), ms: Date.now() - began };
	} catch (error) {
		throw sayRefusal(error);
	}
}

/** A container to sleep in, or, where there can be none, the outcome of the command as a main process. */
async function bringOrRun(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	because?: string,
): Promise<Brought | Omit<Outcome, 'ms'>> {
	const brought = await bring(input, tools, pod, because);
	if (!('because' in brought)) {
		if (!brought.reused) sayLost(brought.candidate, brought.refusedBy, tools.console);
		return brought;
	}
	if (brought.because === 'exec-forbidden') {
		tools.console.say(
			'exec is not permitted here, attach is: the command runs as the main process of its own container',
		);
		return runAsMain(input, tools, brought.pod, workOf(input, brought, tools.console.quiet));
	}
	tools.console.say(
		`${brought.prepared.image} has no shell: the command runs as the main process of its own container`,
	);
	return runAsMain(input, tools, brought.pod, undefined);
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
	const what = workOf(input, brought, console.quiet);
	if (shell && request.tty) sayWelcome(brought, what.entry, console);
	try {
		const exitCode = await runWork(connection, { namespace, pod, container }, what, tools.sink);
		if (shell && request.tty && !brought.reused) {
			const until = request.ttl === 0 ? 'until it is stopped' : `idle, for ${sayDuration(request.ttl)}`;
			console.say(`${container} stays in the pod, ${until} (kubectl ephemeral stop ${pod} -n ${namespace} ends it)`);
		}
		return { ...describe(brought), exitCode };
	} catch (error) {
		if (error instanceof ConnectionLost) throw await lost(input, brought, error);
		if (!again || !(error instanceof ApiError) || (await stateOf(input, brought)) !== 'ended') throw error;
		const next = await bringOrRun(input, tools, await getPod(connection, namespace, pod));
		return 'exitCode' in next ? next : work(input, tools, next, false);
	}
}

function describe({ pod, candidate, reused }: Brought): Omit<Outcome, 'exitCode' | 'ms'> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	return { namespace, pod: name, container: candidate.slot.name, reused, profile: candidate.profile };
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
