import { nearest } from '../text/nearest.ts';

/** One remark about a value: where in it (`shell.root`), and what is wrong, without the file's name. */
export interface Remark {
	path: string[];
	text: string;
}

/** What one key must hold. */
export interface Field {
	/** scalar: a string, number or boolean; map: strings by name; objects: objects of the same shape by name. */
	type: 'string' | 'boolean' | 'scalar' | 'string[]' | 'object' | 'map' | 'objects';
	required?: boolean;
	/** For people who write it. */
	description?: string;
	/** What the names of a map or of objects must be. */
	key?: { test: RegExp; say: string };
	/** The values allowed, for strings. */
	values?: readonly string[];
	/** A pattern for strings (and members of string lists), and how it is said. */
	pattern?: { test: RegExp; say: string };
	/** The keys of an object, or of each of the objects. */
	fields?: Record<string, Field>;
}

/**
 * A parsed YAML or JSON value held against what it must be; strict: an unknown key is a remark, with the nearest known
 * one. No remarks: the value has the shape that `fields` describe.
 */
export function checkFields(value: unknown, fields: Record<string, Field>, path: string[] = []): Remark[] {
	if (!isMapping(value)) return [{ path, text: `must be a mapping${path.length > 0 ? '' : ' at the top'}` }];
	const remarks: Remark[] = [];
	for (const key of Object.keys(value)) {
		if (Object.hasOwn(fields, key)) continue;
		// Nobody reads so many, and looking for a near one takes its time.
		const near = remarks.length < 100 ? nearest(key, Object.keys(fields)) : undefined;
		remarks.push({ path: [...path, key], text: `is no known key${near ? `; did you mean ${near}?` : ''}` });
	}
	for (const [key, field] of Object.entries(fields)) {
		const at = [...path, key];
		const member = value[key];
		if (member === undefined || member === null) {
			if (field.required) remarks.push({ path: at, text: 'is missing' });
			continue;
		}
		remarks.push(...checkField(member, field, at));
	}
	return remarks;
}

/** Whether it is a mapping and not a list or a scalar. */
export function isMapping(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkField(value: unknown, field: Field, path: string[]): Remark[] {
	switch (field.type) {
		case 'boolean':
			return typeof value === 'boolean' ? [] : [{ path, text: 'must be true or false' }];
		case 'string':
			return checkString(value, field, path);
		case 'string[]':
			if (!Array.isArray(value)) return [{ path, text: 'must be a list of strings' }];
			return value.flatMap((member) => checkString(member, field, path));
		case 'scalar':
			if (['string', 'number', 'boolean'].includes(typeof value)) return [];
			return [{ path, text: `must be a string, number or boolean, not ${sayKind(value)}` }];
		case 'map':
			return checkMembers(value, field, path, (member, at) => checkString(member, field, at));
		case 'objects':
			return checkMembers(value, field, path, (member, at) => checkFields(member, field.fields ?? {}, at));
		case 'object':
			return checkFields(value, field.fields ?? {}, path);
	}
}

function checkMembers(
	value: unknown,
	{ key }: Field,
	path: string[],
	check: (member: unknown, at: string[]) => Remark[],
): Remark[] {
	if (!isMapping(value)) return [{ path, text: 'must be a mapping' }];
	return Object.entries(value).flatMap(([name, member]) => {
		const at = [...path, name];
		if (key && !key.test.test(name)) return [{ path: at, text: `must be called by ${key.say}` }];
		return check(member, at);
	});
}

function checkString(value: unknown, field: Field, path: string[]): Remark[] {
	if (typeof value !== 'string') return [{ path, text: `must be a string, not ${sayKind(value)}` }];
	if (field.values && !field.values.includes(value)) {
		const near = nearest(value, field.values);
		return [
			{ path, text: `must be ${field.values.join(' or ')}, not "${value}"${near ? `; did you mean ${near}?` : ''}` },
		];
	}
	if (field.pattern && !field.pattern.test.test(value))
		return [{ path, text: `must be ${field.pattern.say}, not "${value}"` }];
	return [];
}

/** A scalar as it stands; never the content of more: by aliases a short text can hold more than memory does. */
function sayKind(value: unknown): string {
	if (Array.isArray(value)) return 'a list';
	return isMapping(value) ? 'a mapping' : String(value);
}
