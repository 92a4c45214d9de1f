import type { V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { podSummary } from '../plan/choose-pod.ts';
import { askLine } from '../text/ask.ts';
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
	const answer = await askLine('Which pod? ');
	if (!answer) throw new UserError('no pod was picked');
	const pod = pods[Number(answer) - 1] ?? pods.find((candidate) => candidate.metadata?.name === answer);
	if (!pod) throw new UserError(`"${answer}" is none of them`);
	return pod;
}
