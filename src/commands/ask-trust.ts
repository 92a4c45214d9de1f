import type { Asking } from '../catalogue/trust.ts';
import { askYes } from '../text/ask.ts';
import { printable } from '../text/printable.ts';

/**
 * How a command asks whether a toolkit is trusted: on standard error, where both it and standard input are a terminal.
 * @param yes `--yes`
 */
export function askingForTrust(yes: boolean | undefined): Asking {
	const terminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
	return {
		yes: yes ?? false,
		ask: terminal ? askYes : undefined,
		show: (line) => process.stderr.write(`${printable(line)}\n`),
	};
}
