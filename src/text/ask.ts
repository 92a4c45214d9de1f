import { printable } from './printable.ts';

/**
 * Ask on standard error, and read a line from the terminal at standard input. The line, without blanks around it; undefined
 * where the question is left by Ctrl-C or Ctrl-D.
 */
export async function askLine(question: string): Promise<string | undefined> {
	// Loaded when somebody is asked: it is a fifth of the start.
	const { createInterface } = await import('node:readline/promises');
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	const left = new AbortController();
	terminal.on('close', () => left.abort());
	const answer = await terminal.question(printable(question), { signal: left.signal }).catch(() => undefined);
	terminal.close();
	return answer?.trim();
}

/** Ask for a yes; anything else is a no. */
export async function askYes(question: string): Promise<boolean> {
	return /^y(es)?$/i.test((await askLine(`${question} [y/N] `)) ?? '');
}
