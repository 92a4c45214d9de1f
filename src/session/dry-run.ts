import type { Plan } from '../plan/plan.ts';
import { describePlan } from '../plan/plan.ts';
import { addContainer } from './add.ts';
import { sayRefusal } from './api-words.ts';
import { locatePod } from './locate.ts';
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
		const { plan } = prepare(input, pod, tools.console);
		if (plan.reuse) return describePlan(pod, plan, plan.reuse, 'it runs in the pod');
		if (ask === 'client') return describePlan(pod, plan, plan.candidates[0], 'not asked');
		const nothing = { refused: () => false, remember: () => {} };
		const { candidate } = await addContainer(connection, pod, plan, nothing, tools.console, { dryRun: true });
		const because = request.profile === 'auto' ? 'admitted by a dry run on the server' : 'asked for';
		return describePlan(pod, plan, candidate, because);
	} catch (error) {
		throw sayRefusal(error);
	}
}
