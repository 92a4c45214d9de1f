import { Flags } from '@oclif/core';
import type { Connection } from '../cluster/connect.ts';
import { roleFor } from '../plan/roles.ts';
import type { Console } from '../session/console.ts';
import { type FilesAgent, openFiles } from '../session/files-agent.ts';
import { locatePod } from '../session/locate.ts';
import { parseDuration } from './duration.ts';
import { printDocument } from './print.ts';
import { onePod, type RemotePath } from './remote-path.ts';
import { parseTargets } from './targets.ts';

/** Flags of every command on the files of a pod, beside those that choose the pod. */
export const FILES_FLAGS = {
	'run-as': Flags.string({ description: 'target, root, or UID[:GID]: who reads and writes in the pod' }),
	image: Flags.string({ description: "The debug image instead of the toolkit's" }),
	toolkit: Flags.string({ description: 'The toolkit whose container is used' }),
	yes: Flags.boolean({ char: 'y', description: 'Answer questions with yes' }),
	retries: Flags.integer({
		description: 'Cuts of the connection in a row, without progress, that are put up with; negative: any number',
		default: 10,
	}),
	output: Flags.string({ char: 'o', description: 'json: one document at the end', options: ['json'] }),
};

/** The values of POD_FLAGS and FILES_FLAGS that bring the agent. */
export interface FilesFlagValues {
	namespace?: string | undefined;
	container?: string | undefined;
	selector?: string | undefined;
	pick?: boolean | undefined;
	timeout?: string | undefined;
	'show-role'?: boolean | undefined;
	'run-as'?: string | undefined;
	image?: string | undefined;
	toolkit?: string | undefined;
	yes?: boolean | undefined;
}

/** The files of the one pod that is meant. */
export interface PodFiles extends FilesAgent {
	pod: string;
	namespace: string;
}

/**
 * Finds the pod that the words mean and brings the files agent to it; undefined: only the role was asked for, and printed.
 * @throws UsageError, and what locatePod and openFiles throw
 */
export async function openPodFiles(
	connect: () => Promise<Connection>,
	remotes: readonly RemotePath[],
	flags: FilesFlagValues,
	console: Console,
): Promise<PodFiles | undefined> {
	const one = onePod(remotes, flags.namespace);
	const choice = parseTargets(one.target === undefined ? [] : [one.target], flags, process.stdin.isTTY === true);
	const timeout = flags.timeout === undefined ? undefined : parseDuration(flags.timeout, 'timeout');
	const connection = await connect();
	const namespace = one.namespace ?? connection.namespace;
	if (flags['show-role']) {
		const kinds = choice.named.map(({ kind }) => kind);
		await printDocument(roleFor({ namespace, kinds, listsPods: choice.named.length === 0 }).role, 'yaml');
		return undefined;
	}
	const { pod, because } = await locatePod(connection, namespace, choice, flags.toolkit);
	const name = pod.metadata?.name ?? '';
	if (because !== undefined) console.say(`${name} (${because})`);
	const request = {
		pod,
		container: flags.container,
		runAs: flags['run-as'],
		image: flags.image,
		toolkit: flags.toolkit,
		timeout,
		yes: flags.yes ?? false,
	};
	return { ...(await openFiles(connection, request, console)), pod: name, namespace };
}
