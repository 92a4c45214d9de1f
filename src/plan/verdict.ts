import type { V1ContainerStatus, V1Node, V1Pod } from '@kubernetes/client-node';
import { UserError } from '../errors.ts';
import { sayList } from '../text/say.ts';
import { findStatus } from './identity.ts';

/** Whether our container may join the target's processes, or starts without them and why. */
export type Verdict = { verdict: 'targeted' } | { verdict: 'untargeted'; because: string };

/** What is wanted of the pod. */
export interface Wanted {
	image?: string;
	/** The platforms the image is made for (`amd64`), where that is known. */
	architectures?: string[];
	/** Nothing can be done without the target's processes. */
	needsTarget: boolean;
	/** The pod's node, where it may be read. */
	node?: V1Node;
	/** The time, in milliseconds since 1970: tells a container that starts only to crash again from one that runs. */
	now?: number;
}

/**
 * Whether an ephemeral container would start in this pod, decided before anything is added: an entry that never starts
 * stays in the pod's list for good.
 * @throws UserError when none would
 */
export function judge(pod: V1Pod, target: string, wanted: Wanted): Verdict {
	refuseKind(pod, wanted);
	refuseState(pod);
	refusePlatform(pod, wanted);
	const trouble = targetTrouble(pod, target, wanted);
	if (trouble === undefined) return { verdict: 'targeted' };
	if (!wanted.needsTarget) return { verdict: 'untargeted', because: trouble.sentence };
	throw new UserError(`${trouble.sentence}, and this works on its processes`, trouble.remedy);
}

/** Pods that can have no ephemeral container of ours, whatever their state. */
function refuseKind(pod: V1Pod, { node }: Wanted): void {
	const { name = '', annotations } = pod.metadata ?? {};
	const os =
		pod.spec?.os?.name ?? pod.spec?.nodeSelector?.['kubernetes.io/os'] ?? node?.status?.nodeInfo?.operatingSystem;
	if (os === 'windows') {
		throw new UserError(
			`pod "${name}" is a Windows pod, and the tools are Linux programs`,
			`kubectl debug ${name} --profile=baseline --image=IMAGE takes a Windows image.`,
		);
	}
	if (annotations?.['kubernetes.io/config.mirror'] !== undefined) {
		const nodeName = pod.spec?.nodeName ?? 'NODE';
		throw new UserError(
			`pod "${name}" is a static pod of node ${nodeName}, and the API allows no ephemeral container there`,
			`From the node: kubectl debug node/${nodeName} -it --profile=sysadmin --image=IMAGE`,
		);
	}
}

/** Pods that will not start anything any more, or do not yet. */
function refuseState(pod: V1Pod): void {
	const { name = '', namespace, deletionTimestamp } = pod.metadata ?? {};
	const phase = pod.status?.phase;
	const at = namespace === undefined ? '' : ` -n ${namespace}`;
	if (phase === 'Succeeded' || phase === 'Failed') {
		const why = pod.status?.reason ?? pod.status?.message;
		throw new UserError(
			`pod "${name}" has finished (${phase}${why === undefined ? '' : `: ${why}`}); nothing starts in it any more`,
			`Its output: kubectl logs ${name}${at}. A copy that runs: kubectl debug ${name}${at} --copy-to=${name}-debug`,
		);
	}
	if (deletionTimestamp !== undefined) {
		throw new UserError(`pod "${name}" is being deleted; nothing starts in it any more`, 'Name another pod.');
	}
	if (!pod.spec?.nodeName) {
		const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
		const why = condition?.message ?? condition?.reason;
		throw new UserError(
			`pod "${name}" is on no node yet${why === undefined ? '' : `: ${why}`}`,
			`What is in the way: kubectl describe pod ${name}${at}`,
		);
	}
}

function refusePlatform(pod: V1Pod, { image, architectures, node }: Wanted): void {
	const architecture = node?.status?.nodeInfo?.architecture;
	if (architecture === undefined || architectures === undefined || architectures.includes(architecture)) return;
	throw new UserError(
		`${image ?? 'the image'} is made for ${sayList(architectures)}, and pod "${pod.metadata?.name}" runs on ${architecture}`,
		`Another image: --image, one for ${architecture}.`,
	);
}

/** Why the target has no processes to join; undefined when it has. */
function targetTrouble(pod: V1Pod, target: string, wanted: Wanted): { sentence: string; remedy: string } | undefined {
	const status = findStatus(pod, target);
	// Whoever needs the processes takes them for as long as they last.
	const crashing = !wanted.needsTarget && isBetweenCrashes(status, wanted.now);
	if (status?.state?.running && !crashing) return undefined;
	const { name = '', namespace } = pod.metadata ?? {};
	const at = namespace === undefined ? '' : ` -n ${namespace}`;
	const restarts = (status?.restartCount ?? 0) > 0 || status?.lastState?.terminated !== undefined;
	const remedy = restarts
		? `Its last words: kubectl logs ${name}${at} -c ${target} --previous`
		: `What it waits for: kubectl describe pod ${name}${at}`;
	const how = crashing ? 'keeps crashing' : 'is not running';
	return { sentence: `container "${target}" ${how}: ${sayState(status)}`, remedy };
}

/** Whether a container runs now, but crashed within a minute the last time and has not yet lived longer. */
function isBetweenCrashes(status: V1ContainerStatus | undefined, now: number | undefined): boolean {
	const last = status?.lastState?.terminated;
	const since = status?.state?.running?.startedAt;
	if (now === undefined || !since || !last?.startedAt || !last.finishedAt || last.exitCode === 0) return false;
	const lived = Date.parse(String(last.finishedAt)) - Date.parse(String(last.startedAt));
	return lived < MINUTE && now - Date.parse(String(since)) < MINUTE;
}

const MINUTE = 60_000;

/** The kubelet's own word for the state, and what explains it. */
function sayState(status: V1ContainerStatus | undefined): string {
	const { waiting, terminated } = status?.state ?? {};
	if (terminated) return `${terminated.reason ?? 'ended'} with ${sayExit(terminated)}${sayRestarts(status)}`;
	const last = status?.lastState?.terminated;
	if (status?.state?.running && last) return `last ended with ${sayExit(last)}${sayRestarts(status)}`;
	const reason = waiting?.reason ?? 'not started yet';
	if (reason === 'CrashLoopBackOff') {
		return `CrashLoopBackOff${last ? `, last ended with ${sayExit(last)}` : ''}${sayRestarts(status)}`;
	}
	return waiting?.message ? `${reason}: ${waiting.message}` : reason;
}

function sayExit({ exitCode, signal }: { exitCode: number; signal?: number }): string {
	return signal ? `signal ${signal}` : `exit code ${exitCode}`;
}

function sayRestarts(status: V1ContainerStatus | undefined): string {
	const count = status?.restartCount ?? 0;
	if (count === 0) return '';
	return `, restarted ${count === 1 ? 'once' : `${count} times`}`;
}
