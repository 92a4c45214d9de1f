import { nearest } from '../text/nearest.ts';

/** One remark about a value: where in it (`shell.root`), and what is wrong, without the file's name. */
export interface Remark {
	path: string[];
	text: string;
}

/** What one key must hold. `of` is for the members of lists and maps. */
export interface Field {
	type: 'string' | 'boolean' | 'string[]' | 'object' | 'map';
	required?: boolean;
	/** The values allowed, for strings. */
	values?: readonly string[];
	/** A pattern for strings (and members of string lists), and how it is said. */
	pattern?: { test: RegExp; say: string };
	/** The keys of an object. */
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
		const near = nearest(key, Object.keys(fields));
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
		case 'map':
			if (!isMapping(value)) return [{ path, text: 'must be a mapping' }];
			return Object.entries(value).flatMap(([key, member]) => checkString(member, field, [...path, key]));
		case 'object':
			return checkFields(value, field.fields ?? {}, path);
	}
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
