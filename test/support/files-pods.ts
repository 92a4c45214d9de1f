import assert from 'node:assert/strict';
import { ke, type Ran, type TestCluster } from './cluster.ts';
import { podYaml } from './manifests.ts';

/** Makes, in a pod that has a shell, what is copied out of it. */
const TREE = `
mkdir -p /tree/sub/deep '/tree/a b' /tree/empty /elsewhere
printf one > /tree/one; printf two > /tree/sub/two; printf blank > '/tree/a b/c	d'
printf dash > /tree/-rf; printf line > "/tree/new
line"; printf esc > "$(printf '/tree/\\033[31mred')"; printf umlaut > /tree/ü; printf bytes > "$(printf '/tree/\\377\\376')"
printf elsewhere > /elsewhere/file
ln -s one /tree/in; ln -s ../one /tree/sub/up; ln -s /elsewhere/file /tree/absolute; ln -s ../../../../elsewhere/file /tree/out
ln -s /elsewhere /tree/folder; ln -s /nowhere /tree/nowhere; ln -s ../../.. /tree/sub/deep/root; mkfifo /tree/pipe
printf mode > /tree/sub/deep/mode; chmod 0641 /tree/sub/deep/mode; chmod 0750 /tree/empty; chmod 4755 /tree/one
touch -d '2020-03-04 05:06:07' /tree/sub/deep/mode /tree/empty /tree/sub/deep
`;
/** Its time, in the pod's clock, which is UTC. */
export const TIME = Date.UTC(2020, 2, 4, 5, 6, 7);

const DEPLOYMENT = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: app, image: "registry.test/webgo:1", imagePullPolicy: IfNotPresent}]
`;

/** Pods to copy from and to. */
export interface FilesPods {
	namespace: string;
	cp(...words: string[]): Promise<Ran>;
	ls(...words: string[]): Promise<Ran>;
	/** Runs a script in `box`, and gives its output. */
	inside(script: string): Promise<string>;
}

/**
 * Makes the pods: `box` has a shell, which is in /tmp, /tree, and a second container `side`; `empty` has one program; `ro` a read-only root;
 * `user` runs as 1234; `deploy/web` is as `empty`.
 */
export async function makeFilesPods(cluster: TestCluster): Promise<FilesPods> {
	const namespace = await cluster.namespace();
	const inside = async (script: string): Promise<string> => {
		const ran = await cluster.kubectl('exec', '-n', namespace, 'box', '-c', 'app', '--', 'sh', '-c', script);
		done(ran);
		return ran.stdout;
	};
	const busybox = { image: 'busybox', command: ['sh', '-c', 'sleep 100000'] };
	const side = '\n  - {name: side, image: "registry.test/webgo:1", imagePullPolicy: IfNotPresent}\n';
	const readOnly = 'securityContext: {readOnlyRootFilesystem: true}';
	await cluster.apply(
		namespace,
		podYaml('box', { ...busybox, container: 'workingDir: /tmp' }).trimEnd() +
			side +
			podYaml('empty') +
			podYaml('ro', { container: readOnly }) +
			podYaml('user', { ...busybox, container: 'securityContext: {runAsUser: 1234, runAsGroup: 1234}' }) +
			DEPLOYMENT,
		'box',
		'empty',
		'ro',
		'user',
	);
	const available = '--for=jsonpath={.status.availableReplicas}=1';
	done(await cluster.kubectl('wait', '-n', namespace, available, 'deploy/web', '--timeout=60s'));
	await inside(TREE);
	return {
		namespace,
		cp: (...words) => ke(cluster, ['cp', '-n', namespace, ...words]),
		ls: (...words) => ke(cluster, ['ls', '-n', namespace, ...words]),
		inside,
	};
}

/** A command that has ended well. */
export function done(ran: Ran): void {
	assert.equal(ran.code, 0, ran.stderr);
}
