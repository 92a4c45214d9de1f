import type { V1Pod } from '@kubernetes/client-node';
import { ApiError } from '../cluster/api-error.ts';
import { ConnectionLost } from '../cluster/channels.ts';
import { getPod } from '../cluster/pods.ts';
import { UserError } from '../errors.ts';
import { sayDuration } from '../text/say.ts';
import { sayRefusal } from './api-words.ts';
import { type Brought, bring } from './bring.ts';
import { BringHome } from './bring-home.ts';
import type { Work } from './enter.ts';
import { offerLeft } from './left-files.ts';
import { locatePod } from './locate.ts';
import { runAsMain } from './main-process.ts';
import type { Outcome } from './outcome.ts';
import { IMAGE_SESSION, type SessionInput } from './prepare.ts';
import { type RecipeRun, runRecipe } from './recipe/run-recipe.ts';
import { type Place, runWork } from './run.ts';
import { filesBeside } from './session-files.ts';
import type { SessionTools } from './tools.ts';
import { sayLost, sayWelcome } from './welcome.ts';
import { workOf } from './work.ts';

/**
 * Carry a request out: find the pod, bring the container (or use the one that is there), run the command or the shell in
 * it, give its exit code.
 * @throws UserError, ApiError
 */
export async function openSession(input: SessionInput, tools: SessionTools): Promise<Outcome> {
	const { connection, request } = input;
	const namespace = request.namespace ?? connection.namespace;
	try {
		const { pod, because } = await locatePod(connection, namespace, request.targets, request.toolkit ?? IMAGE_SESSION);
		return await openInPod(input, tools, pod, { because });
	} catch (error) {
		throw sayRefusal(error);
	}
}

/** One pod of a session. */
export interface InPod {
	/** Why this pod, where it was chosen. */
	because?: string | undefined;
	/** One of several: what comes home has a name of its own. */
	several?: boolean;
}

/**
 * The same in a pod that is known.
 * @throws UserError, ApiError
 */
export async function openInPod(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	how: InPod = {},
): Promise<Outcome> {
	const began = Date.now();
	const brought = await bringOrRun(input, tools, pod, how.because);
	const done = 'exitCode' in brought ? brought : await work(input, tools, brought, how);
	return { ...done, ms: Date.now() - began };
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
	refuseAsMain(input);
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

/** What comes home of a recipe by a second stream, or by ports, is not to be had where there is only a main process. */
function refuseAsMain({ request, toolkit }: SessionInput): void {
	const { recipe } = request.recipe ?? {};
	if (!recipe || ['text', 'json', 'stream', 'interactive'].includes(recipe.output.kind)) return;
	throw new UserError(
		`${toolkit?.name} ${recipe.name} needs exec, which is not permitted here or not possible in this image`,
		'The Role it takes: the same command with --show-role',
	);
}

/** Run it; once more where the container turns out to have ended since it was looked at. */
async function work(
	input: SessionInput,
	tools: SessionTools,
	brought: Brought,
	how: InPod,
	again = true,
): Promise<Omit<Outcome, 'ms'>> {
	const { connection } = input;
	const container = brought.candidate.slot.name;
	const { namespace = '', name: pod = '' } = brought.pod.metadata ?? {};
	const place = { namespace, pod, container };
	const what = workOf(input, brought, tools.console.quiet);
	try {
		const done = await carryOut(input, tools, brought, { place, work: what, several: how.several ?? false });
		return { ...describe(brought), ...done };
	} catch (error) {
		if (error instanceof ConnectionLost) throw await lost(input, brought, error);
		if (!again || !(error instanceof ApiError) || (await stateOf(input, brought)) !== 'ended') throw error;
		const next = await bringOrRun(input, tools, await getPod(connection, namespace, pod));
		return 'exitCode' in next ? next : work(input, tools, next, how, false);
	}
}

/** A recipe, a shell at a terminal, or a command. */
async function carryOut(
	input: SessionInput,
	tools: SessionTools,
	brought: Brought,
	run: Pick<RecipeRun, 'place' | 'work' | 'several'>,
): Promise<Pick<Outcome, 'exitCode' | 'artefacts' | 'result'>> {
	const { connection, request, toolkit } = input;
	const { place, work: what } = run;
	if (request.recipe && toolkit) {
		const people = process.stdout.isTTY === true && !tools.captures;
		return runRecipe({ ...run, input: { ...input, toolkit }, recipe: request.recipe, tools, brought, people });
	}
	const shell = request.command.length === 0 && request.tty;
	if (!shell) return { exitCode: await runWork(connection, place, what, tools.sink) };
	// Whoever comes again knows.
	if (!brought.reused) sayWelcome(brought, what.entry, toolkit, tools.console);
	const home = process.stdin.isTTY ? bringHome(input, place, what) : undefined;
	const exitCode = await runWork(connection, place, what, tools.sink, home);
	if (!brought.reused) {
		const until = request.ttl === 0 ? 'until it is stopped' : `idle, for ${sayDuration(request.ttl)}`;
		const stop = `kubectl ephemeral stop ${place.pod} -n ${place.namespace} ends it`;
		tools.console.say(`${place.container} stays in the pod, ${until} (${stop})`);
	}
	return { exitCode };
}

/** What of a shell's files comes here. */
function bringHome({ connection, request }: SessionInput, place: Place, what: Work): BringHome {
	const files = (of: 'target' | 'debug' | 'out') => filesBeside(connection, place, what, of);
	return new BringHome({
		open: (ofTarget) => files(ofTarget ? 'target' : 'debug'),
		nonce: what.nonce ?? '',
		left: (folder, ask, say) =>
			offerLeft(folder, { open: files('out'), pod: place.pod, wanted: request.bring ?? false, ask, say }),
	});
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
