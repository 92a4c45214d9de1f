import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UserError } from '../errors.ts';
import { type Kubeconfig, readKubeconfig } from './kubeconfig.ts';

/** What was read, and from which files; no file at all gives an empty one. */
export interface MergedKubeconfig extends Kubeconfig {
	files: string[];
}

/**
 * The user's kubeconfig: `--kubeconfig FILE` alone, else every file of $KUBECONFIG, else ~/.kube/config.
 *
 * Of several files the first that names a context, cluster or user wins, and the first with a current-context; missing
 * and empty files are skipped, except one named by the flag (the rules of kubectl's clientcmd).
 */
export async function loadKubeconfig(explicit: string | undefined, env: NodeJS.ProcessEnv): Promise<MergedKubeconfig> {
	const merged: MergedKubeconfig = {
		currentContext: undefined,
		contexts: new Map(),
		clusters: new Map(),
		users: new Map(),
		files: [],
	};
	for (const file of kubeconfigFiles(explicit, env)) {
		const one = await readIfThere(file, file === explicit);
		if (one === undefined) continue;
		merged.files.push(file);
		merged.currentContext ??= one.currentContext;
		addMissing(merged.contexts, one.contexts);
		addMissing(merged.clusters, one.clusters);
		addMissing(merged.users, one.users);
	}
	return merged;
}

function kubeconfigFiles(explicit: string | undefined, env: NodeJS.ProcessEnv): string[] {
	if (explicit !== undefined && explicit !== '') return [explicit];
	if (env.KUBECONFIG) return [...new Set(env.KUBECONFIG.split(delimiter).filter((file) => file !== ''))];
	const home = env.HOME ?? env.USERPROFILE ?? homedir();
	return home === '' ? [] : [join(home, '.kube', 'config')];
}

async function readIfThere(file: string, wanted: boolean): Promise<Kubeconfig | undefined> {
	try {
		return await readKubeconfig(file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		if (wanted) throw new UserError(`there is no kubeconfig ${file}`);
		return undefined;
	}
}

function addMissing<T>(into: Map<string, T>, from: Map<string, T>): void {
	for (const [name, entry] of from) if (!into.has(name)) into.set(name, entry);
}
