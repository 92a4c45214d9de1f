import { UserError } from '../errors.ts';
import { lineOfKey, parseYaml } from '../text/yaml.ts';
import { checkFields, type Field } from './fields.ts';
import { PROFILES } from './toolkit.ts';

/** What a user sets once: `~/.config/kubectl-ephemeral/config.yaml`. */
export interface Configuration {
	/** Image of each toolkit, instead of its own. */
	images: Record<string, string>;
	/** Where images come from here: `docker.io/*: registry.corp/*`, first match wins. */
	registries: [pattern: string, replacement: string][];
	/** `toolkit`: the one that `cp` and the like bring. */
	defaults: { ttl?: string; profile?: string; toolkit?: string };
}

/** What holds where there is no file. */
export const NO_CONFIGURATION: Configuration = { images: {}, registries: [], defaults: {} };

const FIELDS: Record<string, Field> = {
	images: { type: 'map' },
	registries: { type: 'map' },
	defaults: {
		type: 'object',
		fields: {
			ttl: {
				type: 'string',
				pattern: { test: /^(\d+|(\d+(\.\d+)?(ms|s|m|h|d))+)$/, say: 'a duration like 90s or 1h30m' },
			},
			profile: { type: 'string', values: PROFILES },
			toolkit: { type: 'string' },
		},
	},
};

/**
 * The text of a configuration file → the configuration.
 * @throws UserError naming file, line, key and what is wrong
 */
export async function parseConfiguration(text: string, source: string): Promise<Configuration> {
	const value = (await parseYaml(text, source)) ?? {};
	const remarks = checkFields(value, FIELDS);
	const raw = value as {
		images?: Record<string, string>;
		registries?: Record<string, string>;
		defaults?: Configuration['defaults'];
	};
	if (remarks.length === 0) remarks.push(...Object.entries(raw.registries ?? {}).flatMap(checkMapping));
	const [remark] = remarks;
	if (remark) {
		const line = lineOfKey(text, remark.path);
		throw new UserError(
			`${source}${line === undefined ? '' : `:${line}`}: ${remark.path.join('.') || 'the file'} ${remark.text}`,
		);
	}
	return { images: raw.images ?? {}, registries: Object.entries(raw.registries ?? {}), defaults: raw.defaults ?? {} };
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

function fullName(image: string): string {
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
