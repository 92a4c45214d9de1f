import { type Standing, standingOf } from '../catalogue/trust.ts';
import { UserError } from '../errors.ts';
import { tableOf } from '../text/table.ts';
import { type Configuration, mapImage } from '../toolkit/configuration.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { printDocument } from './print.ts';
import { warnOf } from './problems.ts';
import type { ToolkitsContext } from './toolkits.ts';

/** A toolkit as `-o json` has it. */
export interface ToolkitFacts {
	name: string;
	description: string;
	/** The one that would be brought. */
	image: string;
	recipes: string[];
	/** Where from: its kind, and the file, package or ConfigMap. */
	kind: string;
	source: string;
	digest?: string;
	trust: { state: Standing['state'] | 'broken'; because: string };
}

/** `toolkits list`. */
export async function listToolkits({ catalogue, configuration, paths, flags }: ToolkitsContext): Promise<number> {
	const { toolkits, problems, disabled } = catalogue;
	if (flags.output === 'name') {
		for (const { toolkit } of toolkits) process.stdout.write(`${toolkit.name}\n`);
		warnOf(problems);
		return 0;
	}
	const configured = await configuration();
	const found: string[] = [];
	const facts: ToolkitFacts[] = [];
	for (const sourced of toolkits) {
		const standing = await standingOf(sourced, configured, paths).catch((error) => {
			if (!(error instanceof UserError)) throw error;
			found.push(error.message);
			return undefined;
		});
		facts.push(factsOf(sourced, configured, standing));
	}
	if (flags.output) {
		const unusable = [...disabled].map(([name, { message }]) => ({ name, problem: message }));
		await printDocument([...facts, ...unusable], flags.output as 'json' | 'yaml');
	} else {
		const rows = [
			...facts.map(({ name, image, recipes, source, trust }) => [
				name,
				image,
				String(recipes.length),
				source,
				trust.state,
			]),
			...[...disabled.keys()].map((name) => [name, '', '', '', 'disabled']),
		];
		const lines = tableOf(['NAME', 'IMAGE', 'RECIPES', 'SOURCE', 'TRUST'], rows);
		process.stdout.write(lines.map((line) => `${line}\n`).join(''));
	}
	warnOf([...problems, ...new Set(found)]);
	return 0;
}

/** What is told of a toolkit. @param standing undefined: it is missing something */
export function factsOf(
	{ toolkit, kind, source }: SourcedToolkit,
	{ images, registries }: Configuration,
	standing: Standing | undefined,
): ToolkitFacts {
	const { name, description, image, recipes } = toolkit;
	return {
		name,
		description,
		image: mapImage((Object.hasOwn(images, name) ? images[name] : undefined) ?? image, registries),
		recipes: recipes.map((recipe) => recipe.name),
		kind,
		source,
		...(standing && { digest: standing.digest }),
		trust: standing
			? { state: standing.state, because: standing.because }
			: { state: 'broken', because: 'something of it is missing or wrong' },
	};
}
