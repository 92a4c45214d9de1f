import type { Store } from '../api/store.ts';

/** The kubelet cannot make the container from its configuration; the text is its own. */
export class ConfigError extends Error {}

/** Keys and values of a ConfigMap or Secret; secret values are decoded. Undefined where it is optional and absent. */
export function readConfig(
	store: Store,
	resource: 'configmaps' | 'secrets',
	namespace: string,
	name: string,
	optional = false,
): Record<string, Buffer> | undefined {
	const object = store.get(resource, namespace, name);
	if (!object) {
		if (optional) {
			return undefined;
		}
		throw new ConfigError(`${resource.slice(0, -1)} "${name}" not found`);
	}
	const encoding = resource === 'secrets' ? 'base64' : 'utf8';
	const data = Object.entries((object.data ?? {}) as Record<string, string>);
	const plain = Object.entries((object.stringData ?? {}) as Record<string, string>);
	const binary = Object.entries((object.binaryData ?? {}) as Record<string, string>);
	return Object.fromEntries([
		...data.map(([key, value]): [string, Buffer] => [key, Buffer.from(value, encoding)]),
		...plain.map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]),
		...binary.map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]),
	]);
}
