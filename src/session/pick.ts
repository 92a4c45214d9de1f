import { createInterface } from 'node:readline/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { podSummary } from '../plan/choose-pod.ts';
import { printable } from '../text/printable.ts';

/**
 * Ask at the terminal which pod is meant: a numbered list on standard error, answered by a number or a name.
 * @throws UserError without a terminal, for an answer that is none of them, and when the question is left by Ctrl-C or Ctrl-D
 */
export async function pickPod(pods: V1Pod[]): Promise<V1Pod> {
	if (!process.stdin.isTTY) throw new UserError('--pick needs a terminal', 'Name the pod instead.');
	const rows = pods.map(podSummary);
	const width = Math.max(...rows.map((row) => row.name.length));
	for (const [i, row] of rows.entries()) {
		const line = `${String(i + 1).padStart(4)}  ${row.name.padEnd(width)}  ${row.state}${row.restarts > 0 ? `, ${row.restarts} restarts` : ''}`;
		process.stderr.write(`${printable(line)}\n`);
	}
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	const left = new AbortController();
	terminal.on('close', () => left.abort());
	const answer = await terminal.question('Which pod? ', { signal: left.signal }).catch(() => undefined);
	terminal.close();
	if (answer === undefined || answer.trim() === '') throw new UserError('no pod was picked');
	const text = answer.trim();
	const pod = pods[Number(text) - 1] ?? pods.find((candidate) => candidate.metadata?.name === text);
	if (!pod) throw new UserError(`"${text}" is none of them`);
	return pod;
}
