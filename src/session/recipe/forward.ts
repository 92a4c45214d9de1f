import { createServer, type Server, type Socket } from 'node:net';
import { carryToPort } from '../../cluster/port-stream.ts';
import { UserError } from '../../errors.ts';
import { printableLine } from '../../text/printable.ts';
import type { RecipeRun } from './run-recipe.ts';

/** A local port that leads to a pod. */
export interface Forward {
	/** Its number here. */
	port: number;
	close(): void;
}

/**
 * Open a port on this machine that leads to the recipe's port in the pod: the same number, or one that is free where it
 * is taken, unless `--local-port` names it. Each connection is carried when it comes.
 * @throws UserError where the port cannot be had
 */
export async function openForward({ input, recipe, tools, brought }: RecipeRun): Promise<Forward> {
	const { output } = recipe.recipe;
	const { namespace = '', name: pod = '' } = brought.pod.metadata ?? {};
	const remote = Number(typeof output.port === 'string' ? recipe.values[output.port] : output.port);
	if (!remote)
		throw new UserError(`the port that ${recipe.recipe.name} forwards is not said`, `--${output.port} says it.`);
	const open = new Set<Socket>();
	const server = createServer((socket) => {
		open.add(socket);
		// A client may be gone before anybody listens.
		socket.on('error', () => {});
		socket.on('close', () => open.delete(socket));
		const say = (sentence: string): void => tools.console.say(`port ${remote}: ${sayTrouble(sentence)}`);
		carryToPort(input.connection, { namespace, pod, port: remote }, socket, say).catch((error: Error) => {
			say(error.message);
			socket.destroy();
		});
	});
	const port = await listen(server, remote, recipe.localPort);
	tools.console.say(`127.0.0.1:${port} leads to port ${remote} of ${pod}; Ctrl-C ends it`);
	return {
		port,
		close() {
			server.close();
			for (const socket of open) socket.destroy();
		},
	};
}

/** The kubelet's words name namespaces of the node; most often nothing listens. */
function sayTrouble(sentence: string): string {
	return /connection refused/.test(sentence) ? 'nothing listens there (yet)' : printableLine(sentence);
}

async function listen(server: Server, remote: number, wanted: number | undefined): Promise<number> {
	const attempt = (port: number): Promise<number> =>
		new Promise((resolve, reject) => {
			server.once('error', reject);
			server.listen(port, '127.0.0.1', () => {
				server.off('error', reject);
				const address = server.address();
				resolve(typeof address === 'object' && address ? address.port : port);
			});
		});
	try {
		return await attempt(wanted ?? remote);
	} catch (error) {
		if (wanted !== undefined) {
			const { code } = error as NodeJS.ErrnoException;
			throw new UserError(
				`127.0.0.1:${wanted} cannot be had: ${code}`,
				'--local-port names another; without it a free one is taken.',
			);
		}
		return attempt(0);
	}
}
