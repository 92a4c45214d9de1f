import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, KeyPath, Pod, Volume } from '../api/pod.ts';
import type { Store } from '../api/store.ts';
import { readConfig } from './config-source.ts';
import { fieldOf } from './environment.ts';
import type { Mount } from './oci.ts';

/** A folder inside the node and the same folder as this process can open it. */
export interface Place {
	inside: string;
	outside: string;
}

/**
 * Makes a container's volumes, each in a folder of the pod, and returns the mounts.
 * @param pods where that pod's volumes lie.
 * @throws {ConfigError} for a ConfigMap or Secret that is not there.
 */
export function volumeMounts(store: Store, pod: Pod, container: Container, place: Place): Mount[] {
	return (container.volumeMounts ?? []).flatMap((mount) => {
		const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
		if (!volume) {
			return [];
		}
		const source = join(sourceOf(store, pod, volume, place), mount.subPath ?? '');
		const readOnly = mount.readOnly || volume.configMap || volume.secret || volume.projected;
		return [
			{ destination: mount.mountPath, type: 'bind', source, options: ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'] },
		];
	});
}

function sourceOf(store: Store, pod: Pod, volume: Volume, place: Place): string {
	if (volume.hostPath) {
		return volume.hostPath.path;
	}
	const outside = join(place.outside, volume.name);
	if (!existsSync(outside)) {
		mkdirSync(outside, { recursive: true });
		chmodSync(outside, 0o777);
		for (const [path, content] of filesOf(store, pod, volume)) {
			mkdirSync(dirname(join(outside, path)), { recursive: true });
			writeFileSync(join(outside, path), content);
		}
	}
	return join(place.inside, volume.name);
}

function filesOf(store: Store, pod: Pod, volume: Volume): [string, Buffer | string][] {
	const namespace = pod.metadata.namespace ?? '';
	const { configMap, secret, projected } = volume;
	if (configMap) {
		return pick(readConfig(store, 'configmaps', namespace, configMap.name, configMap.optional), configMap.items);
	}
	if (secret) {
		return pick(readConfig(store, 'secrets', namespace, secret.secretName, secret.optional), secret.items);
	}
	return (projected?.sources ?? []).flatMap((source): [string, Buffer | string][] => {
		if (source.configMap) {
			const { name, items, optional } = source.configMap;
			return pick(readConfig(store, 'configmaps', namespace, name, optional), items);
		}
		if (source.secret) {
			return pick(
				readConfig(store, 'secrets', namespace, source.secret.name, source.secret.optional),
				source.secret.items,
			);
		}
		if (source.serviceAccountToken) {
			return [[source.serviceAccountToken.path, 'sandbox-service-account-token']];
		}
		return (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => [
			path,
			fieldOf(pod, fieldRef?.fieldPath ?? ''),
		]);
	});
}

function pick(data: Record<string, Buffer> | undefined, items: KeyPath[] | undefined): [string, Buffer][] {
	const entries = Object.entries(data ?? {});
	if (!items) {
		return entries;
	}
	return items.flatMap(({ key, path }): [string, Buffer][] => {
		const value = data?.[key];
		return value ? [[path, value]] : [];
	});
}
