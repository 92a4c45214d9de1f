import type { V1EphemeralContainer, V1Pod } from '@kubernetes/client-node';
import type { Candidate } from './container.ts';
import { canonical } from './names.ts';
import { applyProfile, type KubectlProfile, PROFILES } from './profiles.ts';

/** The name that the printed call gives to its custom file. */
export const CUSTOM_FILE = 'container.json';

/**
 * The call of kubectl debug that adds the same container, and the content of the `--custom` file it takes where flags do
 * not suffice. A security context that is no profile's stands whole in that file, over a profile that says nothing.
 */
export function kubectlCall(pod: V1Pod, { profile, container }: Candidate): { command: string; custom?: object } {
	const { name, image, command, targetContainerName, terminationMessagePolicy: _, ...rest } = container;
	const { stdin, tty, imagePullPolicy, securityContext, ...more } = rest;
	const base = sameAsProfile(profile, securityContext) ? profile : 'baseline';
	const custom = { ...more, ...(base === profile || !securityContext ? {} : { securityContext }) };
	const needsFile = Object.keys(custom).length > 0;
	const { namespace, name: podName = '' } = pod.metadata ?? {};
	const words = [
		...['kubectl', 'debug', podName],
		...(namespace === undefined ? [] : ['-n', namespace]),
		`--image=${image}`,
		...(targetContainerName === undefined ? [] : [`--target=${targetContainerName}`]),
		`--container=${name}`,
		`--profile=${base}`,
		...(imagePullPolicy === undefined ? [] : [`--image-pull-policy=${imagePullPolicy}`]),
		...(needsFile ? [`--custom=${CUSTOM_FILE}`] : []),
		...(stdin ? ['-i'] : []),
		...(tty ? ['-t'] : []),
		...(command === undefined ? [] : ['--', ...command]),
	];
	return { command: words.map(quote).join(' '), ...(needsFile && { custom }) };
}

function sameAsProfile(profile: string, context: V1EphemeralContainer['securityContext']): boolean {
	if (!Object.hasOwn(PROFILES, profile)) return false;
	return canonical({ context: applyProfile(profile as KubectlProfile) }) === canonical({ context });
}

/** A word as a POSIX shell reads it back. */
function quote(word: string): string {
	return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
