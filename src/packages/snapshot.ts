import { UserError } from '../errors.ts';
import { isMapping } from '../toolkit/fields.ts';
import { readDocument } from '../toolkit/parse.ts';
import { readScript, scriptPaths } from '../toolkit/scripts.ts';
import { writtenAs } from './load-toolkits.ts';

/**
 * What a package's hook gave, checked, as plain data that stays what it is: nothing of the package is needed to use it.
 * @param label names the package, in messages
 * @returns the documents, every script that they name inline
 * @throws UserError naming the file or the toolkit, the line, the key and what is wrong with it
 */
export function takeSnapshot(documents: readonly unknown[], label: string): Record<string, unknown>[] {
	const names = new Set<string>();
	return documents.map((document) => {
		const taken = plainDocument(document, label);
		const written = writtenAs(document);
		const source = written?.source ?? `${label}: ${said(taken.name)}`;
		const parsed = readDocument(taken, source, written?.folder ?? String(taken.name), written?.text);
		const set = parsed.kind === 'Toolkit' ? parsed.toolkit : parsed.set;
		if (names.has(set.name)) throw new UserError(`${source}: there is a second one called ${set.name} in ${label}`);
		names.add(set.name);
		for (const path of scriptPaths(set)) {
			const script = parsed.inline[path];
			if (script === undefined) throw new UserError(`${source}: the script ${path} is missing`);
			const read = readScript(script);
			if ('wrong' in read) throw new UserError(`${source}: the script ${path} ${read.wrong}`);
		}
		return taken;
	});
}

/**
 * A document as plain data: what of it is no JSON is gone.
 * @throws UserError when it cannot be written as JSON
 */
export function plainDocument(document: unknown, label: string): Record<string, unknown> {
	let taken: unknown;
	try {
		taken = JSON.parse(JSON.stringify(document) ?? 'null');
	} catch (error) {
		const why = error instanceof Error ? error.message.split('\n')[0] : error;
		throw new UserError(`${label}: a toolkit of it cannot be written as JSON: ${why}`, undefined, { cause: error });
	}
	if (!isMapping(taken)) throw new UserError(`${label}: a toolkit of it is none`);
	return taken;
}

function said(name: unknown): string {
	return typeof name === 'string' ? `toolkit ${name}` : 'a toolkit without a name';
}
