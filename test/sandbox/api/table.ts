import type { KubeObject } from './objects.ts';
import type { ContainerStatus, Pod } from './pod.ts';
import type { ResourceType } from './resources.ts';

/** True when the client wants rows to print rather than objects, as `kubectl get` does. */
export function wantsTable(accept: string): boolean {
	return accept.includes('as=Table');
}

/** Objects as a `meta.k8s.io/v1` Table. */
export function asTable(type: ResourceType, objects: KubeObject[], resourceVersion: string): Record<string, unknown> {
	const columns = COLUMNS[type.plural] ?? [];
	const all: Column[] = [{ name: 'Name', cell: ({ metadata }) => metadata.name }, ...columns, AGE];
	return {
		kind: 'Table',
		apiVersion: 'meta.k8s.io/v1',
		metadata: { resourceVersion },
		columnDefinitions: all.map(({ name, wide }) => ({
			name,
			type: 'string',
			format: name === 'Name' ? 'name' : '',
			description: '',
			priority: wide ? 1 : 0,
		})),
		rows: objects.map((object) => ({
			cells: all.map(({ cell }) => cell(object)),
			object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
		})),
	};
}

interface Column {
	name: string;
	cell: (object: KubeObject) => string;
	wide?: boolean;
}

const AGE: Column = { name: 'Age', cell: ({ metadata }) => age(metadata.creationTimestamp) };

const COLUMNS: Record<string, Column[]> = {
	pods: [
		{ name: 'Ready', cell: (object) => ready(object as Pod) },
		{ name: 'Status', cell: (object) => podState(object as Pod) },
		{ name: 'Restarts', cell: (object) => String(sum((object as Pod).status.containerStatuses)) },
		{ name: 'IP', cell: (object) => (object as Pod).status.podIP ?? '<none>', wide: true },
		{ name: 'Node', cell: (object) => (object as Pod).spec.nodeName ?? '<none>', wide: true },
	],
	namespaces: [{ name: 'Status', cell: () => 'Active' }],
	nodes: [{ name: 'Status', cell: () => 'Ready' }],
	events: [
		{ name: 'Type', cell: (object) => String(object.type) },
		{ name: 'Reason', cell: (object) => String(object.reason) },
		{ name: 'Object', cell: ({ involvedObject }) => `pod/${(involvedObject as { name?: string } | undefined)?.name}` },
		{ name: 'Message', cell: (object) => String(object.message) },
	],
};

function ready({ spec, status }: Pod): string {
	const count = (status.containerStatuses ?? []).filter((container) => container.ready).length;
	return `${count}/${spec.containers.length}`;
}

function sum(statuses: ContainerStatus[] = []): number {
	return statuses.reduce((total, { restartCount }) => total + restartCount, 0);
}

/** The word that kubectl shows as a pod's status. */
function podState({ metadata, status }: Pod): string {
	if (metadata.deletionTimestamp) {
		return 'Terminating';
	}
	for (const { state } of status.containerStatuses ?? []) {
		const reason = state.waiting?.reason ?? state.terminated?.reason;
		if (reason !== undefined && reason !== 'Completed') {
			return reason;
		}
	}
	return status.phase === 'Succeeded' ? 'Completed' : status.phase;
}

function age(created = ''): string {
	const seconds = Math.max(0, Math.trunc((Date.now() - Date.parse(created)) / 1000));
	return seconds < 120 ? `${seconds}s` : `${Math.trunc(seconds / 60)}m`;
}
