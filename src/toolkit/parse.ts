import { UserError } from '../errors.ts';
import { lineOfKey, parseYaml } from '../text/yaml.ts';
import { checkFields, type Field } from './fields.ts';
import { API_VERSION, PROFILES, type Toolkit } from './toolkit.ts';

const NAME = { test: /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, say: 'lower-case letters, digits and dashes, at most 32' };
const IMAGE = {
	test: /^[a-z0-9]([\w.:/-]*[\w])?(@sha256:[0-9a-f]{64})?$/i,
	say: 'an image reference',
};

const FIELDS: Record<string, Field> = {
	apiVersion: { type: 'string', required: true, values: [API_VERSION] },
	kind: { type: 'string', required: true, values: ['Toolkit'] },
	name: { type: 'string', required: true, pattern: NAME },
	description: { type: 'string', required: true },
	image: { type: 'string', required: true, pattern: IMAGE },
	path: { type: 'string[]', pattern: { test: /^\/[^:\n]*$/, say: 'an absolute folder' } },
	target: { type: 'object', fields: { container: { type: 'string', required: true } } },
	profile: { type: 'string', values: PROFILES },
	default: { type: 'boolean' },
	needs: { type: 'string[]', pattern: { test: /^(same-user|[A-Z][A-Z_]+)$/, say: 'same-user or a capability' } },
	wants: { type: 'string[]', pattern: { test: /^(same-user|[A-Z][A-Z_]+)$/, say: 'same-user or a capability' } },
	shell: {
		type: 'object',
		fields: { command: { type: 'string[]' }, root: { type: 'string', values: ['target', 'debug'] } },
	},
};

/**
 * The text of a `toolkit.yaml` → a toolkit.
 *
 * @param folder the name of the folder it stands in; a toolkit is called like its folder.
 * @throws UserError naming the source, the line, the key and what is wrong with it
 */
export async function parseToolkit(text: string, source: string, folder: string): Promise<Toolkit> {
	const value = await parseYaml(text, source);
	const [remark] = checkFields(value, FIELDS);
	if (remark) throw at(text, source, remark.path, remark.text);
	const raw = value as Partial<Toolkit> & Pick<Toolkit, 'name' | 'description' | 'image'>;
	if (raw.name !== folder)
		throw at(text, source, ['name'], `must be "${folder}", as its folder is called, not "${raw.name}"`);
	return {
		name: raw.name,
		description: raw.description,
		image: raw.image,
		path: raw.path ?? [],
		...(raw.target && { target: raw.target }),
		profile: raw.profile ?? 'auto',
		needs: raw.needs ?? [],
		wants: raw.wants ?? [],
		shell: { root: 'debug', ...raw.shell },
		default: raw.default ?? false,
	};
}

function at(text: string, source: string, path: string[], says: string): UserError {
	const line = lineOfKey(text, path);
	return new UserError(`${source}${line === undefined ? '' : `:${line}`}: ${path.join('.') || 'the file'} ${says}`);
}
