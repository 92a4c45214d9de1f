import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A home with the toolkit `lab` in the user's own folder, and a folder to work in. */
export interface Lab {
	/** The environment for the program. */
	env: NodeJS.ProcessEnv;
	/** Where the program is started. */
	folder: string;
	remove(): void;
}

/** The folder of the toolkit of every kind of recipe. */
export const LAB = fileURLToPath(new URL('../fixtures/lab', import.meta.url));

/** Make one; to be removed after the tests. */
export function aLab(): Lab {
	const home = mkdtempSync(join(tmpdir(), 'ke-lab-'));
	const config = join(home, 'config');
	const folder = join(home, 'work');
	mkdirSync(folder);
	mkdirSync(join(config, 'kubectl-ephemeral'), { recursive: true });
	cpSync(LAB, join(config, 'kubectl-ephemeral/toolkits'), { recursive: true });
	return {
		env: { XDG_CONFIG_HOME: config, XDG_CACHE_HOME: join(home, 'cache'), XDG_DATA_HOME: join(home, 'data') },
		folder,
		remove: () => rmSync(home, { recursive: true, force: true }),
	};
}
