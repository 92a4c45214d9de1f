import type { StatusCause } from '../api/status.ts';

/** One thing that is wrong with an object, in the API server's words. */
export type Cause = Required<StatusCause>;

export function forbiddenField(field: string, text: string): Cause {
	return { reason: 'FieldValueForbidden', message: `Forbidden: ${text}`, field };
}

export function requiredField(field: string, text = ''): Cause {
	return { reason: 'FieldValueRequired', message: text ? `Required value: ${text}` : 'Required value', field };
}

/** @param value as it is shown: a text in quotes, a number bare, an object as JSON. */
export function invalidField(field: string, value: unknown, text: string): Cause {
	return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${text}`, field };
}

export function duplicateField(field: string, value: string): Cause {
	return { reason: 'FieldValueDuplicate', message: `Duplicate value: "${value}"`, field };
}

export function notFoundField(field: string, value: string): Cause {
	return { reason: 'FieldValueNotFound', message: `Not found: "${value}"`, field };
}

export function unsupportedField(field: string, value: string, supported: string[]): Cause {
	const list = supported.map((item) => `"${item}"`).join(', ');
	return {
		reason: 'FieldValueNotSupported',
		message: `Unsupported value: "${value}": supported values: ${list}`,
		field,
	};
}
