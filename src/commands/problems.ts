import { printableLine } from '../text/printable.ts';

/**
 * Say what is wrong with toolkits, a line each, on standard error. Commands that list toolkits or look one up do so; a
 * session of another toolkit has nothing to do with it, and says nothing.
 */
export function warnOf(problems: readonly string[]): void {
	process.stderr.write(problems.map((problem) => `Warning: ${printableLine(problem)}\n`).join(''));
}
