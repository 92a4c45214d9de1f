import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = 'kubectl-ephemeral';

/** The configuration of the whole machine. No variable moves it: what it forbids must hold in every environment. */
const SYSTEM = process.platform === 'win32' ? `C:\\ProgramData\\${NAME}\\config.yaml` : `/etc/${NAME}/config.yaml`;

/** Every place on this machine that is ours. */
export interface OurPaths {
	/** The user's folder of configuration, in which most of the following are. */
	home: string;
	configuration: string;
	systemConfiguration: string;
	/** The user's own toolkits. */
	toolkits: string;
	/** The digests of what is trusted. */
	trust: string;
	/** What of a ConfigMap `toolkits sync` has pinned. */
	synced: string;
	/** Which extension packages are installed, pinned. */
	packages: string;
	/** The extension packages themselves. */
	packagesFolder: string;
	/** The texts of what was trusted, to show what has changed. */
	trusted: string;
	/** The texts of what was synced. */
	syncedTexts: string;
	/** Toolkits as they were parsed. */
	parsed: string;
	refusals: string;
}

/**
 * Every place on this machine that is ours, by the XDG base directories (an empty or relative variable counts as unset,
 * as the specification says). Nothing else names a path.
 */
export function ourPaths(env: NodeJS.ProcessEnv): OurPaths {
	const user = (process.platform !== 'win32' && env.HOME) || homedir();
	const base = (variable: string | undefined, fallback: string): string =>
		join(variable?.startsWith('/') ? variable : join(user, fallback), NAME);
	const home = base(env.XDG_CONFIG_HOME, '.config');
	const data = base(env.XDG_DATA_HOME, '.local/share');
	const cache = base(env.XDG_CACHE_HOME, '.cache');
	return {
		home,
		configuration: join(home, 'config.yaml'),
		systemConfiguration: SYSTEM,
		toolkits: join(home, 'toolkits'),
		trust: join(home, 'trust.json'),
		synced: join(home, 'synced.json'),
		packages: join(home, 'packages.json'),
		packagesFolder: join(data, 'packages'),
		trusted: join(data, 'trusted'),
		syncedTexts: join(cache, 'synced'),
		parsed: join(cache, 'toolkits.json'),
		refusals: join(cache, 'refusals.json'),
	};
}
