import { createInterface } from 'node:readline/promises';
import type { Asking } from '../catalogue/trust.ts';
import { printable } from '../text/printable.ts';

/**
 * How a command asks whether a toolkit is trusted: on standard error, where both it and standard input are a terminal.
 * @param yes `--yes`
 */
export function askingForTrust(yes: boolean | undefined): Asking {
	const terminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
	return {
		yes: yes ?? false,
		ask: terminal ? ask : undefined,
		show: (line) => process.stderr.write(`${printable(line)}\n`),
	};
}

/** Anything but a yes is a no, the end of input and Ctrl-C too. */
async function ask(question: string): Promise<boolean> {
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	const left = new AbortController();
	terminal.on('close', () => left.abort());
	const answer = await terminal.question(`${printable(question)} [y/N] `, { signal: left.signal }).catch(() => '');
	terminal.close();
	return /^(y|yes)$/i.test(answer.trim());
}
