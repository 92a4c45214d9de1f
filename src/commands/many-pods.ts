import { UsageError } from '../errors.ts';
import type { SessionRequest } from '../plan/request.ts';
import { exitCodeOfAll, openInAll, type PodOutcome } from '../session/many-pods.ts';
import { describeOutcome } from '../session/outcome.ts';
import type { SessionInput } from '../session/prepare.ts';
import { askFirst } from '../session/recipe/ask-first.ts';
import type { Capture } from '../session/sink.ts';
import type { SessionTools } from '../session/tools.ts';
import { sayBytes } from '../session/transfer/meter.ts';
import { printable, printableLine } from '../text/printable.ts';
import { printDocument } from './print.ts';

/** Pods above which it is asked: each keeps the entry of an ephemeral container until it goes. */
const MANY = 10;
/** Pods at a time, unless --parallel says otherwise. */
const PARALLEL = 8;
/** Characters of output in a table's row. */
const OUTPUT = 80;

/** Whether a request means several pods, or wants them as a table. */
export function meansMany({ targets }: Pick<SessionRequest, 'targets'>, format: string | undefined): boolean {
	return targets.all || targets.pods.length > 0 || format === 'table';
}

/** @throws UsageError for what runs in one pod only */
export function checkMany({ command, recipe, tty, stdin, targets }: SessionRequest, toolkit: string | undefined): void {
	if (command.length === 0) throw new UsageError('a shell opens in one pod at a time', 'A command stands behind --.');
	if (tty) throw new UsageError('a terminal belongs to one pod at a time', 'Without -t the command runs in all.');
	if (stdin) throw new UsageError('standard input goes to one pod at a time', 'Without -i the command runs in all.');
	// A table may be of one pod.
	if (!targets.all && targets.pods.length === 0) return;
	if (recipe?.recipe.pods === 'never')
		throw new UsageError(`${toolkit} ${recipe.recipe.name} runs in one pod at a time`);
	if (recipe?.recipe.confirm !== undefined && !recipe.yes)
		throw new UsageError(`${toolkit} ${recipe.recipe.name} asks in each pod`, '--yes answers for all.');
}

/** The value of --parallel. @throws UsageError */
export function parseParallel(text: string | undefined): number {
	if (text === undefined) return PARALLEL;
	const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
	if (count < 1)
		throw new UsageError(`invalid argument "${text}" for "--parallel" flag: it is a number of pods, 1 or more`);
	return count;
}

/** Run in all pods and print what came of it: each line behind its pod, one document, or one table. */
export async function runInAll(
	input: SessionInput,
	tools: SessionTools,
	options: { parallel: number; format: 'json' | 'yaml' | 'table' | undefined; captured: number; yes: boolean },
): Promise<number> {
	const { output } = input.request.recipe?.recipe ?? {};
	const files = output?.kind === 'file' || output?.kind === 'files';
	const format = options.format ?? (files ? 'table' : undefined);
	const outcomes = await openInAll(input, tools, {
		parallel: options.parallel,
		captures: format === undefined ? undefined : options.captured,
		agree: async (pods) => {
			if (pods <= MANY) return;
			await askFirst(
				`${pods} pods get an ephemeral container each, which stays in their lists until they go.`,
				options.yes,
			);
		},
	});
	const exitCode = exitCodeOfAll(outcomes);
	if (format === 'json' || format === 'yaml') {
		const failed = outcomes.filter((one) => one.exitCode !== 0).length;
		await printDocument({ pods: outcomes.map(documentOf), failed, exitCode }, format);
	} else if (format === 'table') process.stdout.write(tableOf(outcomes));
	if (format !== 'json' && format !== 'yaml') sayFailures(outcomes, tools);
	return exitCode;
}

function documentOf({ pod, ms, exitCode, capture, ...rest }: PodOutcome): object {
	if ('outcome' in rest) return capture ? describeOutcome(rest.outcome, capture) : rest.outcome;
	return { pod, exitCode, error: rest.error, ...(rest.hint !== undefined && { hint: rest.hint }), ms };
}

/** One line for each pod that failed, also with -q, and one for all. */
function sayFailures(outcomes: PodOutcome[], { console }: SessionTools): void {
	const failed = outcomes.filter(({ exitCode }) => exitCode !== 0);
	for (const one of failed) {
		const why = 'error' in one ? `error: ${one.error}` : `exit code ${one.exitCode}`;
		process.stderr.write(`${printable(`${one.pod}: ${why}`)}\n`);
	}
	if (outcomes.length > 1)
		console.say(
			`${outcomes.length - failed.length} of ${outcomes.length} pods succeeded${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
		);
}

function tableOf(outcomes: PodOutcome[]): string {
	const rows = [
		['POD', 'EXIT', 'TIME', 'OUTPUT'],
		...outcomes.map((one) => [one.pod, String(one.exitCode), `${(one.ms / 1000).toFixed(1)}s`, outputOf(one)]),
	];
	const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
	const lines = rows.map((row) =>
		row
			.map((cell, i) => cell.padEnd(widths[i] ?? 0))
			.join('   ')
			.trimEnd(),
	);
	return `${lines.join('\n')}\n`;
}

/** What there is to see of a pod in a row: its files, the first line of its output, or what went wrong. */
function outputOf(one: PodOutcome): string {
	if ('error' in one) return cut(`error: ${one.error}`);
	const { artefacts = [] } = one.outcome;
	if (artefacts.length > 0)
		return artefacts
			.map(
				({ path, bytes, incomplete }) => `${printableLine(path)} ${sayBytes(bytes)}${incomplete ? ', not whole' : ''}`,
			)
			.join(', ');
	const text = read(one.capture, 'stdout') || read(one.capture, 'stderr');
	const [first = '', ...more] = text.trimEnd().split('\n');
	return `${cut(printableLine(first))}${more.length > 0 ? ` (+${more.length} lines)` : ''}`;
}

function read(capture: Capture | undefined, stream: 'stdout' | 'stderr'): string {
	const { text = '', base64 = false } = capture?.read(stream) ?? {};
	return base64 ? `${sayBytes(Buffer.byteLength(text, 'base64'))} of bytes` : text;
}

function cut(text: string): string {
	return text.length > OUTPUT ? `${text.slice(0, OUTPUT - 1)}…` : text;
}
