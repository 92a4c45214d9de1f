import type { V1Status } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';

/**
 * The exit code of a command from the Status that ended its stream: its own, 126 or 127 where the runtime could not start
 * it (docker's codes, whatever containerd's or CRI-O's words), 128+n by signal as the runtime gives it.
 * Source: k8s.io/streaming, remotecommand's NonZeroExitCode.
 * @throws UserError for anything that is not about the command (the kubelet's or the runtime's own failure)
 */
export function exitCodeOf(status: V1Status): number {
	if (status.status === 'Success') return 0;
	const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
	if (code !== undefined && /^\d+$/.test(code)) return Number(code);
	const message = status.message ?? '';
	if (/executable file not found|no such file or directory/.test(message)) return 127;
	if (/permission denied|exec format error/.test(message)) return 126;
	throw new UserError(`the node could not run it: ${message || 'no reason given'}`);
}
