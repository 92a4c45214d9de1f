import type { KubeObject, OwnerReference } from '../api/objects.ts';

const PLURALS: Record<string, string> = {
	ReplicaSet: 'replicasets',
	StatefulSet: 'statefulsets',
	DaemonSet: 'daemonsets',
	Job: 'jobs',
	ReplicationController: 'replicationcontrollers',
};

/** The plural name of a kind that owns pods. */
export function pluralOf(kind: string): string | undefined {
	return PLURALS[kind];
}

/** What an object that this one controls says of it. */
export function ownedBy(owner: KubeObject): OwnerReference {
	const { name, uid = '' } = owner.metadata;
	return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
	return object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;
}
