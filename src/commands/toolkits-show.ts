import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Standing, standingOf } from '../catalogue/trust.ts';
import { UserError } from '../errors.ts';
import { printable, printableLine } from '../text/printable.ts';
import { sayDuration, sayList } from '../text/say.ts';
import type { Input, Recipe, SourcedToolkit, Toolkit } from '../toolkit/toolkit.ts';
import { printDocument } from './print.ts';
import { warnOf } from './problems.ts';
import { findToolkit, type ToolkitsContext } from './toolkits.ts';
import { factsOf } from './toolkits-list.ts';

/** `toolkits show NAME`. */
export async function showToolkit(context: ToolkitsContext): Promise<number> {
	const { catalogue, configuration, paths, words, flags } = context;
	const sourced = findToolkit(catalogue, words[0] ?? '');
	if (flags.output === 'name') throw new UserError('toolkits show has no -o name', 'It is json or yaml.');
	if (flags.files !== undefined) return writeFiles(sourced, flags.files, flags.overwrite ?? false);
	const configured = await configuration();
	const standing = await standingOf(sourced, configured, paths);
	const facts = factsOf(sourced, configured, standing);
	if (flags.output) {
		await printDocument({ ...facts, toolkit: sourced.toolkit }, flags.output as 'json' | 'yaml');
	} else {
		const lines = [
			`${facts.name}: ${facts.description}`,
			`image    ${facts.image}`,
			`source   ${sourced.kind === 'built-in' ? sourced.kind : `${sourced.kind}: ${facts.source}`}`,
			`digest   ${standing.digest}`,
			`trust    ${sayTrust(facts.name, standing)}`,
			...describeToolkit(sourced.toolkit),
		];
		process.stdout.write(lines.map((line) => `${oneLine(line)}\n`).join(''));
	}
	warnOf(catalogue.problems);
	return 0;
}

/** Nothing of a toolkit's may look like a line of ours. */
function oneLine(line: string): string {
	return printable(line.replaceAll(/[\r\n\v\f\u0085]+/g, ' '));
}

/** Whether it may run, and what would let it. */
function sayTrust(name: string, { state, because, digest }: Standing): string {
	const agree = `kubectl ephemeral toolkits trust ${name}@${digest}`;
	switch (state) {
		case 'yes':
			return `yes (${because})`;
		case 'asks':
			return `asks each time (${because}); for good: ${agree}`;
		case 'forbidden':
			return `forbidden by ${because}`;
		default:
			return `no (${because}); to agree: ${agree}`;
	}
}

function describeToolkit(toolkit: Toolkit): string[] {
	const { needs, wants, shell, helpers, recipes, target } = toolkit;
	return [
		...(needs.length > 0 ? [`needs    ${needs.join(', ')}`] : []),
		...(wants.length > 0 ? [`wants    ${wants.join(', ')}`] : []),
		...(toolkit.profile === 'auto' ? [] : [`profile  ${toolkit.profile}`]),
		...(target ? [`target   container ${target.container}`] : []),
		`shell    ${shell.command?.join(' or ') ?? "the image's best"}; / is ${shell.root === 'target' ? "the target's root" : "the debug image's root"}`,
		...(helpers.length > 0 ? [`helpers  ${helpers.map(({ name }) => name).join(', ')}`] : []),
		...(recipes.length > 0 ? ['recipes'] : []),
		...recipes.flatMap((recipe) => describeRecipe(recipe, Math.max(...recipes.map(({ name }) => name.length)))),
	];
}

function describeRecipe(recipe: Recipe, width: number): string[] {
	const { name, description, inputs, needs, wants, user, timeout, confirm, output, pods, image, profile } = recipe;
	const facts = [
		`gives ${output.kind}${output.format === undefined ? '' : ` (${output.format})`}`,
		...(needs.length > 0 ? [`needs ${sayList(needs)}`] : []),
		...(wants.length > 0 ? [`wants ${sayList(wants)}`] : []),
		...(user === undefined ? [] : [`as ${user === 'root' ? 'root' : "the target's user"}`]),
		...(image === undefined ? [] : [`in ${image}`]),
		...(profile === undefined ? [] : [`profile ${profile}`]),
		...(timeout === undefined ? [] : [`for ${sayDuration(timeout)} at most`]),
		...(pods === 'never' ? [] : ['in many pods too']),
	];
	return [
		`  ${name.padEnd(width)}   ${printableLine(description)}`,
		...describeInputs(inputs),
		`      ${facts.join(', ')}`,
		...(confirm === undefined ? [] : [`      asks: ${printableLine(confirm)}`]),
	];
}

function describeInputs(inputs: Input[]): string[] {
	const words = inputs.map(({ name, positional, short }) =>
		positional ? name.toUpperCase() : `${short === undefined ? '' : `-${short}, `}--${name}`,
	);
	const width = Math.max(...words.map((word) => word.length));
	return inputs.map(({ type, choices, required, default: value, description }, i) => {
		const given = required ? ['required'] : value === undefined ? [] : [`default ${value}`];
		const facts = [choices?.join('|') ?? type, ...given].join(', ');
		return `      ${words[i]?.padEnd(width)}   ${printableLine(description)} (${printableLine(facts)})`;
	});
}

/** Its folder, and those of the sets that it includes of the same source, as they could be used from there. */
async function writeFiles(sourced: SourcedToolkit, folder: string, overwrite: boolean): Promise<number> {
	const { toolkit } = sourced;
	const { parts } = await sourced.contents();
	const files: [path: string, text: string][] = [];
	for (const [path, text] of Object.entries(parts)) {
		const at = resolve(folder, toolkit.name, path);
		if (path.endsWith('toolkit.json')) files.push([at.replace(/\.json$/, '.yaml'), await yamlOf(text)]);
		else files.push([at, text]);
	}
	const there = files.find(([path]) => existsSync(path));
	if (there && !overwrite) throw new UserError(`${there[0]} is there already`, '--overwrite replaces it.');
	for (const [path, text] of files) {
		try {
			writeFile(path, text);
		} catch (error) {
			throw new UserError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
		}
		process.stdout.write(`${printable(join(path))}\n`);
	}
	return 0;
}

/**
 * Whole or not at all; readable for all, to be written by nobody else, executable where it is a script, whatever the umask.
 * @throws the file system's error
 */
export function writeFile(path: string, text: string): void {
	const made = mkdirSync(dirname(path), { recursive: true });
	for (let folder = dirname(path); made !== undefined && folder.length >= made.length; folder = dirname(folder))
		chmodSync(folder, 0o755);
	const part = `${path}.part`;
	writeFileSync(part, text, { flag: 'wx', mode: 0o644 });
	chmodSync(part, text.startsWith('#!') ? 0o755 : 0o644);
	renameSync(part, path);
}

async function yamlOf(json: string): Promise<string> {
	const { dump } = await import('js-yaml');
	return dump(JSON.parse(json), { lineWidth: -1, noRefs: true });
}
