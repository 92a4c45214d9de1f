import { UsageError } from '../errors.ts';
import type { NamedTarget, TargetChoice } from '../plan/request.ts';
import { nearest } from '../text/nearest.ts';
import { KIND_WORDS, kindOf } from './kinds.ts';

/** The flags that choose pods. */
export interface TargetFlags {
	selector?: string | undefined;
	pick?: boolean | undefined;
	'all-pods'?: boolean | undefined;
	pods?: string | undefined;
}

/**
 * The words behind a command → which pods are meant: `NAME`, `TYPE NAME`, `TYPE/NAME`, or none with `-l`, `--pods`, `--pick`.
 *
 * @param terminal whether a question can be asked (a missing NAME then opens the picker).
 * @throws UsageError where nothing, too much, or an unknown type is named.
 */
export function parseTargets(words: string[], flags: TargetFlags, terminal: boolean): TargetChoice {
	const named = parseNames(words);
	const pods = flags.pods === undefined ? [] : flags.pods.split(',').filter((name) => name !== '');
	for (const name of [...named.map((target) => target.name), ...pods]) checkName(name);
	// A variable that happens to be empty must not mean any pod at all.
	if (flags.pods !== undefined && pods.length === 0) throw new UsageError('--pods names no pod');
	if (flags.selector?.trim() === '') throw new UsageError('the selector of -l is empty');
	const said = [named.length > 0, flags.selector !== undefined, flags.pods !== undefined].filter(Boolean).length;
	if (said > 1) throw new UsageError('a NAME, -l and --pods exclude one another');
	if (flags['all-pods'] && named.length === 0 && flags.selector === undefined)
		throw new UsageError('--all-pods needs a workload or -l SELECTOR', 'Pods are named by --pods a,b.');
	if (flags['all-pods'] && flags.pick) throw new UsageError('--all-pods and --pick exclude one another');
	if (said === 0 && !flags.pick && !terminal) {
		throw new UsageError('a pod is needed: NAME, TYPE/NAME, or -l SELECTOR', 'At a terminal --pick offers a list.');
	}
	return {
		named,
		...(flags.selector !== undefined && { selector: flags.selector }),
		all: flags['all-pods'] ?? false,
		pods,
		pick: flags.pick ?? said === 0,
	};
}

function parseNames(words: string[]): NamedTarget[] {
	const [first, second, ...more] = words;
	if (first === undefined) return [];
	if (first.includes('/')) return words.map(parseTypeName);
	const kind = kindOf(first);
	if (second === undefined) return kind ? [] : [{ kind: 'pods', name: first }];
	if (kind) return [second, ...more].map((name) => ({ kind, name: plainName(name) }));
	const near = nearest(first, KIND_WORDS);
	throw new UsageError(
		`"${first}" is no recipe and no resource type`,
		near ? `Did you mean ${near} ${second}?` : 'A command to run stands behind --; one pod is named at a time.',
	);
}

function parseTypeName(word: string): NamedTarget {
	const [type = '', name = '', ...more] = word.split('/');
	const kind = kindOf(type);
	if (more.length > 0 || name === '' || type === '') {
		throw new UsageError(
			`"${word}" is no TYPE/NAME`,
			'For example pod/web-0 or deploy/web; a namespace is named by -n.',
		);
	}
	if (kind) return { kind, name };
	const near = nearest(type, KIND_WORDS);
	throw new UsageError(
		`"${type}" is no resource type that stands for pods`,
		near ? `Did you mean ${near}/${name}?` : 'It is one of pod, deploy, sts, ds, rs, rc, job, cronjob, svc.',
	);
}

/** What cannot stand in a path, as kubectl says it (apimachinery's path segment names). */
function checkName(name: string): void {
	if (name === '') throw new UsageError('the NAME is empty');
	if (name === '.' || name === '..' || /[/%]/.test(name)) throw new UsageError(`"${name}" can be no name`);
}

function plainName(name: string): string {
	if (name.includes('/')) throw new UsageError(`"${name}" names a type a second time`);
	return name;
}
