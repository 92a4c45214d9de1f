import type { Console } from './console.ts';
import type { Refusals } from './refusals.ts';
import type { Sink } from './sink.ts';
import type { Patience } from './wait.ts';

/** What a session is carried out with. */
export interface SessionTools {
	console: Console;
	sink: Sink;
	/** The sink keeps what comes for one document (`-o json`): nobody reads along. */
	captures: boolean;
	patience: Patience;
	refusals(place: string): Refusals;
}
