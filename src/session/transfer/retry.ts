import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionLost } from '../../cluster/channels.ts';
import { UserError } from '../../errors.ts';

/** Milliseconds before the first new connection, and at most. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5000;

/**
 * Runs `attempt` until it returns, again after each cut connection. Cuts are counted from the last progress on:
 * `progressed` tells whether there was any since it was asked before.
 *
 * @param retries how many cuts in a row without progress are put up with; negative: any number
 * @throws ConnectionLost after that many, and every other error at once
 */
export async function whileCut<T>(
	retries: number,
	attempt: () => Promise<T>,
	progressed: () => boolean,
	onCut: (error: ConnectionLost, last: boolean) => void,
): Promise<T> {
	for (let cuts = 0; ; ) {
		try {
			return await attempt();
		} catch (error) {
			if (!(error instanceof ConnectionLost)) throw error;
			cuts = progressed() ? 1 : cuts + 1;
			onCut(error, retries >= 0 && cuts > retries);
			if (retries >= 0 && cuts > retries) throw error;
			if (cuts > 1) await pause(Math.min(FIRST_PAUSE * 2 ** (cuts - 2), LONGEST_PAUSE));
		}
	}
}

/** The user ended a transfer that is not over. */
export function interrupted(): UserError {
	return new UserError(
		'the transfer was interrupted',
		'A single file goes on where it ended when the same command is given again.',
	);
}
