import type { V1Pod } from '@kubernetes/client-node';
import type { Plan } from '../plan/plan.ts';
import { describePlan } from '../plan/plan.ts';
import { planRecipe } from '../plan/recipe.ts';
import { addContainer } from './add.ts';
import { sayRefusal } from './api-words.ts';
import { locatePod, locatePods } from './locate.ts';
import { IMAGE_SESSION, prepare, type SessionInput } from './prepare.ts';
import type { SessionTools } from './tools.ts';

/**
 * The plan of a session, with nothing changed: `server` asks the API server with a dry run of the PATCH which candidate
 * it admits; `client` does not ask and takes the best.
 * @throws UserError, ApiError
 */
export async function planSession(input: SessionInput, tools: SessionTools, ask: 'server' | 'client'): Promise<Plan> {
	const { request, connection } = input;
	const namespace = request.namespace ?? connection.namespace;
	try {
		const { pod } = await locatePod(connection, namespace, request.targets, request.toolkit ?? IMAGE_SESSION);
		return await planInPod(input, tools, pod, ask);
	} catch (error) {
		throw sayRefusal(error);
	}
}

/** The plans of a request that means several pods. @throws UserError, ApiError: the first that fails */
export async function planAll(input: SessionInput, tools: SessionTools, ask: 'server' | 'client'): Promise<Plan[]> {
	const { request, connection } = input;
	try {
		const pods = await locatePods(
			connection,
			request.namespace ?? connection.namespace,
			request.targets,
			request.toolkit ?? IMAGE_SESSION,
			tools.console.say,
		);
		const plans: Plan[] = [];
		for (const pod of pods) {
			if ('error' in pod) throw pod.error;
			plans.push(await planInPod(input, tools, pod, ask));
		}
		return plans;
	} catch (error) {
		throw sayRefusal(error);
	}
}

async function planInPod(
	input: SessionInput,
	tools: SessionTools,
	pod: V1Pod,
	ask: 'server' | 'client',
): Promise<Plan> {
	const { request, connection, toolkit, scripts } = input;
	const { plan } = prepare(input, pod, tools.console);
	const recipe = request.recipe && toolkit ? planRecipe(toolkit, request.recipe, scripts) : undefined;
	if (plan.reuse) return describePlan(pod, plan, plan.reuse, 'it runs in the pod', recipe);
	if (ask === 'client') return describePlan(pod, plan, plan.candidates[0], 'not asked', recipe);
	const nothing = { refused: () => false, remember: () => {} };
	const { candidate } = await addContainer(connection, pod, plan, nothing, tools.console, { dryRun: true });
	const because = request.profile === 'auto' ? 'admitted by a dry run on the server' : 'asked for';
	return describePlan(pod, plan, candidate, because, recipe);
}
