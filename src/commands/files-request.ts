import { Flags } from '@oclif/core';
import { loadConfiguration } from '../catalogue/load-configuration.ts';
import { ourPaths } from '../catalogue/paths.ts';
import { ensureTrusted } from '../catalogue/trust.ts';
import type { Connection } from '../cluster/connect.ts';
import { UserError } from '../errors.ts';
import { toolkitFor } from '../plan/recipe.ts';
import { roleFor } from '../plan/roles.ts';
import type { Console } from '../session/console.ts';
import { type FilesAgent, openFiles } from '../session/files-agent.ts';
import { locatePod } from '../session/locate.ts';
import { captureSink } from '../session/sink.ts';
import { sayList } from '../text/say.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { askingForTrust } from './ask-trust.ts';
import { imageOf } from './image-word.ts';
import { printDocument } from './print.ts';
import { onePod, type RemotePath } from './remote-path.ts';
import { buildRequest, type SessionFlagValues } from './session-request.ts';
import { sessionTools } from './session-tools.ts';

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
	output: Flags.string({ char: 'o', description: 'json or yaml: one document at the end', options: ['json', 'yaml'] }),
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
	program: { connect: () => Promise<Connection>; toolkits: readonly SourcedToolkit[]; version: string },
	remotes: readonly RemotePath[],
	flags: FilesFlagValues,
	console: Console,
): Promise<PodFiles | undefined> {
	const { connect, toolkits, version } = program;
	const one = onePod(remotes, flags.namespace);
	const configuration = await loadConfiguration(ourPaths(process.env));
	const sourced = chooseToolkit(toolkits, flags.toolkit ?? configuration.defaults.toolkit);
	const toolkit = toolkitFor(sourced.toolkit, undefined);
	const words = one.target === undefined ? [] : [one.target];
	const request = buildRequest(
		words,
		['files'],
		{ ...sessionFlags(flags), image: imageOf(flags.image, toolkit, toolkits), namespace: one.namespace },
		{
			toolkit: toolkit.name,
			defaults: { profile: toolkit.profile, ...configuration.defaults },
			stdinIsTerminal: process.stdin.isTTY === true,
			stdoutIsTerminal: process.stdout.isTTY === true,
			custom: undefined,
		},
	);
	const tools = sessionTools(console, captureSink(0), flags.timeout);
	const connection = await connect();
	const namespace = one.namespace ?? connection.namespace;
	const { targets } = request;
	if (flags['show-role']) {
		const kinds = targets.named.map(({ kind }) => kind);
		await printDocument(roleFor({ namespace, kinds, listsPods: targets.named.length === 0 }).role, 'yaml');
		return undefined;
	}
	await ensureTrusted(sourced, configuration, askingForTrust(flags.yes));
	const { pod, because } = await locatePod(connection, namespace, targets, flags.toolkit);
	const name = pod.metadata?.name ?? '';
	if (because !== undefined) console.say(`${name} (${because})`);
	const agent = await openFiles({ request, toolkit, scripts: {}, configuration, connection, version }, tools, pod);
	return { ...agent, pod: name, namespace };
}

/** What of the flags a session has too. */
function sessionFlags({ container, selector, pick, image, 'run-as': runAs }: FilesFlagValues): SessionFlagValues {
	return { container, selector, pick, image, 'run-as': runAs };
}

/**
 * The toolkit named, or else the one that says that it is the default, the box's own before others: what a team brings must
 * be asked for.
 * @throws UserError for a name that is no toolkit's, or where none is the default
 */
function chooseToolkit(toolkits: readonly SourcedToolkit[], name: string | undefined): SourcedToolkit {
	const fitting = toolkits.filter(({ toolkit }) => (name === undefined ? toolkit.default : toolkit.name === name));
	const found = fitting.find(({ kind }) => kind === 'built-in') ?? fitting[0];
	if (found) return found;
	throw new UserError(
		name === undefined ? 'no toolkit says that it is the default' : `there is no toolkit "${name}"`,
		`--toolkit names one of ${sayList(toolkits.map(({ toolkit }) => toolkit.name))}.`,
	);
}
