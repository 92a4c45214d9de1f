import { UserError } from '../errors.ts';

/**
 * YAML text → its value (undefined where there is none), by js-yaml (loaded when first needed: most commands read no YAML), core schema.
 * @throws UserError naming the source, line and column
 */
export async function parseYaml(text: string, source: string): Promise<unknown> {
	const { loadAll, YAMLException } = await import('js-yaml');
	try {
		const documents = loadAll(text);
		if (documents.length > 1)
			throw new UserError(`${source} holds ${documents.length} YAML documents; one is expected`);
		return documents[0];
	} catch (error) {
		if (!(error instanceof YAMLException)) throw error;
		const where = error.mark ? `:${error.mark.line + 1}:${error.mark.column + 1}` : '';
		throw new UserError(`${source}${where}: ${error.reason}`, undefined, { cause: error });
	}
}

/** The line (from 1) on which a key of a mapping stands, by its path; for messages about content that parsed well. */
export function lineOfKey(text: string, path: readonly string[]): number | undefined {
	const lines = text.split('\n');
	let at = -1;
	for (const key of path) {
		const pattern = new RegExp(
			`^\\s*(- )?["']?${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}["']?\\s*:|[{,]\\s*["']?${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}["']?\\s*:`,
		);
		const next = lines.findIndex((line, i) => i >= Math.max(at, 0) && pattern.test(line));
		if (next < 0) return at < 0 ? undefined : at + 1;
		at = next;
	}
	return at < 0 ? undefined : at + 1;
}
