import { setTimeout as pause } from 'node:timers/promises';

/**
 * Wait for something that can only be asked for, not be told of: ask every 100 ms until it holds.
 * @throws Error when it does not within `timeout` milliseconds
 */
export async function eventually(condition: () => boolean | Promise<boolean>, timeout = 30_000): Promise<void> {
	const end = Date.now() + timeout;
	while (!(await condition())) {
		if (Date.now() > end) throw new Error(`it did not come about within ${timeout} ms: ${condition}`);
		await pause(100);
	}
}
