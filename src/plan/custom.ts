import type { V1EphemeralContainer } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';
import { CONTAINER, type Shape } from './container-schema.ts';

/** A partial container spec, and the file it was read from, for messages. */
export interface Custom {
	file: string;
	content: unknown;
}

/**
 * A `--custom` file laid over a container, as the API's strategic merge does it and kubectl with it: objects are merged,
 * `env` by name and `volumeMounts` by path with the file's own first, other lists are replaced.
 *
 * Two things are meant otherwise than in kubectl: nothing in the file is ignored (an unknown field or a wrong type is an
 * error, and `stdin: false` or an empty list counts), and `null` unsets.
 * @throws UserError naming file and field
 */
export function applyCustom(container: V1EphemeralContainer, custom: Custom): V1EphemeralContainer {
	if (!isObject(custom.content)) {
		throw new UserError(
			`${custom.file} does not contain a container spec`,
			'It takes a part of one, such as: securityContext: {runAsUser: 0}',
		);
	}
	check(custom.content, CONTAINER, '', custom.file);
	const merged = merge(container, custom.content, CONTAINER) as unknown as V1EphemeralContainer;
	if (merged.securityContext && Object.keys(merged.securityContext).length === 0) delete merged.securityContext;
	return merged;
}

/** The variables that a custom file sets or unsets; they go before `--env`, as in kubectl. */
export function customEnvNames(custom: Custom | undefined): string[] {
	const env = isObject(custom?.content) ? custom.content.env : undefined;
	return Array.isArray(env) ? env.filter(isObject).map((one) => String(one.name)) : [];
}

function check(value: unknown, shape: Shape, path: string, file: string): void {
	if (typeof shape === 'object' && 'refused' in shape) {
		throw new UserError(`${file} may not set ${path}`, shape.refused);
	}
	if (value === null && !path.endsWith(']')) return;
	const wrong = (what: string) => new UserError(`${file}: ${path} must be ${what}, not ${describe(value)}`);
	if (shape === 'quantity') {
		if (typeof value !== 'string' && typeof value !== 'number') throw wrong('a quantity');
	} else if (shape === 'integer') {
		if (!Number.isSafeInteger(value)) throw wrong('an integer');
	} else if (shape === 'string') {
		if (typeof value !== 'string') throw wrong('a string (in quotes)');
	} else if (shape === 'boolean') {
		if (typeof value !== 'boolean') throw wrong('true or false');
	} else if ('oneOf' in shape) {
		if (!shape.oneOf.some((one) => one === value)) throw wrong(sayList(shape.oneOf, 'or'));
	} else if ('list' in shape) {
		if (!Array.isArray(value)) throw wrong('a list');
		for (const [i, item] of value.entries()) checkItem(item, shape, `${path}[${i}]`, file);
	} else {
		if (!isObject(value)) throw wrong('an object');
		checkFields(value, shape.fields, path, file);
	}
}

function checkItem(item: unknown, { list, key }: { list: Shape; key?: string }, path: string, file: string): void {
	check(item, list, path, file);
	if (key !== undefined && (!isObject(item) || typeof item[key] !== 'string')) {
		throw new UserError(`${file}: ${path} lacks its ${key}`);
	}
}

function checkFields(value: Fields, fields: Readonly<Record<string, Shape>>, path: string, file: string): void {
	for (const [name, part] of Object.entries(value)) {
		const full = path === '' ? name : `${path}.${name}`;
		const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
		if (shape === undefined) throw unknownField(name, full, Object.keys(fields), file);
		check(part, shape, full, file);
	}
}

function unknownField(name: string, path: string, known: string[], file: string): UserError {
	const near = nearest(name, known) ?? known.find((one) => one.toLowerCase() === name.toLowerCase());
	let hint = `It knows ${sayList(known.slice().sort())}.`;
	if (near !== undefined) hint = `Did you mean ${near}?`;
	else if (name.startsWith('$')) hint = 'Directives are not read: null unsets a field.';
	return new UserError(`${file}: unknown field "${path}"`, hint);
}

/** Precondition: `patch` has been checked against `shape`. */
function merge(base: object, patch: Fields, shape: { fields: Readonly<Record<string, Shape>> }): Fields {
	const result: Fields = { ...base };
	for (const [name, part] of Object.entries(patch)) {
		const known = shape.fields[name];
		if (part === null) delete result[name];
		else if (typeof known === 'object' && 'fields' in known) {
			const before = result[name];
			result[name] = merge(isObject(before) ? before : {}, part as Fields, known);
		} else if (typeof known === 'object' && 'list' in known && known.key !== undefined) {
			result[name] = mergeList((result[name] ?? []) as Fields[], part as Fields[], known.key, known.list);
		} else result[name] = part;
	}
	return result;
}

/** The patch's items first, each laid over the one of the same key; then what the patch does not name. */
function mergeList(base: Fields[], patch: Fields[], key: string, shape: Shape): Fields[] {
	const item = shape as { fields: Readonly<Record<string, Shape>> };
	const named = new Map(patch.map((one) => [one[key], one]));
	const first = [...named.values()].map((one) => {
		const before = { ...base.find((other) => other[key] === one[key]) };
		// A variable has a value or a source: the file's one takes the place of the other.
		if ('value' in one) delete before.valueFrom;
		if ('valueFrom' in one) delete before.value;
		return merge(before, one, item);
	});
	return [...first, ...base.filter((one) => !named.has(one[key]))];
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
	if (Array.isArray(value)) return 'a list';
	if (isObject(value)) return 'an object';
	return JSON.stringify(value) ?? String(value);
}
