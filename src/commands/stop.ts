import type { V1Pod } from '@kubernetes/client-node';
import { Flags } from '@oclif/core';
import { UsageError, UserError } from '../errors.ts';
import { roleFor } from '../plan/roles.ts';
import { runningSessions } from '../plan/sessions.ts';
import { sayRefusal } from '../session/api-words.ts';
import { openConsole } from '../session/console.ts';
import { locatePod } from '../session/locate.ts';
import { stopSession } from '../session/stop.ts';
import { BaseCommand } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS } from './flags.ts';
import { printDocument } from './print.ts';
import { parseTargets } from './targets.ts';

/** The flags of stop. */
export const STOP_FLAGS = {
	...CONNECTION_FLAGS,
	...POD_FLAGS,
	toolkit: Flags.string({ description: 'Only the containers of this toolkit' }),
	name: Flags.string({ description: 'Only the container of this name' }),
};

/** `kubectl ephemeral stop NAME`: end the containers of ours in a pod. */
export class StopCommand extends BaseCommand {
	static override id = 'stop';
	static override strict = false;
	static override summary = 'End the session containers in a pod, the work in them first';
	static override usage = 'stop (POD | TYPE/NAME | -l SELECTOR) [flags]';
	static override examples = [
		'# End all sessions in a pod\nkubectl ephemeral stop web-0',
		'# Those of one toolkit, in the pod of a deployment where one runs\nkubectl ephemeral stop deploy/web --toolkit shell',
		'# One container, by its name\nkubectl ephemeral stop web-0 -n shop --name ke-shell-x7k2p',
	];
	static override flags = STOP_FLAGS;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: STOP_FLAGS, strict: false });
		if (this.invocation.rest !== undefined) throw new UsageError('stop runs no command');
		const choice = parseTargets(argv as string[], flags, process.stdin.isTTY === true);
		const connection = await this.connect(flags);
		const namespace = flags.namespace || connection.namespace;
		if (flags['show-role']) {
			await printDocument(
				roleFor({ namespace, kinds: choice.named.map(({ kind }) => kind), listsPods: choice.named.length === 0 }).role,
				'yaml',
			);
			return 0;
		}
		const console = openConsole(flags.quiet ?? false);
		try {
			const { pod, because } = await locatePod(connection, namespace, choice, flags.toolkit);
			if (because !== undefined) console.say(`${pod.metadata?.name} (${because})`);
			const running = runningSessions(pod, { toolkit: flags.toolkit, target: flags.container, name: flags.name });
			if (running.length === 0) throw noneRuns(pod, runningSessions(pod, {}));
			for (const container of running) {
				await stopSession(connection, pod, container);
				console.say(`${container} has ended`);
			}
			return 0;
		} catch (error) {
			throw sayRefusal(error);
		}
	}
}

function noneRuns(pod: V1Pod, others: string[]): UserError {
	const name = pod.metadata?.name;
	if (others.length === 0) return new UserError(`no session of ours runs in pod "${name}"`);
	return new UserError(`no such session runs in pod "${name}"`, `There: ${others.join(', ')}.`);
}
