import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { ke, type TestCluster, useCluster } from '../support/cluster.ts';
import { podYaml } from '../support/manifests.ts';

/** What a server, a proxy or a network may do; only the stand-in can be told to. */
describe('the wire', () => {
	let cluster: TestCluster;
	let sandbox: Sandbox;
	let namespace: string;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		if (!cluster.sandbox) this.skip();
		sandbox = cluster.sandbox;
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web') + podYaml('hooked'), 'web', 'hooked');
		assert.equal((await net('true')).code, 0);
	});

	const net = (...command: string[]) => ke(cluster, ['net', 'web', '-n', namespace, '-q', '--', ...command]);
	const withInput = (input: Buffer, ...command: string[]) =>
		ke(cluster, ['net', 'web', '-n', namespace, '-q', '-i', '--', ...command], { input });

	it('may speak v4 only: stdin ends all the same, and the exit code comes', async () => {
		sandbox.misbehaviour.v4Only = true;
		try {
			const input = randomBytes(300_001);
			const { stdout, code } = await withInput(input, 'sha256sum');
			assert.deepEqual([code, stdout.split(' ')[0]], [0, createHash('sha256').update(input).digest('hex')]);
			assert.equal((await withInput(Buffer.from('x'), 'sh', '-c', 'cat; exit 9')).code, 9);
		} finally {
			sandbox.misbehaviour.v4Only = false;
		}
	});

	it('may break off: that is an error and never a success', async () => {
		sandbox.misbehaviour.cutAfterBytes = 5000;
		try {
			const { code, stderr } = await net('head', '-c', '100000', '/dev/zero');
			assert.equal(code, 125);
			assert.match(stderr, /^error: .+; ke-net-\w+ still runs in the pod\n/);
		} finally {
			sandbox.misbehaviour.cutAfterBytes = undefined;
		}
	});

	it('may let no WebSocket through: the error says so, and what helps', async () => {
		sandbox.misbehaviour.refuseUpgrade = { status: 400, body: '<html>Bad Request</html>' };
		try {
			const { code, stderr } = await net('true');
			assert.equal(code, 125);
			assert.match(stderr, /WebSocket/);
			assert.match(stderr, /proxy/i);
		} finally {
			sandbox.misbehaviour.refuseUpgrade = undefined;
		}
	});

	it('may forbid the exec at the handshake: that is said as a missing right', async () => {
		sandbox.misbehaviour.denied.add('create pods/exec');
		try {
			const { code, stderr } = await net('true');
			assert.equal(code, 125);
			assert.match(
				stderr,
				/^error: the server forbids the stream: .* get and create on pods\/exec\nThe Role it takes: the same command with --show-role\n$/,
			);
		} finally {
			sandbox.misbehaviour.denied.delete('create pods/exec');
		}
	});

	it('may take no request line over 8 KB', async () => {
		sandbox.misbehaviour.requestLineLimit = 8192;
		try {
			const words = [
				'net',
				'web',
				'-n',
				namespace,
				'-q',
				'--env',
				`BIG=${'x'.repeat(50_000)}`,
				'--',
				'sh',
				'-c',
				'echo "$BIG" | wc -c',
			];
			assert.deepEqual(await ke(cluster, words), { code: 0, stdout: '50001\n', stderr: '' });
		} finally {
			sandbox.misbehaviour.requestLineLimit = undefined;
		}
	});

	it('may let nobody watch or list: the pod is asked for again and again', async () => {
		for (const denied of ['watch pods', 'list pods', 'list events', 'watch events'])
			sandbox.misbehaviour.denied.add(denied);
		try {
			const words = ['net', 'web', '-n', namespace, '-q', '--new', '--', 'echo', 'here'];
			assert.deepEqual(await ke(cluster, words), { code: 0, stdout: 'here\n', stderr: '' });
		} finally {
			sandbox.misbehaviour.denied.clear();
		}
	});

	it('may rewrite images on their way in: twenty first commands still bring one container', async function () {
		this.timeout(120_000);
		sandbox.misbehaviour.rewriteImage = (image) =>
			image.replace('nicolaka/netshoot', 'praqma/network-multitool').replace(':v0.16', ':latest');
		try {
			const words = ['net', 'hooked', '-n', namespace, '-q', '--', 'echo', 'hi'];
			const runs = await Promise.all(Array.from({ length: 20 }, () => ke(cluster, words)));
			assert.deepEqual(
				runs.map(({ code, stdout }) => [code, stdout]),
				runs.map(() => [0, 'hi\n']),
			);
			const pod = sandbox.get('pods', namespace, 'hooked') as unknown as {
				spec: { ephemeralContainers: { image: string }[] };
			};
			assert.deepEqual(
				pod.spec.ephemeralContainers.map(({ image }) => image),
				['praqma/network-multitool:latest'],
			);
		} finally {
			sandbox.misbehaviour.rewriteImage = undefined;
		}
	});

	it('may not say whom the target runs as: the command works, with less', async () => {
		sandbox.misbehaviour.noStatusUser = true;
		try {
			assert.equal((await ke(cluster, ['net', 'web', '-n', namespace, '-q', '--new', '--', 'true'])).code, 0);
		} finally {
			sandbox.misbehaviour.noStatusUser = false;
		}
	});

	it('may fall silent while a container starts: the wait ends with what was seen last', async () => {
		sandbox.misbehaviour.pulls.set('registry.test/slow:1', { delayMs: Number.POSITIVE_INFINITY });
		const { code, stderr } = await ke(cluster, [
			'shell',
			'web',
			'-n',
			namespace,
			'--image',
			'registry.test/slow:1',
			'--timeout',
			'3s',
			'--',
			'true',
		]);
		assert.equal(code, 125);
		assert.match(stderr, /registry\.test\/slow:1 {2}pulling/);
		assert.match(
			stderr,
			/error: ke-shell-\w+ did not start within \d s; last seen: registry\.test\/slow:1 pulling\nIt stays in the pod; the same command joins it/,
		);
	});

	it('ends the session container with its target, and the next command brings another', async () => {
		const gentle = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'];
		await cluster.apply(namespace, podYaml('again', { image: 'busybox', command: gentle }), 'again');
		const words = ['net', 'again', '-n', namespace, '--', 'true'];
		assert.equal((await ke(cluster, words)).code, 0);
		sandbox.kill(namespace, 'again', 'app', 'SIGTERM');
		await sandbox.until('pods', namespace, 'again', (pod) => {
			const { containerStatuses, ephemeralContainerStatuses } = (pod as unknown as PodWithStatus).status;
			const [app] = containerStatuses;
			return app !== undefined && app.restartCount > 0 && app.ready && !ephemeralContainerStatuses[0]?.state.running;
		});
		const { code, stderr } = await ke(cluster, words);
		assert.equal(code, 0);
		assert.match(stderr, /ke-net-\w+ has ended; ke-net-\w+ takes its place/);
	});
});

interface PodWithStatus {
	status: {
		containerStatuses: { restartCount: number; ready: boolean }[];
		ephemeralContainerStatuses: { state: { running?: unknown } }[];
	};
}
