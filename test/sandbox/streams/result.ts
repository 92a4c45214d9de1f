/** A Status as it ends a stream, on channel 3. */
export function successStatus(): string {
	return JSON.stringify({ metadata: {}, status: 'Success' });
}

/** A command that ran and ended with that code. */
export function exitStatus(code: number): string {
	if (code === 0) {
		return successStatus();
	}
	return JSON.stringify({
		metadata: {},
		status: 'Failure',
		message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
		reason: 'NonZeroExitCode',
		details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
	});
}

/** A command that could not be run; each layer of the server says `Internal error occurred` once. */
export function internalErrorStatus(text: string): string {
	const message = `Internal error occurred: ${text}`;
	return JSON.stringify({
		metadata: {},
		status: 'Failure',
		message: `Internal error occurred: ${message}`,
		reason: 'InternalError',
		details: { causes: [{ message }] },
		code: 500,
	});
}
