import type { Timed } from './measure.ts';

/** One comparison; functions, where each round takes a command of its own. */
export interface Row {
	name: string;
	/** The ratio that is promised. */
	target: number;
	ours: (round: number) => Timed;
	theirs: (round: number) => Timed;
	/** After both of a round. */
	after?: (round: number) => void;
}
