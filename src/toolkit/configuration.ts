import { UserError } from '../errors.ts';
import { lineOfKey, parseYaml } from '../text/yaml.ts';
import { DURATION } from './definition.ts';
import { checkFields, type Field } from './fields.ts';
import { PROFILES } from './toolkit.ts';

const OBJECT_NAME = { test: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, say: 'the name of an object in a cluster' };

/** What is set once, for this user or this machine (`config.yaml`). */
export interface Configuration {
	/** Image of each toolkit, instead of its own; of a recipe that has one of its own, `TOOLKIT/RECIPE`. */
	images: Record<string, string>;
	/** Where images come from here: `docker.io/*: registry.corp/*`, first match wins. */
	registries: [pattern: string, replacement: string][];
	/** `toolkit`: the one that `cp` and the like bring. */
	defaults: { ttl?: string; profile?: string; toolkit?: string };
	/** Which source a name is meant of, where two have it: a kind of source, or one named whole. */
	overrides: Record<string, string>;
	/** Digests of toolkits that are trusted: any of them. */
	trust: Record<string, string[]>;
	/** Where the team's toolkits are synced from. */
	configMap?: { namespace: string; name: string };
	/** What may not be; every one of them holds. */
	policies: Policy[];
}

/** What one file forbids. What it does not mention is not restricted. */
export interface Policy {
	/** The file, for messages. */
	file: string;
	/** Patterns of images: one of them must match. */
	images?: string[];
	/** Images must be named by digest. */
	digestRequired?: boolean;
	/** Profiles, by name and by what they mean. */
	forbiddenProfiles?: string[];
	/** Kinds of source, or sources named whole: a toolkit must be of one of them. */
	trustedSources?: string[];
}

/** What holds where there is no file. */
export const NO_CONFIGURATION: Configuration = {
	images: {},
	registries: [],
	defaults: {},
	overrides: {},
	trust: {},
	policies: [],
};

const FIELDS: Record<string, Field> = {
	images: { type: 'map' },
	registries: { type: 'map' },
	defaults: {
		type: 'object',
		fields: {
			ttl: { type: 'string', pattern: DURATION },
			profile: { type: 'string', values: PROFILES },
			toolkit: { type: 'string' },
		},
	},
	overrides: { type: 'map' },
	trust: { type: 'map', pattern: { test: /^sha256:[0-9a-f]{64}$/, say: 'a digest, sha256:…' } },
	toolkits: {
		type: 'object',
		fields: {
			configMap: {
				type: 'object',
				fields: {
					namespace: { type: 'string', required: true, pattern: OBJECT_NAME },
					name: { type: 'string', required: true, pattern: OBJECT_NAME },
				},
			},
		},
	},
	policy: {
		type: 'object',
		fields: {
			images: {
				type: 'string[]',
				// The registry is said, so that none can be called like the begin of another.
				pattern: {
					test: /^(\*\.)?(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9.-]+:\d+)(:\d+)?\/\S+$/,
					say: 'a registry and a path in it, where * stands for any characters, like registry.example/tools/*',
				},
			},
			digestRequired: { type: 'boolean' },
			forbiddenProfiles: { type: 'string[]', values: PROFILES },
			trustedSources: { type: 'string[]' },
		},
	},
};

/** A file as it is written, once it has been checked. */
interface ConfigurationFile {
	images?: Record<string, string> | null;
	registries?: Record<string, string> | null;
	defaults?: Configuration['defaults'] | null;
	overrides?: Record<string, string> | null;
	trust?: Record<string, string> | null;
	toolkits?: { configMap?: NonNullable<Configuration['configMap']> | null } | null;
	policy?: Omit<Policy, 'file'> | null;
}

/**
 * The text of a configuration file → the configuration.
 * @throws UserError naming file, line, key and what is wrong
 */
export async function parseConfiguration(text: string, source: string): Promise<Configuration> {
	const value = (await parseYaml(text, source)) ?? {};
	const remarks = checkFields(value, FIELDS);
	const raw = value as ConfigurationFile;
	if (remarks.length === 0) remarks.push(...Object.entries(raw.registries ?? {}).flatMap(checkMapping));
	const [remark] = remarks;
	if (remark) {
		const line = lineOfKey(text, remark.path);
		throw new UserError(
			`${source}${line === undefined ? '' : `:${line}`}: ${remark.path.join('.') || 'the file'} ${remark.text}`,
		);
	}
	const { policy, toolkits } = raw;
	return {
		images: raw.images ?? {},
		registries: Object.entries(raw.registries ?? {}),
		defaults: raw.defaults ?? {},
		overrides: raw.overrides ?? {},
		trust: Object.fromEntries(Object.entries(raw.trust ?? {}).map(([name, digest]) => [name, [digest]])),
		...(toolkits?.configMap && { configMap: toolkits.configMap }),
		policies: policy ? [{ ...withoutNulls(policy), file: source }] : [],
	};
}

/** The user's configuration over the machine's: what is set there wins, what is forbidden here stays so. */
export function mergeConfigurations(user: Configuration, system: Configuration): Configuration {
	const trust = Object.fromEntries(
		[...new Set([...Object.keys(system.trust), ...Object.keys(user.trust)])].map((name) => [
			name,
			[...(user.trust[name] ?? []), ...(system.trust[name] ?? [])],
		]),
	);
	const configMap = user.configMap ?? system.configMap;
	return {
		images: { ...system.images, ...user.images },
		registries: [...user.registries, ...system.registries],
		defaults: { ...system.defaults, ...user.defaults },
		overrides: { ...system.overrides, ...user.overrides },
		trust,
		...(configMap && { configMap }),
		policies: [...system.policies, ...user.policies],
	};
}

/** A key without a value says nothing. */
function withoutNulls<T extends object>(value: T): T {
	return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)) as T;
}

/**
 * An image reference after the registry map. A short name is completed as Kubernetes does (`busybox` is
 * `docker.io/library/busybox`) only to be matched: what no pattern matches is used as it was written.
 */
export function mapImage(image: string, registries: Configuration['registries']): string {
	const full = fullName(image);
	for (const [pattern, replacement] of registries) {
		const prefix = pattern.slice(0, -1);
		if (full.startsWith(prefix)) return replacement.slice(0, -1) + full.slice(prefix.length);
	}
	return image;
}

/** An image reference with the registry that it is of, as Kubernetes completes it. */
export function fullName(image: string): string {
	const [first = '', ...rest] = image.split('/');
	if (rest.length === 0) return `docker.io/library/${image}`;
	if (!/[.:]|^localhost$/.test(first)) return `docker.io/${image}`;
	if (first !== 'docker.io' && first !== 'index.docker.io') return image;
	return rest.length === 1 ? `docker.io/library/${rest[0]}` : ['docker.io', ...rest].join('/');
}

function checkMapping([pattern, replacement]: [string, string]): { path: string[]; text: string }[] {
	if (/^[^*]+\/\*$/.test(pattern) && /^[^*]+\/\*$/.test(replacement)) return [];
	return [{ path: ['registries', pattern], text: 'must map one place to another, each ending in /*' }];
}
