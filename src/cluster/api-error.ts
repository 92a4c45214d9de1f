import { UserError } from '../errors.ts';

/** metav1.Status, as far as it is read: how the API server tells success and failure. */
export interface Status {
	kind?: string;
	status?: 'Success' | 'Failure';
	message?: string;
	reason?: string;
	code?: number;
	details?: {
		name?: string;
		kind?: string;
		group?: string;
		retryAfterSeconds?: number;
		causes?: StatusCause[];
	};
}

export interface StatusCause {
	reason?: string;
	message?: string;
	field?: string;
}

/** The server refused: an HTTP status of 400 or more. Its message is the API server's own, where it sent one. */
export class ApiError extends UserError {
	override readonly name = 'ApiError';
	/** The HTTP status. */
	readonly status: number;
	/** metav1's word: `Forbidden`, `NotFound`, `AlreadyExists`, `Invalid` …; undefined when no API server answered. */
	readonly reason: string | undefined;
	/** The Status as sent; undefined when something else than an API server answered. */
	readonly body: Status | undefined;
	constructor(message: string, status: number, body?: Status, hint?: string) {
		super(message, hint);
		this.status = status;
		this.reason = body?.reason;
		this.body = body;
	}

	/** The Status' causes: which field was wrong and why. */
	get causes(): StatusCause[] {
		return this.body?.details?.causes ?? [];
	}
}

/**
 * The error that an answer means. One that is no metav1.Status came from a proxy, a login page or the wrong address, and
 * its text is not repeated.
 */
export function apiErrorOf(
	host: string,
	answer: { status: number; contentType: string | null; text: string },
): ApiError {
	const body = parseStatus(answer.text);
	if (answer.status === 401) {
		return new ApiError(
			`the server ${host} does not accept the credentials (401 Unauthorized)`,
			401,
			body,
			'log in again; kubectl auth whoami tells who the server takes you for',
		);
	}
	if (body !== undefined) return new ApiError(body.message || `${host} answered ${answer.status}`, answer.status, body);
	const what = (answer.contentType ?? '').includes('html') ? 'a web page' : 'something that is no API answer';
	return new ApiError(
		`${host} answered ${answer.status} with ${what}; it is not a Kubernetes API server, or a proxy or login page is in the way`,
		answer.status,
		undefined,
		'look at the server and proxy-url in: kubectl config view --minify; and at HTTPS_PROXY and NO_PROXY',
	);
}

/** The text as a metav1.Status, or undefined if it is none. */
export function parseStatus(text: string): Status | undefined {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
		const status = value as Status;
		return status.status === 'Failure' || status.status === 'Success' || status.kind === 'Status' ? status : undefined;
	} catch {
		return undefined;
	}
}
