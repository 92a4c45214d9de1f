import assert from 'node:assert/strict';
import { ke, type TestCluster, useCluster } from '../support/cluster.ts';
import { podYaml, RESTRICTED, restrictedUser } from '../support/manifests.ts';

describe('policy in the way', () => {
	let cluster: TestCluster;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		const [open, base, tight] = await Promise.all([
			cluster.namespace(),
			cluster.namespace('baseline'),
			cluster.namespace('restricted'),
		]);
		await cluster.apply(open, podYaml('web'), 'web');
		await cluster.apply(base, podYaml('web', { image: 'registry.test/webgo:nonroot' }), 'web');
		await cluster.apply(
			tight,
			podYaml('web', { image: 'registry.test/webgo:nonroot', spec: restrictedUser(65532), container: RESTRICTED }),
			'web',
		);
	});

	const container = async (namespace: string): Promise<{ securityContext: unknown; imagePullPolicy: string }> => {
		const { stdout } = await cluster.kubectl('get', 'pod', 'web', '-n', namespace, '-o', 'json');
		const pod = JSON.parse(stdout);
		assert.equal(pod.spec.ephemeralContainers.length, 1);
		return pod.spec.ephemeralContainers[0];
	};

	it('gets all that net wants where nothing is enforced', async () => {
		const namespace = await cluster.namespace();
		const { code, stderr } = await ke(cluster, ['net', 'web', '-n', namespace, '--', 'true']);
		assert.deepEqual([code, stderr], [0, '']);
		const { securityContext, imagePullPolicy } = await container(namespace);
		// What the target could get at through us, since it is root, it has anyway.
		assert.deepEqual(securityContext, { runAsUser: 0, capabilities: { add: ['NET_RAW', 'SYS_CHROOT'] } });
		assert.equal(imagePullPolicy, 'IfNotPresent');
	});

	it('gets SYS_PTRACE too beside a target that is not root', async () => {
		const namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('user', { container: 'securityContext: {runAsUser: 1234}' }), 'user');
		const { stdout } = await ke(cluster, ['net', 'user', '-n', namespace, '--dry-run', '-o', 'json']);
		const add = ['NET_RAW', 'SYS_PTRACE', 'SYS_CHROOT'];
		assert.deepEqual(JSON.parse(stdout).container.securityContext, { runAsUser: 0, capabilities: { add } });
	});

	it('gets what baseline admits, and says what is lost', async () => {
		const namespace = await cluster.namespace('baseline');
		const { code, stderr } = await ke(cluster, ['net', 'web', '-n', namespace, '--', 'true']);
		assert.equal(code, 0);
		assert.match(stderr, /^Pod Security baseline refuses SYS_PTRACE: what needs it fails here\n$/);
		assert.deepEqual((await container(namespace)).securityContext, {
			runAsUser: 0,
			capabilities: { add: ['SYS_CHROOT'] },
		});
	});

	it("gets in where restricted is enforced, as the target's user", async () => {
		const namespace = await cluster.namespace('restricted');
		const { code, stdout } = await ke(cluster, [
			'net',
			'web',
			'-n',
			namespace,
			'-q',
			'--',
			'sh',
			'-c',
			'id -u; id -g; ls $TARGET_ROOT',
		]);
		assert.equal(code, 0);
		assert.match(stdout, /^65532\n0\n/);
		assert.match(stdout, /\b(app|httpd)\b/);
		assert.deepEqual((await container(namespace)).securityContext, {
			runAsNonRoot: true,
			capabilities: { drop: ['ALL'] },
			allowPrivilegeEscalation: false,
			seccompProfile: { type: 'RuntimeDefault' },
			runAsUser: 65532,
			runAsGroup: 0,
		});
	});

	it('says what a named profile is refused for, and adds nothing', async () => {
		const namespace = await cluster.namespace('restricted');
		const { code, stderr } = await ke(cluster, [
			'net',
			'web',
			'-n',
			namespace,
			'--new',
			'--profile',
			'sysadmin',
			'--run-as',
			'65532:0',
			'--',
			'true',
		]);
		assert.equal(code, 125);
		assert.match(stderr, /error: Pod Security restricted refuses the container: .*privileged/);
		await container(namespace);
	});

	it('asks the server with --dry-run, and changes nothing', async () => {
		const namespace = await cluster.namespace('baseline');
		const { stdout, code } = await ke(cluster, ['net', 'web', '-n', namespace, '--new', '--dry-run', '-o', 'json']);
		assert.equal(code, 0);
		const plan = JSON.parse(stdout);
		assert.deepEqual(plan.profile, {
			chosen: 'baseline',
			because: 'admitted by a dry run on the server',
			lost: ['SYS_PTRACE'],
			likely: ['NET_RAW', 'same-user'],
		});
		const unasked = JSON.parse(
			(await ke(cluster, ['net', 'web', '-n', namespace, '--new', '--dry-run=client', '-o', 'json'])).stdout,
		);
		assert.equal(unasked.profile.because, 'not asked');
		await container(namespace);
	});
});
