import type { V1Pod } from '@kubernetes/client-node';
import { ConnectionLost, openChannels } from '../cluster/channels.ts';
import type { Connection } from '../cluster/connect.ts';
import { podPath } from '../cluster/pods.ts';
import { watchPod } from '../cluster/watch-pod.ts';
import { UserError } from '../errors.ts';
import { readStopReport } from '../inside/stop-report.ts';
import { TEXTS } from '../inside/texts.ts';
import { sayList } from '../text/say.ts';
import { exitCodeOf } from './exit-status.ts';
import { captureSink } from './sink.ts';

/** Seconds that our processes in a container may take to end after TERM. */
const PATIENCE = 10;

/**
 * End a session container: first the work in it, by TERM, then, when no process of it is left and none traces another,
 * its main process; ending that alone would kill the rest, and a killed debugger kills what it holds.
 * @throws UserError after ten seconds, naming what is in the way
 */
export async function stopSession(connection: Connection, pod: V1Pod, container: string): Promise<void> {
	const { namespace = '', name = '' } = pod.metadata ?? {};
	const capture = captureSink(1 << 16);
	const channels = await openChannels(
		connection,
		podPath(namespace, name, 'exec'),
		{ container, command: ['sh', '-c', TEXTS.stop, 'ke-stop', String(PATIENCE)], stdout: 'true', stderr: 'true' },
		{ stdout: (bytes) => capture.stdout(bytes), stderr: (bytes) => capture.stderr(bytes) },
	);
	// The connection may be lost because the container has ended, which is what is wanted; that is looked at below.
	const code = await channels.status.then(exitCodeOf).catch((error) => {
		if (error instanceof ConnectionLost) return undefined;
		throw error;
	});
	const inTheWay = readStopReport(capture.read('stdout').text);
	if (inTheWay.length > 0) {
		const first = inTheWay
			.slice(0, 5)
			.map(({ name: what, pid, doing }) => `${what} (${pid}${doing === 'traces' ? ', tracing' : ''})`);
		throw new UserError(
			`${container} goes on: ${sayList(first)} did not end within ${PATIENCE} s`,
			'End it from a shell in the container; ending the container now would kill it, and what it traces.',
		);
	}
	// The main process ends, and with it the container, before the exec can report: no code is a good sign.
	if (code !== undefined && code !== 0 && code < 128) {
		throw new UserError(`${container} cannot be stopped: ${capture.read('stderr').text.trim() || `exit code ${code}`}`);
	}
	await gone(connection, pod, container);
}

async function gone(connection: Connection, pod: V1Pod, container: string): Promise<void> {
	const end = AbortSignal.timeout(30_000);
	for await (const seen of watchPod(connection, pod, end)) {
		const status = seen.status?.ephemeralContainerStatuses?.find((one) => one.name === container);
		if (status?.state?.terminated) return;
	}
	throw new UserError(`${container} was told to end and has not yet`, 'kubectl get pod shows its state.');
}
