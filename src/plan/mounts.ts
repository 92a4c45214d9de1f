import type { V1EphemeralContainer, V1Pod, V1VolumeMount } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import { findContainer } from './identity.ts';
import type { MountRequest } from './request.ts';

/** What `--like-target` takes over from the target, and what it had to leave, said in sentences. */
export interface Likeness {
	fields: Pick<V1EphemeralContainer, 'volumeMounts' | 'env' | 'envFrom'>;
	notes: string[];
}

/**
 * The target's volume mounts and environment for a container of ours. References to secrets stay references. Mounts of a
 * sub-path are left, which the API allows in no ephemeral container, and variables that would let the target's
 * environment decide which code our tools load.
 */
export function likeTarget(pod: V1Pod, target: string): Likeness {
	const { volumeMounts = [], env = [], envFrom = [] } = findContainer(pod, target) ?? {};
	const whole = volumeMounts.filter((mount) => !mount.subPath && !mount.subPathExpr);
	const parts = volumeMounts.filter((mount) => !whole.includes(mount)).map((mount) => mount.mountPath);
	const ours = env.filter(({ name }) => !STEERS_TOOLS.test(name));
	const left = env.filter((one) => !ours.includes(one)).map(({ name }) => name);
	return {
		fields: {
			...(whole.length > 0 && { volumeMounts: whole }),
			...(ours.length > 0 && { env: ours }),
			...(envFrom.length > 0 && { envFrom }),
		},
		notes: [
			...(parts.length > 0
				? [`not mounted: ${sayList(parts)} (a sub-path, which no ephemeral container may have)`]
				: []),
			...(left.length > 0 ? [`not taken over: ${sayList(left)} (would steer our own tools)`] : []),
		],
	};
}

/**
 * The volumes asked for by `--mount`, added to the mounts there are; one at the same path takes its place.
 * @throws UserError when the pod has no such volume
 */
export function addMounts(pod: V1Pod, mounts: V1VolumeMount[], wanted: MountRequest[]): V1VolumeMount[] {
	const volumes = (pod.spec?.volumes ?? []).map((volume) => volume.name);
	const added = wanted.map(({ volume, path, readOnly }): V1VolumeMount => {
		if (!volumes.includes(volume)) throw noVolume(pod, volume, volumes);
		return { name: volume, mountPath: path, ...(readOnly && { readOnly }) };
	});
	return [...mounts.filter((mount) => !added.some((one) => one.mountPath === mount.mountPath)), ...added];
}

// The loader's, the shells', the language runtimes'; and PATH, which would hide the tools of our image.
const STEERS_TOOLS =
	/^(LD_.*|GLIBC_TUNABLES|MALLOC_.*|PATH|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PS4|IFS|HOME|.*JAVA_(TOOL_)?OPTIONS|CLASSPATH|NODE_OPTIONS|NODE_PATH|PYTHON.*|PERL5.*|PERLLIB|RUBY(OPT|LIB)|GODEBUG|KE_.*)$/;

function noVolume(pod: V1Pod, volume: string, volumes: string[]): UserError {
	const near = nearest(volume, volumes);
	const others = volumes.filter((name) => name !== near);
	const sorted = near === undefined ? others : [near, ...others];
	return new UserError(
		`pod "${pod.metadata?.name}" has no volume "${volume}"`,
		sorted.length > 0 ? `It has ${sayList(sorted)}.` : 'It has none.',
	);
}
