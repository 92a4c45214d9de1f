import type { Console } from './console.ts';
import type { Refusals } from './refusals.ts';
import type { Sink } from './sink.ts';
import type { Patience } from './wait.ts';

/** What a session is carried out with. */
export interface SessionTools {
	console: Console;
	sink: Sink;
	patience: Patience;
	refusals(place: string): Refusals;
}
