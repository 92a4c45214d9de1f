import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ke, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { podYaml } from '../support/manifests.ts';

const user = (uid: number): string => `{runAsUser: ${uid}, runAsGroup: 0}`;

/** A pod of two containers in one process namespace, or in the node's. */
const shared = (name: string, how: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  ${how}: true
  containers:
  - {name: side, image: "busybox:latest", imagePullPolicy: IfNotPresent, command: [sleep, "100000"]}
  - {name: app, image: "registry.test/webgo:1", imagePullPolicy: IfNotPresent, env: [{name: MARK, value: ${name}}]}
`;

describe('entering a target', function () {
	this.timeout(60_000);
	let cluster: TestCluster;
	let namespace: string;
	let folder: string;

	before(async function () {
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		folder = mkdtempSync(join(tmpdir(), 'ke-entering-'));
		await cluster.apply(namespace, podYaml('web'), 'web');
	});

	after(() => {
		if (folder) rmSync(folder, { recursive: true, force: true });
	});

	const net = (pod: string, ...words: string[]): Promise<Ran> =>
		ke(cluster, ['net', pod, '-n', namespace, '-q', ...words]);

	describe('where the launcher cannot be kept', () => {
		/** A read-only root leaves only /dev/shm, which permits no execution. */
		const custom = (): string[] => {
			const file = join(folder, 'custom.yaml');
			writeFileSync(file, 'securityContext: {readOnlyRootFilesystem: true}\n');
			return ['--custom', file];
		};

		it('sh runs a command, with its exit code and its environment', async () => {
			const ran = await net('web', ...custom(), '--env', "A=it's\n$(id)", '--', 'sh', '-c', 'printf %s "$A"; exit 7');
			assert.deepEqual(ran, { code: 7, stdout: "it's\n$(id)", stderr: '' });
		});

		it('sh hands on standard input', async () => {
			const input = 'one\ntwo\n';
			const ran = await ke(cluster, ['net', 'web', '-n', namespace, '-q', '-i', ...custom(), '--', 'cat'], { input });
			assert.deepEqual(ran, { code: 0, stdout: input, stderr: '' });
		});

		it('one program at a time sees the target’s root, as the target’s user', async () => {
			const other = `securityContext: ${user(65532)}, env: [{name: MARK, value: target}]`;
			await cluster.apply(namespace, podYaml('other', { container: other }), 'other');
			for (const [pod, as] of [
				['web', ['--run-as', 'root']],
				['other', []],
			] as const) {
				const ran = await net(pod, ...custom(), ...as, '--root', 'target', '--', 'ls', '/');
				assert.deepEqual([ran.code, ran.stderr], [0, '']);
				assert.doesNotMatch(ran.stdout, /^usr$/m);
				assert.match(ran.stdout, /^proc$/m);
				const who = await net(pod, ...custom(), ...as, '--root', 'target', '--', 'id', '-u');
				assert.deepEqual([who.code, who.stdout], [0, pod === 'web' ? '0\n' : '65532\n'], who.stderr);
			}
		});

		it('what sh could not do without harm is refused with a sentence', async () => {
			const root = await net('web', ...custom(), '--root', 'target', '--', 'ls', '/');
			assert.equal(root.code, 125);
			assert.match(
				root.stderr,
				/^error: without the launcher only --run-as root enters the root of a target that runs as root/,
			);
			const env = await net('other', ...custom(), '--env-from', 'target', '--', 'env');
			assert.equal(env.code, 125);
			assert.match(env.stderr, /^error: the target's environment needs the launcher/);
		});

		it('files are refused with a sentence', async () => {
			await cluster.apply(namespace, podYaml('alone'), 'alone');
			// The container that is there serves for files too.
			await net('alone', ...custom(), '--', 'true');
			const ran = await ke(cluster, ['cp', 'alone:/etc/hostname', '-', '-n', namespace, '-q']);
			assert.equal(ran.code, 1);
			assert.match(ran.stderr, /^error: .*files need the launcher/);
		});
	});

	for (const how of ['shareProcessNamespace', 'hostPID']) {
		it(`finds the target's process with ${how}, and not process 1`, async () => {
			const pod = how.toLowerCase();
			await cluster.apply(namespace, shared(pod, how), pod);
			const ran = await net(
				pod,
				'-c',
				'app',
				'--root',
				'target',
				'--env-from',
				'target',
				'--',
				'sh',
				'-c',
				'echo $TARGET_PID $MARK; ls /',
			);
			assert.equal(ran.code, 0, ran.stderr);
			const [first = '', ...names] = ran.stdout.trim().split('\n');
			const [pid, mark] = first.split(' ');
			assert.ok(Number(pid) > 1, first);
			assert.equal(mark, pod);
			assert.ok(!names.includes('usr') && names.includes('proc'), names.join(' '));
		});
	}

	it('takes the process that is named by --pid, and says when there is none', async () => {
		const ran = await net('web', '--pid', '1', '--root', 'target', '--', 'ls', '/');
		assert.deepEqual([ran.code, ran.stderr], [0, '']);
		const none = await net('web', '--pid', '4194303', '--root', 'target', '--', 'ls', '/');
		assert.equal(none.code, 125);
		assert.match(none.stderr, /no process here belongs to the target container/);
	});

	it('--run-as takes other ids for one command, in the container that is there', async () => {
		const ran = await net(
			'web',
			'--run-as',
			'1234:56',
			'-o',
			'json',
			'--',
			'sh',
			'-c',
			'id -u; id -g; grep CapEff /proc/self/status',
		);
		const { stdout, reused } = JSON.parse(ran.stdout);
		assert.deepEqual([stdout, reused], ['1234\n56\nCapEff:\t0000000000000000\n', true]);
	});

	it('starts tools that the image keeps under its own /root, those of a JDK too, as the target’s user', async function () {
		// The programs of the stand-in's images say who they are.
		if (!cluster.sandbox) this.skip();
		await cluster.apply(
			namespace,
			podYaml('jvm', { image: 'registry.test/webjava:1', container: 'env: [{name: MARK, value: target}]' }),
			'jvm',
		);
		for (const [toolkit, tool] of [
			['java', 'jcmd'],
			['go', 'dlv'],
		] as const) {
			for (const how of [
				['--root', 'target'],
				['--run-as', 'target'],
			]) {
				const words = [
					toolkit,
					'jvm',
					'-n',
					namespace,
					'-q',
					...how,
					'--env-from',
					'target',
					'--',
					'sh',
					'-c',
					`${tool} a "b c"; exit 7`,
				];
				const ran = await ke(cluster, words);
				assert.deepEqual(
					[ran.code, ran.stdout, ran.stderr],
					[7, `${tool} uid=1000 gid=1000 MARK=target hostname=jvm a b c\n`, ''],
				);
			}
		}
	});

	it('--path target puts its programs first', async () => {
		await cluster.apply(namespace, podYaml('box', { image: 'busybox:latest', command: ['sleep', '100000'] }), 'box');
		const which = async (...words: string[]): Promise<string> =>
			(await net('box', '--root', 'target', ...words, '--', 'sh', '-c', 'command -v ls')).stdout;
		assert.match(await which(), /^\/proc\/\d+\/root\//);
		// The shell is then the target's as well, and knows it as an applet.
		assert.match(await which('--path', 'target'), /^(\/bin\/)?ls\n$/);
	});
});
