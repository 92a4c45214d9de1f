import { UserError } from '../errors.ts';
import { printable } from '../text/printable.ts';

/**
 * An error as a user reads it: one sentence, then what to do; nothing of our insides unless `-v=6` or more asks for it.
 */
export function describeFailure(error: unknown, verbose: boolean): string {
	const lines = [`error: ${messageOf(error)}`];
	if (error instanceof UserError && error.hint) lines.push(error.hint);
	if (verbose && error instanceof Error) lines.push(error.stack ?? '', ...causes(error));
	return `${printable(lines.join('\n'))}\n`;
}

function messageOf(error: unknown): string {
	if (error instanceof UserError) return error.message;
	if (error instanceof Error) return error.message.split('\n')[0] || error.name;
	return String(error);
}

function causes(error: Error): string[] {
	return error.cause instanceof Error ? [`caused by: ${error.cause.stack}`, ...causes(error.cause)] : [];
}
