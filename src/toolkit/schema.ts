import { RECIPES, TOOLKIT } from './definition.ts';
import type { Field } from './fields.ts';

/** The JSON schema of a `toolkit.yaml`, for editors: the same definition that parsing checks (draft 2020-12). */
export function toolkitSchema(): object {
	return {
		$schema: 'https://json-schema.org/draft/2020-12/schema',
		title: 'A toolkit of kubectl ephemeral',
		oneOf: [ofObject(TOOLKIT), ofObject(RECIPES)],
	};
}

function ofObject(fields: Record<string, Field>): object {
	const required = Object.keys(fields).filter((key) => fields[key]?.required);
	return {
		type: 'object',
		additionalProperties: false,
		...(required.length > 0 && { required }),
		properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, ofField(field)])),
	};
}

function ofField(field: Field): object {
	return { ...(field.description && { description: field.description }), ...typeOf(field) };
}

function typeOf(field: Field): object {
	const text = {
		type: 'string',
		...(field.values && { enum: field.values }),
		...(field.pattern && { pattern: field.pattern.test.source }),
	};
	switch (field.type) {
		case 'string':
			return text;
		case 'boolean':
			return { type: 'boolean' };
		case 'scalar':
			return { type: ['string', 'number', 'boolean'] };
		case 'string[]':
			return { type: 'array', items: text };
		case 'object':
			return ofObject(field.fields ?? {});
		case 'map':
			return { type: 'object', additionalProperties: text, ...names(field) };
		case 'objects':
			return { type: 'object', additionalProperties: ofObject(field.fields ?? {}), ...names(field) };
	}
}

function names({ key }: Field): object {
	return key ? { propertyNames: { pattern: key.test.source } } : {};
}
