/** A YAML or JSON document of the user's, with every scalar as it was written. */
export interface YamlText {
	/** Scalars as strings, whatever YAML would make of them: `token: 0123`, `name: yes` and dates keep their spelling. */
	textual: unknown;
	/** The same document with YAML's own types; for parts that are handed on as data. */
	typed(): unknown;
}

/**
 * Reads the first document of a YAML (or JSON) text. An empty text gives null.
 *
 * Under Bun its built-in parser is used, which costs a tenth of js-yaml; where it had to guess a type, or found
 * something unusual, js-yaml reads the text again, so that both runtimes give the same.
 *
 * @throws YamlTextError with the line, never with content
 */
export async function parseYamlText(text: string, booleanKeys: ReadonlySet<string>): Promise<YamlText> {
	const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
	const quick = parseWithBun(source);
	if (quick !== undefined && isPlain(quick, booleanKeys)) return { textual: quick, typed: () => quick };

	const { CORE_SCHEMA, FAILSAFE_SCHEMA, loadAll, mergeTag, nullCoreTag, YAMLException } = await import('js-yaml');
	const first = (schema: typeof CORE_SCHEMA): unknown => {
		try {
			return loadAll(source, { schema, json: true })[0] ?? null;
		} catch (error) {
			const line = error instanceof YAMLException ? error.mark?.line : undefined;
			throw new YamlTextError(line === undefined ? undefined : line + 1);
		}
	};
	return {
		textual: first(FAILSAFE_SCHEMA.withTags([nullCoreTag, mergeTag])),
		typed: () => first(CORE_SCHEMA.withTags([mergeTag])),
	};
}

/** The text is not YAML; `line` counts from 1. The parser's own words are left out, since they may quote a secret. */
export class YamlTextError extends Error {
	override readonly name = 'YamlTextError';
	readonly line: number | undefined;
	constructor(line: number | undefined) {
		super(line === undefined ? 'not valid YAML' : `not valid YAML, line ${line}`);
		this.line = line;
	}
}

interface BunYaml {
	YAML?: { parse(text: string): unknown };
}

function parseWithBun(text: string): unknown {
	const bun = (globalThis as { Bun?: BunYaml }).Bun;
	if (bun?.YAML === undefined) return undefined;
	try {
		return bun.YAML.parse(text);
	} catch {
		return undefined;
	}
}

/** Whether nothing in it lost its spelling: strings, nulls, and booleans only where a boolean is meant. */
function isPlain(value: unknown, booleanKeys: ReadonlySet<string>, isRoot = true): boolean {
	if (value === null || typeof value === 'string') return true;
	if (typeof value !== 'object') return false;
	// Bun gives several documents as a list, which cannot be told from a list.
	if (Array.isArray(value)) return !isRoot && value.every((entry) => isPlain(entry, booleanKeys, false));
	return Object.entries(value).every(
		([key, entry]) => (typeof entry === 'boolean' && booleanKeys.has(key)) || isPlain(entry, booleanKeys, false),
	);
}
