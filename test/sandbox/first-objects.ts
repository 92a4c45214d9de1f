import { readFileSync } from 'node:fs';
import type { Store } from './api/store.ts';

/** What a cluster holds before anyone creates something: the node and two namespaces. */
export function createFirstObjects(store: Store, caFile: string, nodeIp: string): void {
	const name = 'node1';
	const labels = {
		'kubernetes.io/hostname': name,
		'kubernetes.io/os': 'linux',
		'kubernetes.io/arch': process.arch === 'arm64' ? 'arm64' : 'amd64',
	};
	store.create('nodes', {
		apiVersion: 'v1',
		kind: 'Node',
		metadata: { name, labels },
		spec: {},
		status: {
			addresses: [
				{ type: 'InternalIP', address: nodeIp },
				{ type: 'Hostname', address: name },
			],
			conditions: [
				{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
			],
			nodeInfo: {
				architecture: labels['kubernetes.io/arch'],
				operatingSystem: 'linux',
				kubeletVersion: 'v1.36.0',
				containerRuntimeVersion: 'containerd://2.2.0',
				kernelVersion: '6.12.0',
				osImage: 'Sandbox',
			},
		},
	});
	const certificate = readFileSync(caFile, 'utf8');
	store.subscribe(({ type, resource, object }) => {
		if (resource.plural === 'namespaces' && type === 'ADDED') {
			fillNamespace(store, object.metadata.name, certificate);
		}
	});
	for (const namespace of ['default', 'kube-system']) {
		createNamespace(store, namespace);
	}
}

/** Makes a namespace; an existing one stays as it is. */
export function createNamespace(store: Store, name: string): void {
	if (!store.get('namespaces', undefined, name)) {
		store.create('namespaces', {
			apiVersion: 'v1',
			kind: 'Namespace',
			metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
			spec: { finalizers: ['kubernetes'] },
			status: { phase: 'Active' },
		});
	}
}

function fillNamespace(store: Store, namespace: string, certificate: string): void {
	store.create('configmaps', {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: { name: 'kube-root-ca.crt', namespace },
		data: { 'ca.crt': certificate },
	});
	store.create('serviceaccounts', {
		apiVersion: 'v1',
		kind: 'ServiceAccount',
		metadata: { name: 'default', namespace },
	});
}
