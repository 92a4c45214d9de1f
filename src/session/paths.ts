import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = 'kubectl-ephemeral';

/**
 * Every place on this machine that is ours, by the XDG base directories (an empty or relative variable counts as unset,
 * as the specification says). Nothing else names a path.
 */
export function ourPaths(env: NodeJS.ProcessEnv): { configuration: string; refusals: string } {
	return {
		configuration: join(base(env.XDG_CONFIG_HOME, '.config'), NAME, 'config.yaml'),
		refusals: join(base(env.XDG_CACHE_HOME, '.cache'), NAME, 'refusals.json'),
	};
}

function base(variable: string | undefined, fallback: string): string {
	return variable?.startsWith('/') ? variable : join(homedir(), fallback);
}
