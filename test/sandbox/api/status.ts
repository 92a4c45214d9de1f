import type { KubeObject } from './objects.ts';

export interface StatusCause {
	reason?: string;
	message?: string;
	field?: string;
}

/** A refusal as the API server words it; `body` is what goes over the wire. */
export class ApiError extends Error {
	readonly code: number;
	readonly body: Record<string, unknown>;

	constructor(code: number, reason: string, message: string, details?: Record<string, unknown>) {
		super(message);
		this.code = code;
		this.body = {
			kind: 'Status',
			apiVersion: 'v1',
			metadata: {},
			status: 'Failure',
			message,
			...(reason && { reason }),
			...(details && { details }),
			code,
		};
	}
}

/** 404 for an object; `resource` is `pods` or, outside the core group, `deployments.apps`. */
export function notFound(resource: string, name: string): ApiError {
	const [kind, ...group] = resource.split('.');
	return new ApiError(404, 'NotFound', `${resource} "${name}" not found`, {
		name,
		...(group.length > 0 && { group: group.join('.') }),
		kind,
	});
}

/** 404 for a path that is no resource of this server. */
export function noSuchResource(): ApiError {
	return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(resource: string, name: string): ApiError {
	return new ApiError(409, 'AlreadyExists', `${resource} "${name}" already exists`, {
		name,
		kind: resource.split('.')[0],
	});
}

export function conflict(resource: string, name: string): ApiError {
	const why = 'the object has been modified; please apply your changes to the latest version and try again';
	return new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${resource} "${name}": ${why}`, {
		name,
		kind: resource.split('.')[0],
	});
}

export function badRequest(message: string): ApiError {
	return new ApiError(400, 'BadRequest', message);
}

/** 403 of admission: `pods "x" is forbidden: TEXT`. */
export function forbidden(resource: string, name: string, text: string): ApiError {
	return new ApiError(403, 'Forbidden', `${resource} "${name}" is forbidden: ${text}`, {
		name,
		kind: resource.split('.')[0],
	});
}

/** 422: `Pod "x" is invalid: field: text`, several of them in brackets as the server joins them. */
export function invalid(object: KubeObject, causes: Required<StatusCause>[]): ApiError {
	const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
	const joined = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
	const name = object.metadata.name;
	return new ApiError(422, 'Invalid', `${object.kind} "${name}" is invalid: ${joined}`, {
		name,
		kind: object.kind,
		causes,
	});
}
