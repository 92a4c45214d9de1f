import assert from 'node:assert/strict';
import type { KubeObject } from './api/objects.ts';
import type { Pod } from './api/pod.ts';
import type { Sandbox } from './sandbox.ts';
import { call, STRATEGIC, watchUntil } from './testing/api-client.ts';
import { ephemeral, sleeper } from './testing/manifests.ts';
import { runKubectl } from './testing/real-kubectl.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('stand-in cluster: API', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		await sandbox.apply(sleeper('a'), sleeper('b'));
		await sandbox.ready('default', 'a');
	});

	after(() => sandbox?.stop());

	describe('reading', () => {
		it('says 404 for a pod, a resource and a path that are not there, in the API server’s words', async () => {
			const pod = await call(sandbox, 'GET', `${PODS}/nope`);
			assert.equal(pod.status, 404);
			assert.equal(pod.body.message, 'pods "nope" not found');
			assert.deepEqual(Reflect.get(pod.body, 'details'), { name: 'nope', kind: 'pods' });
			const resource = await call(sandbox, 'GET', '/api/v1/foo');
			assert.equal(resource.body.message, 'the server could not find the requested resource');
		});

		it('selects by labels and fields', async () => {
			const names = async (query: string) =>
				(await call(sandbox, 'GET', `${PODS}?${query}`)).body.items?.map(({ metadata }) => metadata.name);
			assert.deepEqual(await names('labelSelector=app%3Da'), ['a']);
			assert.deepEqual(await names('labelSelector=app+in+(a,b),app!%3Da'), ['b']);
			assert.deepEqual(await names('labelSelector=!app'), []);
			assert.deepEqual(await names('fieldSelector=metadata.name%3Db'), ['b']);
			assert.deepEqual(await names('fieldSelector=spec.nodeName%3Dnode1,metadata.name!%3Db'), ['a']);
		});

		it('watches from a revision, and with the objects that exist first', async () => {
			const before = await call(sandbox, 'GET', PODS);
			const version = before.body.metadata.resourceVersion;
			const label = { metadata: { labels: { watched: 'yes' } } };
			await call(sandbox, 'PATCH', `${PODS}/a`, { body: label, contentType: STRATEGIC });
			// The kubelet's own writes come in between.
			await watchUntil(sandbox, `${PODS}?watch=true&resourceVersion=${version}`, ({ type, object }) => {
				assert.equal(type, 'MODIFIED');
				return object.metadata.name === 'a' && object.metadata.labels?.watched === 'yes';
			});
			const seen: string[] = [];
			const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
			await watchUntil(sandbox, `${PODS}?${query}&fieldSelector=metadata.name%3Da`, ({ type, object }) => {
				seen.push(`${type} ${object.metadata.name ?? ''}`.trim());
				return object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
			});
			assert.deepEqual(seen, ['ADDED a', 'BOOKMARK']);
		});

		it('shows an object that leaves a selector as deleted', async () => {
			const events: string[] = [];
			const version = (await call(sandbox, 'GET', PODS)).body.metadata.resourceVersion;
			for (const value of ['in', 'out']) {
				const body = { metadata: { labels: { where: value } } };
				await call(sandbox, 'PATCH', `${PODS}/b`, { body, contentType: STRATEGIC });
			}
			const path = `${PODS}?watch=true&resourceVersion=${version}&labelSelector=where%3Din`;
			await watchUntil(sandbox, path, ({ type }) => events.push(type) === 2);
			assert.deepEqual(events, ['ADDED', 'DELETED']);
		});
	});

	describe('writing', () => {
		it('fills in what the API server fills in', () => {
			const pod = sandbox.get('pods', 'default', 'a') as Pod;
			assert.equal(pod.spec.containers[0]?.imagePullPolicy, 'IfNotPresent');
			assert.equal(pod.spec.containers[0]?.terminationMessagePath, '/dev/termination-log');
			assert.equal(pod.spec.restartPolicy, 'Always');
			assert.equal(pod.spec.nodeName, 'node1');
			assert.match(pod.spec.volumes?.[0]?.name ?? '', /^kube-api-access-\w{5}$/);
		});

		it('keeps what a dry run would have changed', async () => {
			const path = `${PODS}/a/ephemeralcontainers?dryRun=All`;
			const answer = await call(sandbox, 'PATCH', path, { body: ephemeral('dry'), contentType: STRATEGIC });
			assert.equal(answer.status, 200);
			assert.equal((answer.body as unknown as Pod).spec.ephemeralContainers?.[0]?.name, 'dry');
			assert.equal((sandbox.get('pods', 'default', 'a') as Pod).spec.ephemeralContainers, undefined);
		});

		it('makes one container of twenty equal patches at once', async () => {
			const patch = () =>
				call(sandbox, 'PATCH', `${PODS}/b/ephemeralcontainers`, { body: ephemeral('one'), contentType: STRATEGIC });
			const answers = await Promise.all(Array.from({ length: 20 }, patch));
			assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
			assert.equal((sandbox.get('pods', 'default', 'b') as Pod).spec.ephemeralContainers?.length, 1);
		});

		it('keeps the order of ephemeral containers by $setElementOrder, and takes a JSON patch', async () => {
			const order = { '$setElementOrder/ephemeralContainers': [{ name: 'one' }, { name: 'two' }] };
			const two = { spec: { ...order, ...(ephemeral('two').spec as object) } };
			await call(sandbox, 'PATCH', `${PODS}/b/ephemeralcontainers`, { body: two, contentType: STRATEGIC });
			const value = { name: 'three', image: 'busybox:1.36' };
			const add = [{ op: 'add', path: '/spec/ephemeralContainers/-', value }];
			const contentType = 'application/json-patch+json';
			await call(sandbox, 'PATCH', `${PODS}/b/ephemeralcontainers`, { body: add, contentType });
			const names = (sandbox.get('pods', 'default', 'b') as Pod).spec.ephemeralContainers?.map(({ name }) => name);
			assert.deepEqual(names, ['one', 'two', 'three']);
		});

		it('refuses a second object of the same name and an outdated revision', async () => {
			const pod = sandbox.get('pods', 'default', 'a');
			const again = await call(sandbox, 'POST', PODS, { body: { ...pod, metadata: { name: 'a' } } });
			assert.equal(again.body.message, 'pods "a" already exists');
			const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } };
			const maps = '/api/v1/namespaces/default/configmaps';
			const created = await call(sandbox, 'POST', maps, { body: map });
			await call(sandbox, 'PUT', `${maps}/m`, { body: { ...created.body, data: { a: '1' } } });
			const late = await call(sandbox, 'PUT', `${maps}/m`, { body: { ...created.body, data: { a: '2' } } });
			assert.equal(late.status, 409);
		});

		it('rewrites images and adds labels as a mutating webhook would', async () => {
			sandbox.misbehaviour.rewriteImage = (image) => `mirror.test/${image}`;
			sandbox.misbehaviour.addLabels = { seen: 'webhook' };
			try {
				const path = `${PODS}/b/ephemeralcontainers?dryRun=All`;
				const answer = await call(sandbox, 'PATCH', path, { body: ephemeral('four'), contentType: STRATEGIC });
				const pod = answer.body as unknown as Pod;
				assert.equal(pod.spec.ephemeralContainers?.at(-1)?.image, 'mirror.test/busybox:1.36');
				assert.equal(pod.spec.ephemeralContainers?.[0]?.image, 'busybox:1.36');
				assert.equal(pod.metadata.labels?.seen, 'webhook');
			} finally {
				sandbox.misbehaviour.rewriteImage = undefined;
				sandbox.misbehaviour.addLabels = undefined;
			}
		});
	});

	describe('workloads', () => {
		it('makes pods of a deployment, an endpoint of each, and pods anew when one is deleted', async () => {
			await sandbox.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.test/webgo:1"}]}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}
`);
			const available = (object: KubeObject | undefined) =>
				(object?.status as { availableReplicas?: number } | undefined)?.availableReplicas === 2;
			await sandbox.until('deployments', 'default', 'web', available);
			const pods = sandbox.list('pods', 'default').filter(({ metadata }) => metadata.labels?.app === 'web');
			assert.match(pods[0]?.metadata.name ?? '', /^web-[a-z0-9]{10}-[a-z0-9]{5}$/);
			// Endpoints follow by a controller of their own.
			const bothServe = (object: KubeObject | undefined) =>
				(object?.subsets as { addresses: unknown[] }[] | undefined)?.[0]?.addresses.length === 2;
			await sandbox.until('endpoints', 'default', 'web', bothServe);
			await sandbox.delete('pods', 'default', pods[0]?.metadata.name ?? '');
			await sandbox.until('deployments', 'default', 'web', available);
			await sandbox.delete('deployments', 'default', 'web');
			assert.equal(sandbox.list('replicasets').length, 0);
		});
	});

	describe('real kubectl', () => {
		it('gets, applies, labels, waits for, describes and deletes', async () => {
			const input = sleeper('applied');
			assert.equal((await runKubectl(sandbox, ['apply', '-f', '-'], { input })).stdout, 'pod/applied created\n');
			const changed = input.replace('labels: {app: applied}', 'labels: {app: other}');
			assert.equal(
				(await runKubectl(sandbox, ['apply', '-f', '-'], { input: changed })).stdout,
				'pod/applied configured\n',
			);
			const wait = await runKubectl(sandbox, ['wait', '--for=condition=Ready', 'pod/applied', '--timeout=20s']);
			assert.equal(wait.stdout, 'pod/applied condition met\n');
			const get = await runKubectl(sandbox, ['get', 'po', '-l', 'app=other']);
			assert.match(get.stdout, /NAME +READY +STATUS +RESTARTS +AGE\napplied +1\/1 +Running +0 /);
			assert.match((await runKubectl(sandbox, ['describe', 'pod', 'applied'])).stdout, /Container started/);
			assert.equal((await runKubectl(sandbox, ['delete', 'pod', 'applied', '--now'])).code, 0);
			assert.equal(sandbox.get('pods', 'default', 'applied'), undefined);
		});

		it('makes and deletes a namespace with what is in it', async () => {
			await runKubectl(sandbox, ['create', 'namespace', 'short']);
			await runKubectl(sandbox, ['apply', '-n', 'short', '-f', '-'], { input: sleeper('p', { namespace: 'short' }) });
			assert.equal((await runKubectl(sandbox, ['delete', 'namespace', 'short'])).code, 0);
			await sandbox.until('pods', 'short', 'p', (pod) => pod === undefined);
		});
	});
});
