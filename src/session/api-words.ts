import { ApiError } from '../cluster/api-error.ts';
import { UserError } from '../errors.ts';
import { readRefusal } from '../plan/refusal.ts';

/**
 * A refusal of the API as the one sentence a user can act on; everything else as it is.
 */
export function sayRefusal(error: unknown): unknown {
	if (!(error instanceof ApiError)) return error;
	const refusal = readRefusal(error.status, error.message, error.body?.details);
	switch (refusal.by) {
		case 'rbac': {
			const where = refusal.namespace === '' ? '' : ` in namespace "${refusal.namespace}"`;
			return new UserError(
				`${refusal.who} may not ${refusal.verb} ${refusal.resource}${where}`,
				'The Role it takes: the same command with --show-role',
				{ cause: error },
			);
		}
		case 'pod-security':
			return new UserError(
				`Pod Security ${refusal.level} refuses the container: ${refusal.findings}`,
				'--profile auto tries what else may be admitted; --cap-add, --privileged and --custom ask for more than it would.',
				{ cause: error },
			);
		case 'webhook':
			return new UserError(`the cluster's policy ${refusal.name} refuses the container: ${refusal.words}`, undefined, {
				cause: error,
			});
		default:
			// What a WebSocket is answered with when only one of the two verbs is there, since 1.35.
			if (error.status !== 403 || !/is forbidden: ?$/.test(error.message)) return error;
			return new UserError(
				'the server forbids the stream: since Kubernetes 1.35 it takes the verbs get and create on pods/exec',
				'The Role it takes: the same command with --show-role',
				{ cause: error },
			);
	}
}
