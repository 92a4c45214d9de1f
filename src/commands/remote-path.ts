import { UsageError } from '../errors.ts';
import { kindOf } from './kinds.ts';

/** A path in a pod, as the command line names it. */
export interface RemotePath {
	/** NAME or TYPE/NAME as `parseTargets` takes it; undefined: a selector or the picker says which pod. */
	target: string | undefined;
	/** The namespace of `NAMESPACE/POD:`. */
	namespace: string | undefined;
	/** The path as it was typed; not empty. */
	path: string;
}

/** One word of cp: a path in a pod or on this machine; `-` on this machine is standard input or output. */
export type CopyWord = { where: 'pod'; remote: RemotePath } | { where: 'here'; path: string };

/**
 * Reads `[[NAMESPACE/]POD | TYPE/NAME]:PATH` by kubectl cp's grammar: what has a colon is in a pod. Local are, beside what
 * has none: a drive (`C:\x`, and `C:/x` on Windows), and what begins like a path (`/`, `./`, `../`), so that a local file
 * with a colon in its name can be said.
 *
 * @param chosen the pod is named by -l or --pick, so that `:PATH` has no name before the colon
 * @throws UsageError when it can be neither
 */
export function parseCopyWord(word: string, chosen: boolean, platform: NodeJS.Platform = process.platform): CopyWord {
	const drive = platform === 'win32' ? /^[A-Za-z]:[\\/]/ : /^[A-Za-z]:\\/;
	const colon = word.indexOf(':');
	if (word === '') throw new UsageError('a path is empty');
	if (colon < 0 || drive.test(word) || /^\.{0,2}\//.test(word)) return { where: 'here', path: word };
	return { where: 'pod', remote: parseRemotePath(word, chosen) };
}

/**
 * The same where only a path in a pod can be meant.
 * @throws UsageError when it is none
 */
export function parseRemotePath(word: string, chosen: boolean): RemotePath {
	const colon = word.indexOf(':');
	const form = 'It is POD:PATH, TYPE/NAME:PATH or NAMESPACE/POD:PATH.';
	if (colon < 0) throw new UsageError(`"${word}" names no path in a pod`, form);
	const [name, path] = [word.slice(0, colon), word.slice(colon + 1)];
	if (path === '') throw new UsageError(`"${word}" has no path behind the colon`, `For example ${name}:/tmp/file.`);
	if (path.includes('\0')) throw new UsageError('a path cannot have a zero byte');
	if (name === '') {
		if (!chosen) throw new UsageError(`"${word}" names no pod`, form);
		return { target: undefined, namespace: undefined, path };
	}
	if (chosen) throw new UsageError(`"${word}" names a pod, and so do -l and --pick`, 'With them it is :PATH.');
	const [first = '', second, ...more] = name.split('/');
	if (second === undefined) return { target: first, namespace: undefined, path };
	if (more.length > 0 || first === '' || second === '') throw new UsageError(`"${name}" names no pod`, form);
	// kubectl cp knows only NAMESPACE/POD; a namespace that is called like a type is named by -n.
	if (kindOf(first)) return { target: name, namespace: undefined, path };
	return { target: second, namespace: first, path };
}

/**
 * What several words of one command agree on.
 * @param namespace of -n
 * @throws UsageError where they name different pods or namespaces
 */
export function onePod(
	remotes: readonly RemotePath[],
	namespace: string | undefined,
): { target: string | undefined; namespace: string | undefined } {
	const [first, ...others] = remotes;
	for (const other of others) {
		if (other.target === first?.target && other.namespace === first?.namespace) continue;
		throw new UsageError('the paths are in different pods', 'One pod at a time.');
	}
	if (namespace && first?.namespace && namespace !== first.namespace) {
		throw new UsageError(`the namespace is ${first.namespace} before the pod and ${namespace} by -n`);
	}
	return { target: first?.target, namespace: first?.namespace ?? (namespace || undefined) };
}
