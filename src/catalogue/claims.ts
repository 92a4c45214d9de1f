import { UserError } from '../errors.ts';
import { sayList } from '../text/say.ts';
import type { Configuration } from '../toolkit/configuration.ts';
import type { SourcedToolkit, SourceKind } from '../toolkit/toolkit.ts';
import { loadConfiguration } from './load-configuration.ts';
import type { OurPaths } from './paths.ts';
import type { Source } from './source.ts';

/** A name that a source gives something for: a toolkit, or a problem where it should be. */
export interface Claim {
	name: string;
	source: Source;
	/** For messages. */
	file: string;
	toolkit?: SourcedToolkit;
	problem?: UserError;
}

/** Which toolkit each name stands for. */
export interface Settled {
	/** By name. */
	toolkits: SourcedToolkit[];
	/** Names that stand for none, and why. */
	disabled: ReadonlyMap<string, UserError>;
	/** What is wrong beside the problems of the claims themselves. */
	problems: string[];
}

/**
 * Gives each name to its claim. Where there are several the configuration says which source is meant; without a word of
 * it nobody is given the name, unless all others are broken.
 */
export async function settle(claims: readonly Claim[], paths: OurPaths): Promise<Settled> {
	const disabled = new Map<string, UserError>();
	const toolkits: SourcedToolkit[] = [];
	const problems: string[] = [];
	const byName = Map.groupBy(
		claims.filter(({ name }) => name !== ''),
		({ name }) => name,
	);
	// Read only where it is needed.
	let overrides: Configuration['overrides'] | undefined;
	for (const [name, all] of [...byName].sort(([one], [other]) => (one < other ? -1 : 1))) {
		if (all.length > 1 && overrides === undefined) {
			try {
				({ overrides } = await loadConfiguration(paths));
			} catch (error) {
				if (!(error instanceof UserError)) throw error;
				problems.push(error.message);
				overrides = {};
			}
		}
		const wanted = overrides && Object.hasOwn(overrides, name) ? overrides[name] : undefined;
		const { toolkit, problem } = winner(name, all, wanted, paths);
		if (toolkit) toolkits.push(toolkit);
		if (!problem) continue;
		disabled.set(name, problem);
		if (!all.some((claim) => claim.problem === problem)) problems.push(problem.message);
	}
	return { toolkits, disabled, problems };
}

function winner(
	name: string,
	all: Claim[],
	wanted: string | undefined,
	paths: OurPaths,
): { toolkit?: SourcedToolkit | undefined; problem?: UserError | undefined } {
	const [only, second] = all;
	if (only && !second) return only;
	const meant = wanted === undefined ? [] : all.filter(({ source }) => isCalled(source, wanted));
	if (meant[0] && meant.length === 1) return meant[0];
	const among = meant.length > 1 ? meant : all;
	const whole = among.filter(({ toolkit }) => toolkit);
	if (whole[0] && whole.length === 1) return whole[0];
	if (whole.length === 0) return among[0] ?? {};
	return { problem: conflict(name, whole, paths) };
}

const KINDS: readonly string[] = ['built-in', 'package', 'team', 'user'] satisfies SourceKind[];

/** Whether a word of the configuration means a source: by its kind, or whole. */
export function isCalled({ kind, name }: Pick<Source, 'kind' | 'name'>, word: string): boolean {
	// A package may be called like a kind of source.
	return KINDS.includes(word) ? word === kind : word === name;
}

function conflict(name: string, claims: Claim[], paths: OurPaths): UserError {
	const files = sayList(claims.map(({ file }) => file));
	const last = claims.at(-1)?.source;
	const ofKind = claims.filter(({ source }) => source.kind === last?.kind);
	const word = ofKind.length > 1 ? last?.name : last?.kind;
	return new UserError(
		`toolkit "${name}" comes ${claims.length === 2 ? 'twice' : `${claims.length} times`}, so that it stands for none: ${files}`,
		`Which one is meant is said in ${paths.configuration}, for example: overrides: {${name}: ${word}}`,
	);
}
