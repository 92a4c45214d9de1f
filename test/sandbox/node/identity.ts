import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, ContainerUser, Pod } from '../api/pod.ts';
import type { Image } from '../images/image.ts';

/** The kubelet refuses to start a container as this user; the text is its own. */
export class IdentityError extends Error {}

/**
 * The user a container runs as.
 *
 * Of an image's `USER` the kubelet passes on a number without its group, so the group comes from the image's
 * /etc/passwd, else it is 0; a name is looked up there by the runtime.
 *
 * @throws {IdentityError} `CreateContainerConfigError` where `runAsNonRoot` is not kept.
 */
export function identityOf(pod: Pod, container: Container, image: Image): ContainerUser {
	const own = container.securityContext ?? {};
	const shared = pod.spec.securityContext ?? {};
	const runAsUser = own.runAsUser ?? shared.runAsUser;
	const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
	const imageUser = image.config.user?.split(':')[0] ?? '';
	if (own.runAsNonRoot ?? shared.runAsNonRoot) {
		checkNonRoot(pod, container, runAsUser, imageUser);
	}

	const passwd = readTable(image.rootfs, '/etc/passwd');
	const wanted = runAsUser === undefined ? imageUser || '0' : String(runAsUser);
	const line = passwd.find(([name, , uid]) => uid === wanted || name === wanted);
	const uid = /^\d+$/.test(wanted) ? Number(wanted) : Number(line?.[2]);
	if (Number.isNaN(uid)) {
		throw new IdentityError(
			`failed to create containerd container: unable to find user ${wanted}: no matching entries in passwd file`,
		);
	}
	const gid = runAsGroup ?? Number(line?.[3] ?? 0);
	const memberships = readTable(image.rootfs, '/etc/group')
		.filter(([, , , members = '']) => line?.[0] !== undefined && members.split(',').includes(line[0]))
		.map(([, , id]) => Number(id));
	const supplementalGroups = [
		...new Set([
			gid,
			...memberships,
			...(shared.supplementalGroups ?? []),
			...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
		]),
	];
	return { linux: { uid, gid, supplementalGroups } };
}

function checkNonRoot(pod: Pod, container: Container, runAsUser: number | undefined, imageUser: string): void {
	const { name, namespace, uid } = pod.metadata;
	const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
	if (runAsUser === 0) {
		throw new IdentityError(`container's runAsUser breaks non-root policy ${where}`);
	}
	if (runAsUser !== undefined) {
		return;
	}
	if (imageUser === '' || imageUser === '0') {
		throw new IdentityError(`container has runAsNonRoot and image will run as root ${where}`);
	}
	if (!/^\d+$/.test(imageUser)) {
		throw new IdentityError(
			`container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`,
		);
	}
}

function readTable(rootfs: string, path: string): string[][] {
	const file = join(rootfs, path);
	const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
	return text
		.split('\n')
		.filter(Boolean)
		.map((line) => line.split(':'));
}
