import assert from 'node:assert/strict';
import type { ContainerStatus, Pod } from '../api/pod.ts';
import type { KubeObject, Sandbox } from '../sandbox.ts';
import { call, STRATEGIC } from './api-client.ts';
import { ephemeral } from './manifests.ts';

/** Applies a pod of the namespace `default` and waits until it is ready. */
export async function start(sandbox: Sandbox, name: string, manifest: string): Promise<void> {
	await sandbox.apply(manifest);
	await sandbox.ready('default', name);
}

/** Adds an ephemeral container to such a pod. */
export async function addEphemeral(
	sandbox: Sandbox,
	pod: string,
	name: string,
	more: Record<string, unknown> = {},
): Promise<void> {
	const path = `/api/v1/namespaces/default/pods/${pod}/ephemeralcontainers`;
	const answer = await call(sandbox, 'PATCH', path, { body: ephemeral(name, more), contentType: STRATEGIC });
	assert.equal(answer.status, 200, answer.body.message);
}

/** The same, and waits until it runs. */
export async function runEphemeral(
	sandbox: Sandbox,
	pod: string,
	name: string,
	more: Record<string, unknown> = {},
): Promise<void> {
	await addEphemeral(sandbox, pod, name, more);
	await sandbox.until('pods', 'default', pod, (object) => statusOf(object, name)?.state.running !== undefined);
}

/** The status of a regular or ephemeral container. */
export function statusOf(object: KubeObject | undefined, name = 'app'): ContainerStatus | undefined {
	const { containerStatuses = [], ephemeralContainerStatuses = [] } = (object as Pod | undefined)?.status ?? {};
	return [...containerStatuses, ...ephemeralContainerStatuses].find((status) => status.name === name);
}
