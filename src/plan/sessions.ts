import type { V1Pod } from '@kubernetes/client-node';
import { readRecord } from './record.ts';

/** Which session containers are meant; what is undefined does not matter. */
export interface SessionFilter {
	toolkit?: string | undefined;
	/** The target container beside which it stands. */
	target?: string | undefined;
	name?: string | undefined;
}

/** The names of the containers of ours that run in a pod: those that bear our record. */
export function runningSessions(pod: V1Pod, { toolkit, target, name }: SessionFilter): string[] {
	const running = new Set(
		(pod.status?.ephemeralContainerStatuses ?? []).filter(({ state }) => state?.running).map((status) => status.name),
	);
	return (pod.spec?.ephemeralContainers ?? [])
		.filter((container) => {
			const record = readRecord(container);
			return (
				record !== undefined &&
				running.has(container.name) &&
				(toolkit === undefined || record.toolkit === toolkit) &&
				(target === undefined || container.targetContainerName === target) &&
				(name === undefined || container.name === name)
			);
		})
		.map((container) => container.name);
}
