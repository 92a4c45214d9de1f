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

/**
 * The line (from 1) on which a key of a mapping stands, by its path, in block or flow style; where the key itself does not
 * stand there, the line of the innermost one that does. For messages about content that parsed well.
 */
export function lineOfKey(text: string, path: readonly string[]): number | undefined {
	const lines = text.split('\n');
	// The part that belongs to the key found last: lines from `at` (its own, for what follows on it) to `end`.
	let at = -1;
	let end = lines.length;
	let column = -1;
	const isFlow = /^\s*\{/.test(lines.find(isContent) ?? '');
	for (const key of path) {
		const next =
			findBlock(lines, key, at + 1, end, column) ??
			(at >= 0 || isFlow ? findFlow(lines, key, Math.max(at, 0), end) : undefined);
		if (!next) break;
		at = next.line;
		if (next.column === undefined) continue;
		column = next.column;
		end = endOfBlock(lines, at, end, column);
	}
	return at < 0 ? undefined : at + 1;
}

/** A key that begins a line, no deeper than its fellows: the first line there is decides how deep they are. */
function findBlock(
	lines: string[],
	key: string,
	from: number,
	end: number,
	column: number,
): { line: number; column: number } | undefined {
	const fellow = lines.slice(from, end).find((line) => isContent(line) && indentOf(line) > column);
	const depth = fellow === undefined ? 0 : indentOf(fellow);
	const begins = new RegExp(`^ {${depth}}["']?${literally(key)}["']?\\s*:`);
	for (let line = from; line < end; line++) if (begins.test(lines[line] ?? '')) return { line, column: depth };
	return undefined;
}

function findFlow(
	lines: string[],
	key: string,
	from: number,
	end: number,
): { line: number; column: undefined } | undefined {
	const stands = new RegExp(
		`[{,]\\s*["']?${literally(key)}["']?\\s*:|^(?:\\s+|\\s*- )["']?${literally(key)}["']?\\s*:`,
	);
	for (let line = from; line < end; line++) if (stands.test(lines[line] ?? '')) return { line, column: undefined };
	return undefined;
}

function endOfBlock(lines: string[], at: number, end: number, column: number): number {
	for (let line = at + 1; line < end; line++)
		if (isContent(lines[line] ?? '') && depthOf(lines[line] ?? '') <= column) return line;
	return end;
}

function isContent(line: string): boolean {
	return /^\s*[^\s#]/.test(line) && !/^(---|\.\.\.|%)/.test(line);
}

/** A list may stand as far left as its key, and is below it. */
function depthOf(line: string): number {
	return indentOf(line) + (/^ *- /.test(line) ? 1 : 0);
}

function indentOf(line: string): number {
	return line.search(/[^ ]/);
}

function literally(key: string): string {
	return key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
