import type { V1Pod } from '@kubernetes/client-node';
import type { Candidate } from '../plan/container.ts';
import { type Entry, mayChroot } from '../plan/entry.ts';
import { targetIdentity } from '../plan/identity.ts';
import { effectiveUser } from '../plan/rights.ts';
import type { Toolkit } from '../toolkit/toolkit.ts';
import type { Brought } from './bring.ts';
import type { Console } from './console.ts';

/** Recipes and helpers that are named; `help` has all. */
const NAMED = 12;

/** What of the rights wanted is not there, and who refused it. */
export function sayLost({ lost }: Candidate, refusedBy: string | undefined, console: Console): void {
	if (lost.length > 0 && refusedBy !== undefined)
		console.say(`${refusedBy} refuses ${lost.join(', ')}: what needs it fails here`);
}

/** Who one is in the shell that opens, where, what commands there are, and how to leave: two lines, and more by `help`. */
export function sayWelcome(
	{ pod, candidate, prepared }: Brought,
	entry: Entry,
	toolkit: Toolkit | undefined,
	console: Console,
): void {
	const target = candidate.container.targetContainerName;
	const identity = target === undefined ? undefined : targetIdentity(pod, target);
	const own = effectiveUser(candidate.container, pod);
	const leave = 'exit or Ctrl-D leaves.';
	const names = [...(toolkit?.recipes ?? []), ...(toolkit?.helpers ?? [])].map(({ name }) => name);
	const sayCommands = (): void => {
		if (names.length === 0) return;
		const more = names.length > NAMED ? ' …' : '';
		console.say(`Commands here: ${names.slice(0, NAMED).join(' ')}${more}  help tells more.`);
	};
	if (entry.root === 'target' || (entry.root === 'try' && mayChroot(candidate))) {
		const ids =
			own.uid === 0 && entry.as === undefined ? 'root' : sayIds(entry, identity ?? (own.uid ? own : undefined));
		console.say(`You are ${ids} in the root of ${prepared.target}; the tools are the image's. ${leave}`);
		sayCommands();
		return;
	}
	const uid = typeof entry.as === 'object' ? entry.as.uid : entry.as ? (identity?.uid ?? 0) : (own.uid ?? 0);
	const who = uid === 0 ? 'root' : `user ${uid}`;
	const files =
		target === undefined
			? ''
			: `; its files: ${mayRead(pod, target, candidate, uid) ? 'cd $TARGET_ROOT, or ' : ''}in-target COMMAND`;
	const place = target === undefined ? 'its network' : 'its network and processes';
	console.say(`You are ${who} beside ${prepared.target}, with ${place}${files}. ${leave}`);
	sayCommands();
}

function sayIds({ as }: Entry, known: { uid: number | undefined; gid: number } | undefined): string {
	if (typeof as === 'object') return `${as.uid}:${as.gid}`;
	return known?.uid === undefined ? "the target's user" : `${known.uid}:${known.gid}, the target's user,`;
}

/** Whether the kernel lets us at the target's root: as its user, as root over root, or by SYS_PTRACE. */
function mayRead(pod: V1Pod, target: string, { lost }: Candidate, uid: number): boolean {
	const identity = targetIdentity(pod, target);
	return !lost.includes('SYS_PTRACE') || identity === undefined || identity.uid === uid;
}
