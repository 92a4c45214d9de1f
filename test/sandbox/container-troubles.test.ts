import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { Pod } from './api/pod.ts';
import type { KubeObject, Sandbox } from './sandbox.ts';
import { call } from './testing/api-client.ts';
import { addEphemeral, runEphemeral, start, statusOf } from './testing/containers.ts';
import { sleeper } from './testing/manifests.ts';
import { useSandbox } from './testing/use-sandbox.ts';

describe('stand-in cluster: troubles of containers', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
	});

	after(() => sandbox?.stop());

	describe('ends and troubles', () => {
		it('reports exit codes, restarts a crashing container with a back-off, and keeps its logs', async () => {
			const crash = sleeper('crash').replace('[sleep, 1d]', '[sh, -c, "echo bad; exit 3"]');
			await sandbox.apply(crash);
			const status = () => statusOf(sandbox.get('pods', 'default', 'crash'), 'app');
			await sandbox.until('pods', 'default', 'crash', () => status()?.state.waiting?.reason === 'CrashLoopBackOff');
			assert.equal(status()?.lastState.terminated?.exitCode, 3);
			assert.match(
				status()?.state.waiting?.message ?? '',
				/^back-off \d+s restarting failed container=app pod=crash_default\(/,
			);
			const log = await call(sandbox, 'GET', '/api/v1/namespaces/default/pods/crash/log?previous=true');
			assert.equal(log.body.message, 'bad\n');
		});

		it('ends a pod that is not restarted as Failed or Succeeded', async () => {
			for (const [name, code, phase] of [
				['fails', 4, 'Failed'],
				['works', 0, 'Succeeded'],
			] as const) {
				await sandbox.apply(
					sleeper(name, { spec: 'restartPolicy: Never' }).replace('[sleep, 1d]', `[sh, -c, "exit ${code}"]`),
				);
				await sandbox.until('pods', 'default', name, (pod) => (pod as Pod).status.phase === phase);
				assert.equal(statusOf(sandbox.get('pods', 'default', name), 'app')?.state.terminated?.exitCode, code);
			}
		});

		it('says what containerd says when the executable is missing', async () => {
			await sandbox.apply(sleeper('noexe', { spec: 'restartPolicy: Never' }).replace('[sleep, 1d]', '[nosuch]'));
			await sandbox.until('pods', 'default', 'noexe', (pod) => statusOf(pod, 'app')?.state.terminated !== undefined);
			const ended = statusOf(sandbox.get('pods', 'default', 'noexe'), 'app')?.state.terminated;
			assert.deepEqual([ended?.exitCode, ended?.reason, ended?.startedAt], [128, 'StartError', '1970-01-01T00:00:00Z']);
			const text =
				'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH';
			assert.equal(ended?.message, text);
		});

		it('puts the failed start into the last state where the container may be started again', async () => {
			await addEphemeral(sandbox, 'crash', 'bad', { command: ['nosuch'] });
			const status = () => statusOf(sandbox.get('pods', 'default', 'crash'), 'bad');
			await sandbox.until('pods', 'default', 'crash', () => status()?.state.waiting?.reason === 'RunContainerError');
			assert.equal(status()?.lastState.terminated?.reason, 'StartError');
		});

		it('reports what a container wrote to its termination log', async () => {
			const script = '[sh, -c, "echo -n because >/dev/termination-log; exit 1"]';
			await sandbox.apply(sleeper('words', { spec: 'restartPolicy: Never' }).replace('[sleep, 1d]', script));
			const ended = () => statusOf(sandbox.get('pods', 'default', 'words'), 'app')?.state.terminated;
			await sandbox.until('pods', 'default', 'words', () => ended() !== undefined);
			assert.equal(ended()?.message, 'because');
		});

		it('says why a pod finds no node', async () => {
			await sandbox.apply(sleeper('nowhere', { spec: 'nodeSelector: {disk: fast}' }));
			const conditions = (pod: KubeObject | undefined) => (pod as Pod | undefined)?.status.conditions ?? [];
			await sandbox.until('pods', 'default', 'nowhere', (pod) => conditions(pod).length > 0);
			const [condition] = conditions(sandbox.get('pods', 'default', 'nowhere'));
			assert.deepEqual(
				[condition?.type, condition?.status, condition?.reason],
				['PodScheduled', 'False', 'Unschedulable'],
			);
			await sandbox.delete('pods', 'default', 'nowhere');
		});

		it('ends a joined container with its target, and the target alone comes back', async () => {
			await start(sandbox, 'target', sleeper('target'));
			await runEphemeral(sandbox, 'target', 'joined', { targetContainerName: 'app' });
			sandbox.kill('default', 'target', 'app');
			await sandbox.until(
				'pods',
				'default',
				'target',
				(pod) => statusOf(pod, 'joined')?.state.terminated?.exitCode === 137,
			);
			await sandbox.until('pods', 'default', 'target', (pod) => statusOf(pod, 'app')?.state.running !== undefined);
			assert.equal(statusOf(sandbox.get('pods', 'default', 'target'), 'joined')?.state.running, undefined);
		});

		it('waits without a word for a target that does not run', async () => {
			await addEphemeral(sandbox, 'noexe', 'waiting', { targetContainerName: 'app' });
			await sandbox.until('pods', 'default', 'noexe', (pod) => statusOf(pod, 'waiting') !== undefined);
			assert.deepEqual(statusOf(sandbox.get('pods', 'default', 'noexe'), 'waiting')?.state, {
				waiting: { reason: 'ContainerCreating' },
			});
		});
	});

	describe('pulls', () => {
		const waiting = (name: string) => (object: KubeObject | undefined) =>
			statusOf(object, 'app')?.state.waiting?.reason === name;

		it('reports an image that is nowhere, and starts the pod once it is there', async () => {
			await sandbox.apply(sleeper('absent', { image: 'registry.test/absent:1' }));
			await sandbox.until('pods', 'default', 'absent', waiting('ErrImagePull'));
			await sandbox.until('pods', 'default', 'absent', waiting('ImagePullBackOff'));
			const message = statusOf(sandbox.get('pods', 'default', 'absent'), 'app')?.state.waiting?.message ?? '';
			assert.match(
				message,
				/^Back-off pulling image "registry.test\/absent:1": ErrImagePull: failed to pull and unpack image/,
			);
			const image = sandbox.image('busybox');
			assert.ok(image);
			sandbox.addImage(image, 'registry.test/absent:1');
			await sandbox.ready('default', 'absent');
		});

		it('takes as long, and fails, as it is told', async () => {
			const { pulls } = sandbox.misbehaviour;
			pulls.set('busybox:1.36', { delayMs: Number.POSITIVE_INFINITY });
			await sandbox.apply(sleeper('slow'));
			const pulling = () =>
				sandbox.list('events', 'default').some(({ reason, involvedObject }) => {
					return reason === 'Pulling' && (involvedObject as { name: string }).name === 'slow';
				});
			await sandbox.until('pods', 'default', 'slow', pulling);
			pulls.set('busybox:1.36', { error: 'unauthorized' });
			await sandbox.until('pods', 'default', 'slow', waiting('ErrImagePull'));
			pulls.delete('busybox:1.36');
			await sandbox.ready('default', 'slow');
		});

		it('knows names that are none, and images that must not be pulled', async () => {
			await sandbox.apply(sleeper('badname', { image: 'BAD:::' }));
			await sandbox.until('pods', 'default', 'badname', waiting('InvalidImageName'));
			const never = sleeper('never', { image: 'x.test/n:1', container: 'imagePullPolicy: Never' });
			await sandbox.apply(never);
			await sandbox.until('pods', 'default', 'never', waiting('ErrImageNeverPull'));
			const message = statusOf(sandbox.get('pods', 'default', 'never'), 'app')?.state.waiting?.message;
			assert.equal(message, 'Container image "x.test/n:1" is not present with pull policy of Never');
		});
	});
});

describe('stand-in cluster: what it leaves', function () {
	this.timeout(30_000);

	it('is nothing: no process, mount, cgroup or file', async function () {
		const sandbox = await useSandbox(this);
		let pid: number | undefined;
		let cgroup: string | undefined;
		try {
			await start(sandbox, 'p', sleeper('p'));
			pid = sandbox.mainProcess('default', 'p', 'app');
			cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8').match(/\/kubepods-sandbox-[^/]+/)?.[0];
		} finally {
			await sandbox.stop();
		}
		assert.ok(pid && cgroup);
		assert.equal(existsSync(`/proc/${pid}`), false);
		assert.equal(existsSync(sandbox.directory), false);
		assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(sandbox.directory));
		for (const [, mount] of readFileSync('/proc/mounts', 'utf8').matchAll(/^\S+ (\S+) cgroup2? /gm)) {
			assert.equal(existsSync(`${mount}${cgroup}`), false);
		}
	});

	it('gives CRI-O’s capabilities on demand', async function () {
		const sandbox = await useSandbox(this, { runtime: 'cri-o' });
		try {
			await start(sandbox, 'p', sleeper('p'));
			const { stdout } = await sandbox.run('default', 'p', 'app', ['grep', 'CapBnd', '/proc/self/status']);
			assert.equal(stdout, 'CapBnd:\t00000000000005fb\n');
		} finally {
			await sandbox.stop();
		}
	});
});
