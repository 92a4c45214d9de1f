import type { Artefact } from './recipe/artefacts.ts';
import type { Capture } from './sink.ts';

/** How a session ended. */
export interface Outcome {
	namespace: string;
	pod: string;
	container: string;
	/** Whether the container was there already. */
	reused: boolean;
	profile: string;
	exitCode: number;
	/** Files that came home. */
	artefacts?: Artefact[];
	/** What a recipe printed, where it is JSON. */
	result?: unknown;
	/** From the command line to the end, in milliseconds. */
	ms: number;
}

/** The one document of `-o json` and `-o yaml`. */
export function describeOutcome(outcome: Outcome, capture: Capture): Record<string, unknown> {
	const [out, err] = [capture.read('stdout'), capture.read('stderr')];
	return {
		...outcome,
		...(!('result' in outcome) && { stdout: out.text }),
		stderr: err.text,
		...((out.base64 || err.base64) && {
			encoding: { stdout: out.base64 ? 'base64' : 'utf-8', stderr: err.base64 ? 'base64' : 'utf-8' },
		}),
		truncated: out.truncated || err.truncated,
	};
}
