import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Pod } from './api/pod.ts';
import type { Sandbox } from './sandbox.ts';
import { runEphemeral, start, statusOf } from './testing/containers.ts';
import { sleeper } from './testing/manifests.ts';
import { useSandbox } from './testing/use-sandbox.ts';

describe('stand-in cluster: containers', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
	});

	after(() => sandbox?.stop());

	const sh = async (pod: string, script: string, container = 'app') =>
		(await sandbox.run('default', pod, container, ['sh', '-c', script])).stdout;

	describe('namespaces', () => {
		it('gives a container its own processes, mounts and cgroup, and the pod’s network, IPC and host name', async () => {
			await start(
				sandbox,
				'two',
				sleeper('two', { spec: 'initContainers: [{name: first, image: "busybox:1.36", command: [sleep, "0"]}]' }),
			);
			await runEphemeral(sandbox, 'two', 'other');
			const view = 'for n in pid mnt net ipc uts; do readlink /proc/self/ns/$n; done';
			const [one = [], two = []] = [await sh('two', view), await sh('two', view, 'other')].map((text) =>
				text.trim().split('\n'),
			);
			assert.notEqual(one[0], two[0]);
			assert.notEqual(one[1], two[1]);
			assert.deepEqual(one.slice(2), two.slice(2));
			assert.equal(await sh('two', 'hostname'), 'two\n');
			assert.match(await sh('two', 'ps -o pid,args'), /^ +1 sleep 1d$/m);
			const cgroup = (id: string) => readFileSync(`/proc/${sandbox.mainProcess('default', 'two', id)}/cgroup`, 'utf8');
			const id = statusOf(sandbox.get('pods', 'default', 'two'), 'app')?.containerID?.split('//')[1] ?? '';
			assert.ok(cgroup('app').includes(id));
			assert.ok(!cgroup('other').includes(id));
		});

		it('joins the target’s processes, and sees its root, environment and cgroup', async () => {
			await start(sandbox, 'target', sleeper('target', { container: 'env: [{name: MARK, value: target}]' }));
			await runEphemeral(sandbox, 'target', 'joined', { targetContainerName: 'app' });
			await sh('target', 'echo seen >/tmp/here');
			assert.equal(await sh('target', 'cat /proc/1/root/tmp/here', 'joined'), 'seen\n');
			assert.match(await sh('target', 'tr "\\0" "\\n" </proc/1/environ', 'joined'), /^MARK=target$/m);
			const id = statusOf(sandbox.get('pods', 'default', 'target'), 'app')?.containerID?.split('//')[1] ?? '';
			assert.ok((await sh('target', 'cat /proc/1/cgroup', 'joined')).includes(id));
		});

		it('shares /dev/shm between the containers of a pod', async () => {
			await sh('target', 'echo both >/dev/shm/file');
			assert.equal(await sh('target', 'cat /dev/shm/file', 'joined'), 'both\n');
			assert.match(await sh('target', 'grep " /dev/shm " /proc/mounts'), /size=65536k/);
		});

		it('shares all processes where the pod says so, with the pause container as process 1', async () => {
			await start(sandbox, 'shared', sleeper('shared', { spec: 'shareProcessNamespace: true' }));
			const processes = await sh('shared', 'ps -o pid,args');
			assert.match(processes, /^ +1 .*\/pause$/m);
			assert.match(processes, /sleep 1d/);
		});

		it('shows the node’s processes to a pod with hostPID', async () => {
			await start(sandbox, 'host', sleeper('host', { spec: 'hostPID: true' }));
			const processes = await sh('host', 'ps -o pid,args');
			assert.match(processes, /^ +1 cat$/m);
			assert.ok(processes.split('\n').length > 5);
		});

		it('connects pods to each other', async () => {
			await start(sandbox, 'server', sleeper('server', { container: 'args: []', image: 'busybox:1.36' }));
			const ip = (sandbox.get('pods', 'default', 'server') as Pod).status.podIP;
			const serving = sh('server', 'echo hello | nc -l -p 7000');
			await sandbox.run('default', 'server', 'app', [
				'sh',
				'-c',
				'until grep -q :1B58 /proc/net/tcp*; do sleep 0.05; done',
			]);
			assert.equal(await sh('two', `nc ${ip} 7000 </dev/null`), 'hello\n');
			await serving;
		});
	});

	describe('identity and rights', () => {
		it('drops the group of an image’s user that has no line in passwd', async () => {
			await start(
				sandbox,
				'nonroot',
				sleeper('nonroot', { image: 'registry.test/webgo:nonroot' }).replace('command: [sleep, 1d]', 'env: []'),
			);
			const user = statusOf(sandbox.get('pods', 'default', 'nonroot'), 'app')?.user;
			assert.deepEqual(user, { linux: { uid: 65532, gid: 0, supplementalGroups: [0] } });
			const status = readFileSync(`/proc/${sandbox.mainProcess('default', 'nonroot', 'app')}/status`, 'utf8');
			assert.match(status, /^Uid:\t65532\t65532\t/m);
			assert.match(status, /^Gid:\t0\t0\t/m);
		});

		it('takes the group from the image’s passwd where there is one, and leaves the user out of the status when told', async () => {
			await start(
				sandbox,
				'java',
				sleeper('java', { image: 'registry.test/webjava:1' }).replace('command: [sleep, 1d]', 'env: []'),
			);
			const user = () => statusOf(sandbox.get('pods', 'default', 'java'), 'app')?.user;
			assert.deepEqual(user()?.linux, { uid: 1000, gid: 1000, supplementalGroups: [1000] });
			sandbox.misbehaviour.noStatusUser = true;
			sandbox.kill('default', 'java', 'app');
			await sandbox.until(
				'pods',
				'default',
				'java',
				(pod) => statusOf(pod, 'app')?.restartCount === 1 && user() === undefined,
			);
			sandbox.misbehaviour.noStatusUser = false;
		});

		it('gives containerd’s capabilities, plus and minus what the container says', async () => {
			const bounding = (pod: string, container = 'app') => sh(pod, 'grep CapBnd /proc/self/status', container);
			assert.equal(await bounding('two'), 'CapBnd:\t00000000a80425fb\n');
			await runEphemeral(sandbox, 'two', 'ptrace', {
				securityContext: { capabilities: { add: ['SYS_PTRACE'], drop: ['ALL'] } },
			});
			assert.equal(await bounding('two', 'ptrace'), 'CapBnd:\t0000000000080000\n');
		});

		it('sets no_new_privs, a read-only root and the RuntimeDefault filter where asked, and none of it where not', async () => {
			const context =
				'{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: {type: RuntimeDefault}}';
			await start(sandbox, 'strict', sleeper('strict', { container: `securityContext: ${context}` }));
			const flags = 'grep -E "NoNewPrivs|Seccomp:" /proc/self/status; touch /file 2>&1; unshare -U true 2>&1; echo';
			const strict = await sh('strict', flags);
			assert.match(strict, /NoNewPrivs:\t1\nSeccomp:\t2\n/);
			assert.match(strict, /Read-only file system/);
			assert.match(strict, /unshare.*Operation not permitted/);
			assert.equal(await sh('two', flags), 'NoNewPrivs:\t0\nSeccomp:\t0\n\n');
		});

		it('refuses root where runAsNonRoot is set, in the kubelet’s words', async () => {
			await sandbox.apply(sleeper('asroot', { spec: 'securityContext: {runAsNonRoot: true}' }));
			await sandbox.until(
				'pods',
				'default',
				'asroot',
				(pod) => statusOf(pod, 'app')?.state.waiting?.message !== undefined,
			);
			const waiting = statusOf(sandbox.get('pods', 'default', 'asroot'), 'app')?.state.waiting;
			assert.equal(waiting?.reason, 'CreateContainerConfigError');
			assert.match(
				waiting?.message ?? '',
				/^container has runAsNonRoot and image will run as root \(pod: "asroot_default\(.*\)", container: app\)$/,
			);
		});
	});

	describe('configuration', () => {
		it('mounts volumes and sets the environment from ConfigMaps, Secrets and fields', async () => {
			await sandbox.apply(
				'{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {key: from-map}}',
				'{apiVersion: v1, kind: Secret, metadata: {name: cred}, data: {word: c2VjcmV0}}',
			);
			const container = `envFrom: [{configMapRef: {name: conf}, prefix: C_}], env: [
				{name: WORD, valueFrom: {secretKeyRef: {name: cred, key: word}}},
				{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, {name: BOTH, value: "$(POD)-$(WORD)"}],
				volumeMounts: [{name: e, mountPath: /empty}, {name: c, mountPath: /conf}, {name: s, mountPath: /cred}]`.replaceAll(
				/\s+/g,
				' ',
			);
			const volumes =
				'volumes: [{name: e, emptyDir: {}}, {name: c, configMap: {name: conf}}, {name: s, secret: {secretName: cred}}]';
			await start(sandbox, 'config', sleeper('config', { container, spec: volumes }));
			const script = 'echo $C_key $WORD $BOTH; cat /conf/key /cred/word; echo x >/empty/f; touch /conf/f 2>&1';
			assert.match(await sh('config', script), /^from-map secret config-secret\nfrom-mapsecrettouch: .*Read-only/);
			assert.match(await sh('config', 'cat /var/run/secrets/kubernetes.io/serviceaccount/namespace'), /^default$/);
		});

		it('waits for a ConfigMap that is missing', async () => {
			const missing = 'env: [{name: A, valueFrom: {configMapKeyRef: {name: later, key: k}}}]';
			await sandbox.apply(sleeper('waits', { container: missing }));
			const waiting = () => statusOf(sandbox.get('pods', 'default', 'waits'), 'app')?.state.waiting;
			await sandbox.until('pods', 'default', 'waits', () => waiting()?.message === 'configmap "later" not found');
			await sandbox.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: later}, data: {k: v}}');
			await sandbox.ready('default', 'waits');
		});
	});
});
