import { chooseContainer } from '../api/pod-options.ts';
import { ChannelSocket, ERROR, RESIZE, STDERR, STDIN, STDOUT } from './channels.ts';
import { wantedStreams } from './exec.ts';
import { successStatus } from './result.ts';
import { StreamError } from './stream-error.ts';
import type { StreamRequest } from './upgrades.ts';

/**
 * Joins a running container's own streams from this moment on.
 *
 * At the end of the client's input, as under containerd: with `stdinOnce` the process sees it; without, the client's
 * outputs are taken off and the stream ends, while the process never hears of it.
 */
export async function attach({ pod, query, parts, open }: StreamRequest): Promise<void> {
	const { namespace = '', name } = pod.metadata;
	const container = chooseContainer(pod, query.get('container'));
	const streams = wantedStreams(query);
	const runner = parts.kubelet.container(namespace, name, container);
	const running = runner?.running;
	if (!runner || !running) {
		throw new StreamError(500, `container ${container} not found in pod ${name}_${namespace}`);
	}
	const { process, hub } = running;
	const socket = new ChannelSocket(await open(), parts.misbehaviour);
	await socket.send(STDOUT, '');
	await new Promise<void>((resolve) => {
		const detach = hub.attach((stream, chunk) => {
			const wanted = stream === 'stdout' ? streams.stdout : streams.stderr;
			return wanted ? socket.send(stream === 'stdout' ? STDOUT : STDERR, chunk) : undefined;
		}, resolve);
		const endOfInput = () => {
			if (runner.spec.stdinOnce && !runner.spec.tty) {
				process.endInput();
			} else {
				detach();
				resolve();
			}
		};
		socket.listen({
			data: (channel, payload) => {
				if (channel === RESIZE) {
					const { Width, Height } = JSON.parse(payload.toString()) as { Width: number; Height: number };
					process.resize(Width, Height);
				} else if (channel === STDIN && streams.stdin && runner.spec.stdin) {
					return process.write(payload) ? undefined : process.drained();
				}
				return undefined;
			},
			end: (channel) => {
				if (channel === STDIN && streams.stdin) {
					endOfInput();
				}
			},
			gone: () => {
				if (streams.stdin && runner.spec.stdinOnce && !runner.spec.tty) {
					process.endInput();
				}
				detach();
				resolve();
			},
		});
	});
	await socket.send(ERROR, successStatus());
	socket.close();
}
