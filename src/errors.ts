/**
 * What a user can act on: one sentence that names the thing, and what to do about it.
 *
 * The text is made here once and printed as it stands (`error: …`, the hint on the next line); control characters that
 * came from a cluster are made harmless when it is printed, not before.
 */
export class UserError extends Error {
	override readonly name: string = 'UserError';
	/** What to do, ideally as something that can be pasted. */
	readonly hint: string | undefined;
	constructor(message: string, hint?: string, options?: ErrorOptions) {
		super(message, options);
		this.hint = hint;
	}
}

/** A word, flag or value on the command line that cannot be meant. */
export class UsageError extends UserError {
	override readonly name = 'UsageError';
}
