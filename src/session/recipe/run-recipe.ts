import { ApiError } from '../../cluster/api-error.ts';
import { UserError } from '../../errors.ts';
import { scriptOf } from '../../plan/recipe.ts';
import type { RecipeRequest } from '../../plan/request.ts';
import { printableLine } from '../../text/printable.ts';
import { sayDuration } from '../../text/say.ts';
import type { Toolkit } from '../../toolkit/toolkit.ts';
import type { Brought } from '../bring.ts';
import type { Work } from '../enter.ts';
import type { SessionInput } from '../prepare.ts';
import { type Place, runWork } from '../run.ts';
import { filesBeside } from '../session-files.ts';
import { captureSink, type Sink } from '../sink.ts';
import type { SessionTools } from '../tools.ts';
import { Meter, sayBytes } from '../transfer/meter.ts';
import { type Artefact, type Fetched, type Fetching, fetchFile, fetchFolder } from './artefacts.ts';
import { askFirst, fillQuestion, readPreflight } from './ask-first.ts';
import { RecipeCompanion } from './companion.ts';
import { openOutput } from './output.ts';
import { type PlaceInput, placeFor, timeWord } from './place.ts';
import { safeSink } from './safe-sink.ts';

/** The exit code of a script whose time was over, as timeout(1) has it (src/inside/supervise.c). */
const TIMED_OUT = 124;

/** Bytes of a preflight's JSON. */
const PREFLIGHT = 1 << 20;

/** What came of a recipe in one pod. */
export interface RecipeResult {
	exitCode: number;
	artefacts: Artefact[];
	/** What it printed, where it is JSON. */
	result?: unknown;
}

/** A recipe in a container that runs, and what surrounds it. */
export interface RecipeRun {
	input: SessionInput & { toolkit: Toolkit };
	recipe: RecipeRequest;
	tools: SessionTools;
	brought: Brought;
	place: Place;
	work: Work;
	/** One of several pods: artefacts have names of their own. */
	several: boolean;
	/** Somebody reads standard output at a terminal. */
	people: boolean;
}

/**
 * Run a recipe and bring home what comes of it.
 * @throws UserError, ApiError, ConnectionLost: everything but the script's own end
 */
export async function runRecipe(run: RecipeRun): Promise<RecipeResult> {
	const { input, recipe, tools, place, work } = run;
	const { output, control } = recipe.recipe;
	const where = wherefrom(run);
	const early = isNamedEarly(run) ? placeFor(where, '') : undefined;
	await begin(run);
	const out = openOutput(
		output,
		output.kind === 'file' || output.kind === 'files' ? undefined : early,
		tools.sink,
		run.people,
	);
	let exitCode = 0;
	let ended = false;
	let fetched: Fetched | undefined;
	const companion = new RecipeCompanion({
		nonce: work.nonce ?? '',
		control,
		console: tools.console,
		left: async (folder) => {
			if (output.kind !== 'file' && output.kind !== 'files') return;
			const progress = tools.console.wait();
			const fetching: Fetching = {
				open: filesBeside(input.connection, place, work, 'out'),
				place: (name) => early ?? placeFor(where, name),
				format: output.format,
				meter: new Meter(progress),
				say: tools.console.say,
				out: (bytes) => tools.sink.stdout(bytes),
			};
			try {
				fetched = await (output.kind === 'file' ? fetchFile : fetchFolder)(folder, fetching);
			} catch (error) {
				// The script has run: nothing may take this for a container that ended before, and run it again.
				if (error instanceof ApiError) throw new UserError(error.message, undefined, { cause: error });
				throw error;
			} finally {
				await progress.end();
			}
		},
	});
	const words = tools.captures || !process.stderr.isTTY ? tools.sink : safeSink(tools.sink);
	const sink: Sink = {
		stdout: (bytes) => companion.clear().then(() => out.stdout(bytes)),
		stderr: (bytes) => companion.clear().then(() => words.stderr(bytes)),
	};
	const forward = output.kind === 'forward' ? await (await import('./forward.ts')).openForward(run) : undefined;
	try {
		exitCode = await runWork(input.connection, place, work, sink, work.tty ? undefined : companion);
		ended = true;
		const done = await out.finish(exitCode);
		const artefacts = [...done.artefacts, ...(fetched ? [fetched.settle(exitCode !== 0)] : [])];
		if (output.kind === 'file' && artefacts.length === 0 && exitCode === 0)
			throw new UserError(`${recipe.recipe.name} ended well and left no file in $OUT`, 'The toolkit is wrong there.');
		for (const artefact of artefacts) tools.console.say(sayArtefact(artefact, exitCode));
		const { name, timeout } = recipe.recipe;
		if (exitCode === TIMED_OUT && timeout !== undefined)
			tools.console.say(`${name} took longer than its ${sayDuration(timeout)}, and was ended`);
		// What came is not what it should be.
		if (exitCode === 0 && artefacts.some(({ incomplete }) => incomplete)) exitCode = 125;
		return { exitCode, artefacts, ...('result' in done && { result: done.result }) };
	} catch (error) {
		if (!ended) {
			out.abandon();
			fetched?.discard();
		}
		throw error;
	} finally {
		await companion.clear();
		forward?.close();
	}

	/** The preflight, and the question. */
	async function begin({ recipe: { recipe: asked, yes } }: RecipeRun): Promise<void> {
		const words = asked.preflight === undefined ? {} : await preflight(run, asked.preflight);
		if (asked.confirm !== undefined)
			await askFirst(fillQuestion(asked.confirm, { ...where.words, ...words }, asked.name), yes);
	}
}

async function preflight(run: RecipeRun, script: string): Promise<Readonly<Record<string, string>>> {
	const { input, recipe, place, work, brought } = run;
	const capture = captureSink(PREFLIGHT);
	const text = scriptOf({ script }, input.scripts);
	const special = [{ name: '=script', value: text }, ...(work.special ?? []).filter(({ name }) => name !== '=script')];
	const { nonce: _, control: __, ...rest } = work;
	const code = await runWork(input.connection, place, { ...rest, special, tty: false, stdin: false }, capture);
	const name = recipe.recipe.name;
	if (code !== 0) {
		const said = printableLine(capture.read('stderr').text);
		throw new UserError(
			`the preflight of ${name} failed in ${brought.pod.metadata?.name} (exit code ${code})${said && `: ${said}`}`,
		);
	}
	const { refuse, words } = readPreflight(capture.read('stdout').text, name);
	if (refuse !== undefined) throw new UserError(printableLine(refuse));
	return words;
}

/** Whether the name here is known before anything is done, so that one that is taken is told before. */
function isNamedEarly({ recipe: { recipe, write }, people }: RecipeRun): boolean {
	const { kind, name } = recipe.output;
	if (kind === 'interactive' || kind === 'forward') return false;
	if (kind === 'file' || kind === 'files')
		return kind === 'files' || name !== undefined || (write !== undefined && write !== '-' && !/[/\\]$/.test(write));
	// Bytes are nothing for a terminal.
	return write !== undefined || (kind === 'stream' && people);
}

function wherefrom({ input, recipe, brought, several }: RecipeRun): PlaceInput {
	const { namespace = '', name = '' } = brought.pod.metadata ?? {};
	const { name: called, output } = recipe.recipe;
	const byDefault = output.kind === 'file' ? undefined : '{toolkit}-{recipe}-{pod}-{time}';
	return {
		write: recipe.write,
		template: output.name ?? byDefault,
		words: {
			pod: name,
			namespace,
			container: brought.prepared.target,
			node: brought.pod.spec?.nodeName ?? '',
			toolkit: input.toolkit.name,
			recipe: called,
			time: timeWord(new Date()),
		},
		overwrite: recipe.overwrite,
		several,
	};
}

function sayArtefact({ path, bytes, sha256, incomplete }: Artefact, exitCode: number): string {
	const whole = incomplete && exitCode !== 0 ? `, not whole: the recipe ended with ${exitCode}` : '';
	const digest = sha256 === undefined ? '' : `, sha256 ${sha256} as in the pod`;
	return `${path === '-' ? 'standard output' : printableLine(path)}  ${sayBytes(bytes)}${digest}${whole}`;
}
