import { UserError } from '../errors.ts';
import { lineOfKey, parseYaml } from '../text/yaml.ts';
import { inspectDocument, type Parsed } from '../toolkit/parse.ts';
import { readScript, readText, scriptPaths } from '../toolkit/scripts.ts';
import type { RecipeSet, Scripts } from '../toolkit/toolkit.ts';
import { FileTrouble } from './read-file.ts';

/** One thing that is wrong, and where. */
export interface Finding {
	file: string;
	/** From 1; undefined where it has none. */
	line?: number;
	/** The key of the document, `recipes.dump.script`. */
	key?: string;
	/** The rest of a sentence that begins with the key, or else with the file. */
	text: string;
}

/** Where a document and its scripts are had. */
export interface Place {
	/** What the document must be called: the name of its folder or key. */
	name: string;
	/** What the document is called in messages. */
	file: string;
	/** The document: bytes of YAML, or a value. @throws FileTrouble */
	document(): { bytes: Uint8Array } | { value: unknown };
	/** A script that does not stand in the document, and what it is called in messages. @throws FileTrouble */
	script(path: string): { bytes: Uint8Array; file: string };
}

/** A document as far as it could be read. */
export interface Inspection {
	/** Empty for a value. */
	text: string;
	/** Where nothing is wrong. */
	parsed?: Parsed;
	findings: Finding[];
}

/** Longer words of a document are cut in messages. */
const LONGEST = 300;

/** Findings of one document that are told one by one. */
const MOST_FINDINGS = 50;

/** A finding as one line. */
export function sayFinding({ file, line, key, text }: Finding): string {
	const place = `${file}${line === undefined ? '' : `:${line}`}`;
	const said = `${key === undefined ? '' : `${key} `}${text}`;
	return `${place}: ${said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said}`.replace(/\s+/g, ' ');
}

/** Reads a document, and says all that is wrong with it. */
export async function inspect(place: Place): Promise<Inspection> {
	const { name, file } = place;
	let text = '';
	const wrong = (finding: Omit<Finding, 'file'>): Inspection => ({ text, findings: [{ file, ...finding }] });
	let value: unknown;
	try {
		const document = place.document();
		if ('bytes' in document) {
			const read = readText(document.bytes);
			if ('wrong' in read) return wrong({ text: read.wrong });
			text = read.text.replace(/^\ufeff/, '');
			value = await parseYaml(text, file);
		} else value = document.value;
	} catch (error) {
		if (error instanceof FileTrouble) return wrong({ text: error.message });
		if (error instanceof UserError) return wrong(readYamlError(error.message.slice(file.length)));
		throw error;
	}
	const { parsed, remarks } = inspectDocument(value, name);
	const findings = remarks.slice(0, MOST_FINDINGS).map((remark) => ({
		...at(text, file, remark.path),
		key: remark.path.join('.') || 'the file',
		text: remark.text,
	}));
	if (remarks.length > findings.length)
		findings.push({ file, key: 'the file', text: `has ${remarks.length - findings.length} more findings` });
	return { text, ...(parsed && { parsed }), findings };
}

/** The texts of the scripts that a document names, and what is wrong with them. */
export function inspectScripts(
	place: Place,
	set: Pick<RecipeSet, 'helpers' | 'recipes'>,
	inline: Scripts,
	text: string,
): { scripts: Scripts; findings: Finding[] } {
	const scripts: Scripts = {};
	const findings: Finding[] = [];
	for (const path of scriptPaths(set)) {
		const key = ['files', path];
		if (Object.hasOwn(inline, path)) {
			const read = readScript(inline[path] ?? '');
			if ('text' in read) scripts[path] = read.text;
			else findings.push({ ...at(text, place.file, key), key: key.join('.'), text: read.wrong });
			continue;
		}
		try {
			const { bytes, file } = place.script(path);
			const decoded = readText(bytes);
			const read = 'text' in decoded ? readScript(decoded.text) : decoded;
			if ('text' in read) scripts[path] = read.text;
			else findings.push({ file, ...(read.line !== undefined && { line: read.line }), text: read.wrong });
		} catch (error) {
			if (!(error instanceof FileTrouble)) throw error;
			const named = keyOf(set, path);
			findings.push({ ...at(text, place.file, named), key: named.join('.'), text: `${path} ${error.message}` });
		}
	}
	return { scripts, findings };
}

function at(text: string, file: string, path: string[]): Pick<Finding, 'file' | 'line'> {
	const line = lineOfKey(text, path);
	return { file, ...(line !== undefined && { line }) };
}

/** Which key names a script. */
function keyOf({ recipes }: Pick<RecipeSet, 'recipes'>, path: string): string[] {
	for (const { name, body, preflight } of recipes) {
		if ('script' in body && body.script === path) return ['recipes', name, 'script'];
		if (preflight === path) return ['recipes', name, 'preflight'];
	}
	return ['helpers'];
}

/** What parseYaml says behind the file's name: `:3:7: why`, or a sentence. */
function readYamlError(said: string): Omit<Finding, 'file'> {
	const [, line, column, why = said.trim()] = /^:(\d+):(\d+): (.*)$/s.exec(said) ?? [];
	return line === undefined ? { text: why } : { line: Number(line), text: `${why} (column ${column})` };
}
