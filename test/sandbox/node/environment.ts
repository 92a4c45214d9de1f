import { isObject, type KubeObject } from '../api/objects.ts';
import type { Container, EnvVar, KeyRef, Pod } from '../api/pod.ts';
import type { Store } from '../api/store.ts';
import type { Image } from '../images/image.ts';
import { ConfigError, readConfig } from './config-source.ts';

/**
 * The environment of a container's processes as `NAME=value`: the image's, HOSTNAME, services, `envFrom`, `env`.
 * @throws {ConfigError} for a ConfigMap, Secret or key that is not there.
 */
export function environmentOf(store: Store, pod: Pod, container: Container, image: Image): string[] {
	const values = new Map<string, string>();
	for (const entry of image.config.env ?? []) {
		const at = entry.indexOf('=');
		values.set(entry.slice(0, at), entry.slice(at + 1));
	}
	if (!values.has('PATH')) {
		values.set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
	}
	if (container.tty) {
		values.set('TERM', 'xterm');
	}
	values.set('HOSTNAME', pod.spec.hostname ?? pod.metadata.name);
	for (const [name, value] of serviceVariables(store, pod)) {
		values.set(name, value);
	}
	for (const [name, value] of valuesFromSources(store, pod, container)) {
		values.set(name, value);
	}
	for (const variable of container.env ?? []) {
		const value = valueFor(store, pod, variable);
		if (value !== undefined) {
			values.set(variable.name, expand(value, values));
		}
	}
	return [...values].map(([name, value]) => `${name}=${value}`);
}

/** Replaces `$(NAME)`; `$$` stands for a dollar sign. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
	return text.replace(/\$\$|\$\(([A-Za-z0-9_.-]+)\)/g, (whole, name) =>
		whole === '$$' ? '$' : (values.get(name) ?? whole),
	);
}

function serviceVariables(store: Store, pod: Pod): [string, string][] {
	if (pod.spec.enableServiceLinks === false) {
		return [];
	}
	return store.list('services', pod.metadata.namespace).flatMap((service) => {
		const spec = service.spec as { clusterIP?: string; ports?: { port: number }[] };
		const port = spec.ports?.[0]?.port;
		const name = service.metadata.name.toUpperCase().replaceAll('-', '_');
		return spec.clusterIP && port
			? ([
					[`${name}_SERVICE_HOST`, spec.clusterIP],
					[`${name}_SERVICE_PORT`, String(port)],
				] as [string, string][])
			: [];
	});
}

function valuesFromSources(store: Store, pod: Pod, container: Container): [string, string][] {
	const namespace = pod.metadata.namespace ?? '';
	return (container.envFrom ?? []).flatMap(({ prefix = '', configMapRef, secretRef }) => {
		const ref = configMapRef ?? secretRef;
		const kind = configMapRef ? 'configmaps' : 'secrets';
		const data = ref && readConfig(store, kind, namespace, ref.name, ref.optional);
		return Object.entries(data ?? {}).map(([key, value]): [string, string] => [`${prefix}${key}`, value.toString()]);
	});
}

function valueFor(store: Store, pod: Pod, { value, valueFrom }: EnvVar): string | undefined {
	if (!valueFrom) {
		return value ?? '';
	}
	if (valueFrom.fieldRef) {
		return fieldOf(pod, valueFrom.fieldRef.fieldPath);
	}
	const ref = valueFrom.configMapKeyRef ?? valueFrom.secretKeyRef;
	const kind = valueFrom.configMapKeyRef ? 'configmaps' : 'secrets';
	return ref && keyOf(store, pod, kind, ref);
}

function keyOf(store: Store, pod: Pod, kind: 'configmaps' | 'secrets', ref: KeyRef): string | undefined {
	const namespace = pod.metadata.namespace ?? '';
	const data = readConfig(store, kind, namespace, ref.name, ref.optional);
	const value = data?.[ref.key];
	if (data && value === undefined && !ref.optional) {
		const what = kind === 'configmaps' ? 'ConfigMap' : 'Secret';
		throw new ConfigError(`couldn't find key ${ref.key} in ${what} ${namespace}/${ref.name}`);
	}
	return value?.toString();
}

/** A field named as the downward API names it: `metadata.name`, `metadata.labels['app']`, `status.podIP`. */
export function fieldOf(pod: KubeObject, path: string): string {
	const subscript = /^(metadata\.(?:labels|annotations))\['([^']+)'\]$/.exec(path);
	const keys = subscript ? [...(subscript[1] ?? '').split('.'), subscript[2] ?? ''] : path.split('.');
	const value = keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), pod);
	return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
