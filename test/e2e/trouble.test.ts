import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { ke, type TestCluster, useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { podYaml } from '../support/manifests.ts';

describe('trouble', () => {
	let cluster: TestCluster;
	let namespace: string;

	before(async function () {
		this.timeout(180_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		const crash = ['sh', '-c', 'echo FATAL; exit 3'];
		await cluster.apply(
			namespace,
			podYaml('web') +
				podYaml('other') +
				podYaml('crash', { image: 'busybox', command: crash }) +
				podYaml('nopull', { image: 'registry.test/absent:1' }),
			'web',
			'other',
		);
	});

	const net = (pod: string, ...words: string[]) => ke(cluster, ['net', pod, '-n', namespace, ...words]);

	it('is named within seconds when the image cannot be pulled', async () => {
		const began = Date.now();
		const { code, stderr } = await ke(cluster, [
			'shell',
			'web',
			'-n',
			namespace,
			'--image',
			'registry.test/absent:1',
			'--timeout',
			'20s',
			'--',
			'true',
		]);
		assert.equal(code, 125);
		assert.match(
			stderr,
			/error: the node cannot pull registry\.test\/absent:1: .+\n.*--image.* The entry ke-shell-\w+ stays in the pod's list without ever running\.\n$/,
		);
		assert.ok(Date.now() - began < 30_000);
	});

	it('is named when the image name is none, or the policy is Never', async () => {
		const never = await ke(cluster, [
			'shell',
			'web',
			'-n',
			namespace,
			'--image',
			'registry.test/absent:2',
			'--image-pull-policy',
			'Never',
			'--',
			'true',
		]);
		assert.equal(never.code, 125);
		assert.match(
			never.stderr,
			/registry\.test\/absent:2 is not on the node, and its pull policy is Never\n--image-pull-policy IfNotPresent/,
		);
	});

	it('does not keep us out: beside a container that crashes, or whose image cannot be pulled', async function () {
		this.timeout(120_000);
		for (const pod of ['crash', 'nopull']) {
			const { code, stdout, stderr } = await net(pod, '--', 'echo', 'in');
			assert.deepEqual([code, stdout], [0, 'in\n'], stderr);
			assert.match(
				stderr,
				/container "app" is not running: .+; beside it without its processes \(network and volumes are there\)/,
			);
		}
	});

	it('is a pod that does not exist, a type, a toolkit, a flag, each with what is near', async () => {
		const nope = await net('webb', '-q', '--', 'true');
		assert.deepEqual(
			[nope.code, nope.stderr],
			[125, `error: pod "webb" not found in namespace "${namespace}". Near: web\n`],
		);
		assert.match(
			(await net('deplo/web', '--', 'true')).stderr,
			/"deplo" is no resource type that stands for pods\nDid you mean deploy\/web\?/,
		);
		assert.match(
			(await ke(cluster, ['nett', 'web'])).stderr,
			/unknown command "nett" for "kubectl ephemeral"\nDid you mean net\?/,
		);
		assert.match((await net('web', '--quite', '--', 'true')).stderr, /unknown flag: --quite\nDid you mean --quiet\?/);
		const container = await net('web', '-c', 'ap', '--', 'true');
		assert.match(container.stderr, /^error: pod "web" has no container "ap"\nIt has app\.\n$/);
		assert.equal(container.code, 125);
	});

	it('is a session container that ended: the next generation takes its place', async function () {
		this.timeout(120_000);
		assert.equal((await net('other', '-q', '--', 'true')).code, 0);
		assert.equal((await ke(cluster, ['stop', 'other', '-n', namespace])).code, 0);
		const { code, stdout, stderr } = await net('other', '--', 'echo', 'again');
		assert.deepEqual([code, stdout], [0, 'again\n']);
		assert.match(stderr, /ke-net-(\w{5}) has ended; ke-net-\1-?2 takes its place/);
	});

	it('is work that does not end: stop names it and leaves it', async function () {
		this.timeout(120_000);
		const stubborn = net(
			'web',
			'-q',
			'--',
			'sh',
			'-c',
			'trap "" TERM; echo begun >/tmp/begun; while [ ! -e /tmp/leave ]; do sleep 0.2; done',
		);
		await eventually(async () => (await net('web', '-q', '--', 'test', '-e', '/tmp/begun')).code === 0);
		const stopped = await ke(cluster, ['stop', 'web', '-n', namespace]);
		assert.equal(stopped.code, 1);
		assert.match(stopped.stderr, /^error: ke-net-\w+ goes on: .*\bsh \(\d+\).* did not end within 10 s\n/);
		assert.equal((await net('web', '-q', '--', 'touch', '/tmp/leave')).code, 0);
		assert.equal((await stubborn).code, 0);
		assert.equal((await ke(cluster, ['stop', 'web', '-n', namespace])).code, 0);
	});

	it('is an image without a shell: the command is the main process, and nothing it says is lost', async function () {
		this.timeout(120_000);
		if (!cluster.sandbox) this.skip();
		const rootfs = mkdtempSync(join(cluster.sandbox.directory, 'onlybin-'));
		mkdirSync(join(rootfs, 'tool'));
		copyFileSync(
			spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim(),
			join(rootfs, 'tool/busybox'),
		);
		cluster.sandbox.addImage({ rootfs, config: {} }, 'registry.test/onlybin:1');
		const run = (input: string, ...words: string[]) =>
			ke(cluster, ['shell', 'other', '-n', namespace, '--image', 'registry.test/onlybin:1', '-q', ...words], { input });
		const spoke = await run('', '--', '/tool/busybox', 'sh', '-c', 'echo hello; exit 3');
		assert.deepEqual([spoke.code, spoke.stdout], [3, 'hello\n'], spoke.stderr);
		const read = await run('x'.repeat(100_000), '-i', '--', '/tool/busybox', 'wc', '-c');
		assert.deepEqual([read.code, read.stdout.trim()], [0, '100000'], read.stderr);
		const shell = await run('', '-i');
		assert.deepEqual([shell.code, shell.stderr.split('\n')[0]], [125, 'error: registry.test/onlybin:1 has no sh']);
	});
});
