import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from './api/pod.ts';
import type { Sandbox } from './sandbox.ts';
import { runEphemeral, start, statusOf } from './testing/containers.ts';
import { sleeper } from './testing/manifests.ts';
import { runKubectl } from './testing/real-kubectl.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const TARGETS = join(import.meta.dirname, '../fixtures/targets.yaml');

describe('stand-in cluster: targets', function () {
	this.timeout(60_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
	});

	after(() => sandbox?.stop());

	describe('of test/fixtures/targets.yaml', () => {
		before(async () => {
			const { code, stderr } = await runKubectl(sandbox, ['apply', '-f', TARGETS]);
			assert.deepEqual([code, stderr], [0, '']);
			for (const [namespace, count] of [
				['open', 8],
				['base', 1],
				['tight', 2],
			] as const) {
				await untilPods(namespace, count);
			}
		});

		const untilPods = async (namespace: string, count: number) => {
			while (sandbox.list('pods', namespace).length < count) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
			for (const { metadata } of sandbox.list('pods', namespace)) {
				await sandbox.ready(namespace, metadata.name);
			}
		};

		/** What a process sees that is this container: user, environment, root. */
		const look = (namespace: string, prefix: string, container: string) => {
			const pod = sandbox.list('pods', namespace).find(({ metadata }) => metadata.name.startsWith(prefix)) as Pod;
			const pid = sandbox.mainProcess(namespace, pod.metadata.name, container);
			const of = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
			const ids = ['Uid', 'Gid'].map((name) => Number(new RegExp(`^${name}:\\t(\\d+)`, 'm').exec(of('status'))?.[1]));
			const { uid, gid } = statusOf(pod, container)?.user?.linux ?? {};
			assert.deepEqual([uid, gid], ids);
			const readOnly = /^\d+ \d+ \S+ \S+ \/ ro,/m.test(of('mountinfo'));
			const root = `/proc/${pid}/root`;
			const name = pod.metadata.name;
			return { name, ids, readOnly, root, environment: of('environ').split('\0'), mounts: of('mounts') };
		};

		for (const [namespace, pod, container, ids, readOnly, shell] of [
			['open', 'web-', 'web', [0, 0], false, false],
			['open', 'meshed', 'app', [0, 0], false, false],
			['open', 'java', 'app', [1000, 1000], false, false],
			['open', 'java-ro', 'app', [1000, 1000], true, false],
			['open', 'bb', 'app', [0, 0], false, true],
			['open', 'distro', 'app', [0, 0], false, true],
			['base', 'go-nonroot', 'app', [65532, 0], false, false],
			['tight', 'web-', 'web', [65532, 0], true, false],
			['tight', 'java', 'app', [1000, 1000], true, false],
		] as const) {
			it(`${namespace} ${pod.replace(/-$/, '')} is what it is said to be`, () => {
				const seen = look(namespace, pod, container);
				assert.deepEqual([seen.ids, seen.readOnly], [ids, readOnly]);
				assert.ok(seen.environment.includes('MARK=target'));
				assert.equal(existsSync(`${seen.root}/bin/sh`), shell);
				assert.equal(readFileSync(`${seen.root}/etc/hostname`, 'utf8'), `${seen.name}\n`);
				for (const file of ['hostname', 'hosts', 'resolv.conf']) {
					assert.match(seen.mounts, new RegExp(` /etc/${file} `));
				}
			});
		}

		it('the runtime has its libraries beside it, and answers', async () => {
			const { root, name } = look('open', 'java', 'app');
			assert.deepEqual(readdirSync(`${root}/opt/jre/lib`), ['libjli.so']);
			const pod = sandbox.get('pods', 'open', name) as Pod;
			const answer = await sandbox.run('open', 'bb', 'app', ['wget', '-qO-', `http://${pod.status.podIP}:8080`]);
			assert.equal(answer.stdout, 'hello from java\n');
		});
	});

	describe('whose processes are not the only ones', () => {
		const marked = 'env: [{name: MARK, value: target}]';

		/** The processes that have the container's id in their cgroup, as an ephemeral container of the pod finds them. */
		const found = async (pod: string): Promise<string[]> => {
			const id = statusOf(sandbox.get('pods', 'default', pod), 'app')?.containerID?.split('//')[1];
			const script = 'cd /proc; for p in [0-9]*; do grep -q "$1" "$p/cgroup" 2>/dev/null && echo "$p"; done';
			const { stdout } = await sandbox.run('default', pod, 'ke', ['sh', '-c', script, 'sh', id ?? '']);
			return stdout.trim().split('\n');
		};

		for (const [pod, spec, first] of [
			['sharing', 'shareProcessNamespace: true', '/pause'],
			['hostpid', 'hostPID: true', 'cat'],
		] as const) {
			it(`are found by the container’s id in a pod with ${spec}, where process 1 is another`, async () => {
				await start(sandbox, pod, sleeper(pod, { container: marked, spec }));
				const privileged = { securityContext: { privileged: true }, targetContainerName: 'app' };
				await runEphemeral(sandbox, pod, 'ke', privileged);
				const sh = async (script: string) => (await sandbox.run('default', pod, 'ke', ['sh', '-c', script])).stdout;
				assert.match(await sh('tr "\\0" " " </proc/1/cmdline'), new RegExp(`${first} $`));
				const pids = await found(pod);
				assert.equal(pids.length, 1);
				assert.match(await sh(`tr "\\0" "\\n" </proc/${pids[0]}/environ`), /^MARK=target$/m);
				assert.equal(await sh(`cat /proc/${pids[0]}/root/etc/hostname`), `${pod}\n`);
			});
		}
	});

	it('get CRI-O’s capabilities from the moment that is wanted', async () => {
		const bounding = async (pod: string) =>
			(await sandbox.run('default', pod, 'app', ['grep', 'CapBnd', '/proc/self/status'])).stdout;
		sandbox.misbehaviour.capabilities = 'cri-o';
		await start(sandbox, 'less', sleeper('less'));
		sandbox.misbehaviour.capabilities = 'containerd';
		await start(sandbox, 'more', sleeper('more'));
		assert.equal(await bounding('less'), 'CapBnd:\t00000000000005fb\n');
		assert.equal(await bounding('more'), 'CapBnd:\t00000000a80425fb\n');
	});
});
