import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { printableLine } from '../text/printable.ts';
import { sayRefusal } from './api-words.ts';
import { locatePods } from './locate.ts';
import type { Outcome } from './outcome.ts';
import { IMAGE_SESSION, type SessionInput } from './prepare.ts';
import { openInPod } from './session.ts';
import { type Capture, captureSink, prefixedSink, type Sink } from './sink.ts';
import type { SessionTools } from './tools.ts';

/** What came of one of several pods. */
export type PodOutcome = { pod: string; ms: number; exitCode: number; capture: Capture | undefined } & (
	| { outcome: Outcome }
	| { error: string; hint: string | undefined }
);

/** How several pods are gone through. */
export interface ManyPods {
	/** At a time. */
	parallel: number;
	/** Bytes of each stream that are kept of each pod; undefined: output is written as it comes, each line with its pod. */
	captures: number | undefined;
	/** Asked once, with the number of pods, before anything is added. @throws UserError where the answer is no */
	agree(pods: number): Promise<void>;
}

/**
 * Run a command or a recipe in every pod that is meant, some at a time; what fails in one does not stop the others.
 * @throws UserError, ApiError when the pods cannot be found, or nothing may be done in them
 */
export async function openInAll(input: SessionInput, tools: SessionTools, how: ManyPods): Promise<PodOutcome[]> {
	const { connection, request } = input;
	const namespace = request.namespace ?? connection.namespace;
	let pods: (V1Pod | { name: string; error: unknown })[];
	try {
		pods = await locatePods(
			connection,
			namespace,
			request.targets,
			request.toolkit ?? IMAGE_SESSION,
			tools.console.say,
		);
	} catch (error) {
		throw sayRefusal(error);
	}
	await how.agree(pods.length);
	const outcomes: PodOutcome[] = [];
	const progress = tools.console.wait();
	const show = (): void => {
		const failed = outcomes.filter(({ exitCode }) => exitCode !== 0).length;
		progress.show(`${outcomes.length} of ${pods.length} pods${failed > 0 ? `, ${failed} failed` : ''}`);
	};
	const waiting = pods.map((pod, at) => ({ pod, at }));
	const results: PodOutcome[] = new Array(pods.length);
	const worker = async (): Promise<void> => {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const result = await inOne(input, tools, next.pod, how.captures);
			results[next.at] = result;
			outcomes.push(result);
			if (how.captures !== undefined) show();
		}
	};
	// Ctrl-C is for all: those that run are told by whoever runs them, and no other is begun.
	const stop = (): void => void waiting.splice(0);
	const listens = request.recipe?.recipe.control === true;
	if (listens) process.on('SIGINT', stop);
	await Promise.all(Array.from({ length: Math.min(how.parallel, pods.length) }, worker));
	process.off('SIGINT', stop);
	await progress.end();
	return results.filter((result) => result !== undefined);
}

/** The exit code of several: 125 where any gave it, else the highest. */
export function exitCodeOfAll(outcomes: readonly Pick<PodOutcome, 'exitCode'>[]): number {
	const codes = outcomes.map(({ exitCode }) => exitCode);
	return codes.includes(125) ? 125 : Math.max(0, ...codes);
}

async function inOne(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod | { name: string; error: unknown },
	captures: number | undefined,
): Promise<PodOutcome> {
	const name = 'name' in pod ? pod.name : (pod.metadata?.name ?? '');
	const began = Date.now();
	const capture = captures === undefined ? undefined : captureSink(captures);
	const prefixed = capture ? undefined : prefixedSink(tools.sink, `[pod/${name}] `);
	const sink: Sink = capture ?? prefixed ?? tools.sink;
	const say = (line: string): void => tools.console.say(`${name}: ${line}`);
	const console = { ...tools.console, say, wait: () => SILENT };
	try {
		if ('error' in pod) throw pod.error;
		const outcome = await openInPod(input, { ...tools, console, sink, captures: capture !== undefined }, pod, {
			several: true,
		});
		await prefixed?.rest();
		return { pod: name, ms: Date.now() - began, exitCode: outcome.exitCode, capture, outcome };
	} catch (thrown) {
		await prefixed?.rest();
		const said = sayRefusal(thrown);
		const error = printableLine(said instanceof Error ? said.message : String(said));
		const hint = said instanceof UserError ? said.hint : undefined;
		return { pod: name, ms: Date.now() - began, exitCode: 125, capture, error, hint };
	}
}

/** Many at once have no one line to wait on. */
const SILENT = { show: (): void => {}, end: async (): Promise<void> => {} };
