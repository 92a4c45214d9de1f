import { isObject, type KubeObject } from './objects.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: KubeObject) => boolean;

/** What `labelSelector` and `fieldSelector` of a query let through. */
export function queryMatcher(query: URLSearchParams): Matcher {
	const labels = labelMatcher(query.get('labelSelector') ?? '');
	const fields = fieldMatcher(query.get('fieldSelector') ?? '');
	return (object) => labels(object.metadata.labels ?? {}) && fields(object);
}

/** A selector as a workload holds it, with `matchLabels` and `matchExpressions`, or a Service's plain map. */
export function objectSelector(selector: unknown): (labels: Record<string, string>) => boolean {
	if (!isObject(selector)) {
		return () => false;
	}
	const structured = 'matchLabels' in selector || 'matchExpressions' in selector;
	const wanted = Object.entries((structured ? (selector.matchLabels ?? {}) : selector) as Record<string, string>);
	const expressions = (structured ? (selector.matchExpressions ?? []) : []) as Expression[];
	return (labels) =>
		wanted.every(([key, value]) => labels[key] === value) && expressions.every((term) => holds(term, labels));
}

interface Expression {
	key: string;
	operator: string;
	values?: string[];
}

function labelMatcher(text: string): (labels: Record<string, string>) => boolean {
	const terms = splitTerms(text).map(parseLabelTerm);
	return (labels) => terms.every((term) => holds(term, labels));
}

/** Splits at commas that stand outside parentheses. */
function splitTerms(text: string): string[] {
	return text.split(/,(?![^(]*\))/).filter((term) => term.trim() !== '');
}

function parseLabelTerm(text: string): Expression {
	const set = /^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(text);
	if (set) {
		const values = (set[3] ?? '').split(',').map((value) => value.trim());
		return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
	}
	const equality = /^\s*([^!=\s]+)\s*(==?|!=)\s*(\S*)\s*$/.exec(text);
	if (equality) {
		return { key: equality[1] ?? '', operator: equality[2] === '!=' ? 'NotIn' : 'In', values: [equality[3] ?? ''] };
	}
	const existence = /^\s*(!?)\s*([^\s!=]+)\s*$/.exec(text);
	if (!existence) {
		throw badRequest(`unable to parse requirement: found '${text}', expected: identifier`);
	}
	return { key: existence[2] ?? '', operator: existence[1] ? 'DoesNotExist' : 'Exists' };
}

function holds({ key, operator, values = [] }: Expression, labels: Record<string, string>): boolean {
	const value = labels[key];
	switch (operator) {
		case 'In':
			return value !== undefined && values.includes(value);
		case 'NotIn':
			return value === undefined || !values.includes(value);
		case 'Exists':
			return value !== undefined;
		default:
			return value === undefined;
	}
}

function fieldMatcher(text: string): Matcher {
	const terms = splitTerms(text).map((term) => {
		const match = /^([^!=]+)(==?|!=)(.*)$/.exec(term);
		if (!match) {
			throw badRequest(`invalid field selector: ${term}`);
		}
		const [, path = '', operator, value = ''] = match;
		return { path: path.split('.'), negated: operator === '!=', value };
	});
	return (object) =>
		terms.every(({ path, negated, value }) => {
			const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), object) ?? '';
			return (String(found) === value) !== negated;
		});
}
