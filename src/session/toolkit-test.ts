import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { toolkitFor } from '../plan/recipe.ts';
import { printableLine } from '../text/printable.ts';
import type { Recipe, Toolkit } from '../toolkit/toolkit.ts';
import { sayRefusal } from './api-words.ts';
import { locatePod } from './locate.ts';
import type { Outcome } from './outcome.ts';
import type { SessionInput } from './prepare.ts';
import { openInPod } from './session.ts';
import { captureSink } from './sink.ts';
import type { SessionTools } from './tools.ts';

/** What came of the test of a toolkit, or of one of its recipes. */
export interface TestResult {
	/** The toolkit's name, or the recipe's. */
	name: string;
	/** `none`: it says no test. */
	outcome: 'ok' | 'failed' | 'none';
	/** What it said, where it failed. */
	words: string;
}

/** Bytes of each stream of a test. */
const CAPTURED = 64 * 1024;

/** What a test is carried out as: a recipe that gives text. */
const BLANK: Omit<Recipe, 'name' | 'body'> = {
	description: 'a test',
	inputs: [],
	needs: [],
	wants: [],
	control: false,
	output: { kind: 'text' },
	pods: 'never',
};

/**
 * Run the test of a toolkit, and of each of its recipes, in a container of its image beside a pod: what fails there is not
 * in the image, or not permitted.
 * @throws UserError, ApiError where no test can be run at all
 */
export async function testToolkit(
	input: SessionInput & { toolkit: Toolkit },
	tools: SessionTools,
): Promise<{ pod: string; results: TestResult[] }> {
	const { connection, request, toolkit } = input;
	try {
		const { pod, because } = await locatePod(
			connection,
			request.namespace ?? connection.namespace,
			request.targets,
			toolkit.name,
		);
		if (because !== undefined) tools.console.say(`${pod.metadata?.name} (${because})`);
		const results: TestResult[] = [];
		for (const { name, test, recipe } of [
			{ name: toolkit.name, test: toolkit.test, recipe: undefined },
			...toolkit.recipes.map((one) => ({ name: one.name, test: one.test, recipe: one })),
		]) {
			if (test === undefined) results.push({ name, outcome: 'none', words: '' });
			else
				results.push({
					name,
					...(await testOne(input, tools, pod, { ...BLANK, ...recipe, name, body: { run: test } })),
				});
		}
		return { pod: pod.metadata?.name ?? '', results };
	} catch (error) {
		throw sayRefusal(error);
	}
}

async function testOne(
	input: SessionInput & { toolkit: Toolkit },
	tools: SessionTools,
	pod: V1Pod,
	tested: Recipe,
): Promise<Omit<TestResult, 'name'>> {
	const { preflight: _, confirm: __, ...recipe } = { ...tested, inputs: [], control: false, output: BLANK.output };
	const capture = captureSink(CAPTURED);
	const asked = { recipe, values: {}, write: undefined, overwrite: false, yes: true, localPort: undefined };
	const planned = toolkitFor(input.toolkit, recipe);
	const { request } = input;
	const profile = (recipe.profile ?? request.profile) as typeof request.profile;
	let outcome: Outcome;
	try {
		outcome = await openInPod(
			{ ...input, toolkit: planned, request: { ...request, profile, command: [recipe.name], recipe: asked } },
			{ ...tools, sink: capture, captures: true },
			pod,
		);
	} catch (error) {
		// What one cannot have says nothing of the others.
		const said = sayRefusal(error);
		if (!(said instanceof UserError)) throw said;
		return { outcome: 'failed', words: printableLine(said.message) };
	}
	if (outcome.exitCode === 0) return { outcome: 'ok', words: '' };
	const said = capture.read('stderr').text.trim() || capture.read('stdout').text.trim();
	return { outcome: 'failed', words: printableLine(said) || `exit code ${outcome.exitCode}` };
}
