import { randomBytes } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import { mayI } from '../cluster/access.ts';
import { ApiError } from '../cluster/api-error.ts';
import { openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { followLog, podPath } from '../cluster/pods.ts';
import { watchPod } from '../cluster/watch-pod.ts';
import { UserError } from '../errors.ts';
import { readStart } from '../plan/start.ts';
import { addContainer } from './add.ts';
import { enterCommand, type Work } from './enter.ts';
import type { Outcome } from './outcome.ts';
import { prepare, type SessionInput } from './prepare.ts';
import { type Place, runStream } from './run.ts';
import { readStdin } from './stdin.ts';
import type { SessionTools } from './tools.ts';
import { waitForStart } from './wait.ts';

/**
 * Whether exec is forbidden here and attach is not, by review requests; false where reviews cannot be had, so that exec's
 * own refusal tells. It is create that roles leave out: since 1.35 opening a WebSocket takes it beside get.
 */
export async function attachInstead(connection: Connection, pod: V1Pod): Promise<boolean> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	const ask = (subresource: string): Promise<boolean> =>
		mayI(connection, { verb: 'create', resource: 'pods', subresource, namespace, name });
	return !(await ask('exec')) && ask('attach');
}

/**
 * Run a request's command as the main process of a container of its own, and give its exit code from the container's
 * state: where exec is forbidden, or the image has no shell to wait in.
 *
 * With a shell the process waits for a header on its stdin before it starts, so that nothing it says is lost. Without
 * one it starts at once: its output is read from the container's log, whole (both streams in one), and attach carries
 * stdin alone.
 * @throws UserError, ApiError
 */
export async function runAsMain(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	work: Work | undefined,
): Promise<Omit<Outcome, 'ms'>> {
	const { connection, request } = input;
	const main = work && { command: enterCommand(work), stdin: true };
	const nonce = randomBytes(4).toString('hex');
	const { plan } = prepare(input, pod, tools.console, { mode: 'main', nonce, ...(main && { main }) });
	const { candidate, pod: with_ } = await addContainer(
		connection,
		pod,
		plan,
		tools.refusals(`${connection.server.host} ${pod.metadata?.namespace} main`),
		tools.console,
	);
	const container = candidate.slot.name;
	const { namespace = '', name = '' } = pod.metadata ?? {};
	const place = { namespace, pod: name, container };
	const { start } = await waitForStart(connection, with_, container, tools.patience, tools.console);
	const about = { namespace, pod: name, container, reused: false, profile: candidate.profile };
	if (start.state === 'failed' && start.noCommand) {
		tools.console.say(`error: ${start.sentence}`);
		return { ...about, exitCode: 127 };
	}
	if (start.state === 'failed') throw new UserError(start.sentence, start.hint);
	if (work) await runStream(connection, place, 'attach', work, tools.sink);
	else await runLogged(connection, place, request, tools);
	const exitCode = await exitOf(connection, with_, container);
	return { ...about, exitCode };
}

/** Output from the log, from its first byte to the container's end; stdin, if asked for, by attach. */
async function runLogged(
	connection: Connection,
	place: Place,
	request: SessionInput['request'],
	{ sink }: SessionTools,
): Promise<void> {
	if (request.tty) {
		const status = await runStream(connection, place, 'attach', { stdin: true, tty: true }, sink).catch(overAlready);
		if (status) return;
		// It was over before we were there: the log has all of it.
	}
	const stdin = request.stdin && !request.tty ? await feedByAttach(connection, place).catch(overAlready) : undefined;
	for await (const bytes of await followLog(connection, place.namespace, place.pod, place.container)) {
		await sink.stdout(bytes);
	}
	stdin?.();
}

/** The process may be over before attach is there: then its log tells all. @throws any other error */
function overAlready(error: unknown): undefined {
	if (error instanceof ApiError && /not found|not running/.test(error.message)) return undefined;
	throw error;
}

async function feedByAttach(connection: Connection, place: Place): Promise<() => void> {
	const channels = await openChannels(
		connection,
		podPath(place.namespace, place.pod, 'attach'),
		{ container: place.container, stdin: 'true' },
		{ stdout: () => {}, stderr: () => {} },
	);
	channels.status.catch(() => {});
	const feed = async (): Promise<void> => {
		for await (const chunk of readStdin()) await channels.send(chunk);
		channels.closeStdin();
	};
	feed().catch(() => {});
	return () => channels.close();
}

async function exitOf(connection: Connection, pod: V1Pod, container: string): Promise<number> {
	const end = new AbortController();
	try {
		for await (const seen of watchPod(connection, pod, end.signal)) {
			const start = readStart(seen, container, []);
			if (start.state === 'ended') return start.exitCode;
			if (start.state === 'failed') throw new UserError(start.sentence, start.hint);
		}
	} finally {
		end.abort();
	}
	throw new UserError(`the end of ${container} could not be seen`);
}
