import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { unifiedDifference } from '../text/difference.ts';
import type { Configuration, Policy } from '../toolkit/configuration.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import { isCalled } from './claims.ts';
import { digestOf } from './digest.ts';
import { type OurPaths, ourPaths } from './paths.ts';
import { openTrustStore } from './trust-store.ts';

/** Whether a toolkit may run, and why. */
export interface Standing {
	/**
	 * yes; asks: a yes will do, since this very invocation names it; no: not agreed to yet; changed: it is no longer what
	 * was agreed to; forbidden: by a policy.
	 */
	state: 'yes' | 'asks' | 'no' | 'changed' | 'forbidden';
	/** A few words. */
	because: string;
	digest: string;
	parts: Record<string, string>;
	/** What was agreed to before, where it was changed and its texts are still there. */
	before?: Record<string, string>;
	/** What others may write of a toolkit in the user's own folder. */
	writable?: string;
}

/** How a question of trust is put. */
export interface Asking {
	/** `--yes`. */
	yes: boolean;
	/** Ask at the terminal; undefined: there is none. */
	ask: ((question: string) => Promise<boolean>) | undefined;
	/** Show a line to the user, whatever was said about being quiet. */
	show(line: string): void;
}

/**
 * Whether a toolkit may run.
 * @throws UserError where it is missing something, or what is trusted cannot be told
 */
export async function standingOf(
	sourced: SourcedToolkit,
	configuration: Configuration,
	paths: OurPaths,
): Promise<Standing> {
	const { toolkit, trust } = sourced;
	const { parts, writable } = await sourced.contents();
	const digest = digestOf(parts);
	const standing = (state: Standing['state'], because: string): Standing => ({ state, because, digest, parts });
	const policy = forbiddingPolicy(sourced, configuration);
	if (policy) return standing('forbidden', `policy.trustedSources of ${policy.file}`);
	if (trust === 'none') return standing('yes', 'built-in');
	if (trust === 'own' && writable === undefined) return standing('yes', "the user's own");
	const store = openTrustStore(paths);
	const agreed = store.digest(toolkit.name);
	const configured = Object.hasOwn(configuration.trust, toolkit.name) ? configuration.trust[toolkit.name] : undefined;
	if (agreed === digest) return standing('yes', 'agreed to');
	if (configured?.includes(digest)) {
		store.keep(parts);
		return standing('yes', 'configuration');
	}
	const former = [agreed, ...(configured ?? [])].filter((one) => one !== undefined);
	const before = former.map((one) => store.parts(one)).find((texts) => texts !== undefined);
	const state = trust === 'named' ? 'asks' : former.length > 0 ? 'changed' : 'no';
	const because = {
		asks: 'named by KUBECTL_EPHEMERAL_PATH',
		changed: 'not what was agreed to',
		no: writable === undefined ? 'not agreed to' : `${writable} may be written by others`,
	};
	return {
		...standing(state, because[state]),
		...(before && { before }),
		...(writable !== undefined && { writable }),
	};
}

/**
 * Lets a toolkit pass that may run, or is agreed to now; to be called before anything of it is used.
 * @throws UserError with what to do, where it is not
 */
export async function ensureTrusted(
	sourced: SourcedToolkit,
	configuration: Configuration,
	{ yes, ask, show }: Asking,
	env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
	const policy = forbiddingPolicy(sourced, configuration);
	if (policy) throw forbidden(sourced, policy);
	// Most runs are of the box's own: nothing is read for them.
	if (sourced.trust === 'none') return;
	const paths = ourPaths(env);
	const { state, because, digest, parts, before, writable } = await standingOf(sourced, configuration, paths);
	const { toolkit, source, origin } = sourced;
	const name = `toolkit "${toolkit.name}"`;
	const forGood = `kubectl ephemeral toolkits trust ${toolkit.name}@${digest}`;
	const look = `What it is: kubectl ephemeral toolkits show ${toolkit.name}.`;
	if (state === 'yes') return;
	if (state === 'asks') {
		if (yes) return;
		const from = `comes from ${origin}, which KUBECTL_EPHEMERAL_PATH names`;
		if (!ask) throw new UserError(`${name} ${from}`, `--yes agrees to it for this run; for good: ${forGood}\n${look}`);
		for (const line of before ? differenceOf(before, parts) : []) show(line);
		show(`${name} ${from}; it runs ${toolkit.image}. ${look}`);
		if (await ask('Use it in this run?')) return;
		throw new UserError(`${name} was not agreed to`, `For good: ${forGood}`);
	}
	if (state === 'no') {
		if (writable === undefined)
			throw new UserError(
				`${name} from ${source} has not been agreed to on this machine`,
				`${look} To agree: ${forGood}`,
			);
		const mend = `chmod go-w ${writable} (and it must be yours) makes it your own alone.`;
		throw new UserError(
			`${name} from ${source} is not trusted: ${because}`,
			`${mend} To agree all the same: ${forGood}`,
		);
	}
	const unseen = `Its texts as they were agreed to are no longer here. ${look}`;
	for (const line of before ? differenceOf(before, parts) : [unseen]) show(line);
	const changed = `${name} from ${source} has changed since it was agreed to`;
	if (!ask) throw new UserError(changed, `To agree to it as it is now: ${forGood}`);
	show(`${changed}.`);
	if (!(await ask('Agree to it as it is now?'))) throw new UserError(`${name} was not agreed to`, `Later: ${forGood}`);
	openTrustStore(paths).trust(toolkit.name, source, parts);
}

/** The difference of two toolkits, part by part, as lines. */
export function differenceOf(before: Record<string, string>, after: Record<string, string>): string[] {
	const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
	return paths.flatMap((path) =>
		unifiedDifference(
			Object.hasOwn(before, path) ? before[path] : undefined,
			Object.hasOwn(after, path) ? after[path] : undefined,
			{ before: `agreed/${path}`, after: `now/${path}` },
		),
	);
}

/** The first policy that does not admit the source of a toolkit. */
function forbiddingPolicy(sourced: SourcedToolkit, { policies }: Configuration): Policy | undefined {
	return policies.find(({ trustedSources }) => trustedSources && !trustedSources.some((word) => isOf(sourced, word)));
}

function forbidden({ toolkit, source }: SourcedToolkit, { file, trustedSources = [] }: Policy): UserError {
	const admitted = trustedSources.join(', ') || 'nothing';
	return new UserError(
		`toolkit "${toolkit.name}" from ${source} is not among policy.trustedSources of ${file}`,
		`It admits ${admitted}.`,
	);
}

/** Whether a word of a policy means the source of a toolkit. */
function isOf({ kind, origin }: SourcedToolkit, word: string): boolean {
	return isCalled({ kind, name: origin }, word) || (word.startsWith('/') && resolve(word) === origin);
}
