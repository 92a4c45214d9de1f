import assert from 'node:assert/strict';
import { ke, type TestCluster, useCluster } from '../support/cluster.ts';
import { podYaml } from '../support/manifests.ts';

describe('rights in the way', () => {
	let cluster: TestCluster;
	let namespace: string;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
	});

	/** Run as a user who may do this and nothing else. */
	const as = async (user: string, rules: [resource: string, ...verbs: string[]][], ...words: string[]) =>
		ke(cluster, words, { env: { KUBECONFIG: await cluster.user(`${user}-${namespace}`, namespace, rules) } });

	it('are named one by one, with the way to the Role', async () => {
		const nobody = await as('nobody', [], 'net', 'web', '-n', namespace, '-q', '--', 'true');
		assert.equal(nobody.code, 125);
		assert.match(
			nobody.stderr,
			new RegExp(
				`^error: nobody-${namespace} may not get pods in namespace "${namespace}"\nThe Role it takes: the same command with --show-role\n$`,
			),
		);
		const reader = await as('reader', [['pods', 'get']], 'net', 'web', '-n', namespace, '-q', '--', 'true');
		assert.equal(reader.code, 125);
		assert.match(reader.stderr, /may not patch pods\/ephemeralcontainers in namespace/);
	});

	it('are enough when they are those of --show-role', async () => {
		const { stdout, code } = await ke(cluster, ['net', 'web', '-n', namespace, '--show-role']);
		assert.equal(code, 0);
		const rules = [...stdout.matchAll(/resources:\n((?: +- .*\n)+) +verbs:\n((?: +- .*\n)+)/g)].map(
			([, resources = '', verbs = '']): [string, ...string[]] => [
				resources.replace(/ +- (.*)\n/, '$1'),
				...[...verbs.matchAll(/- (\w+)/g)].map(([, verb = '']) => verb),
			],
		);
		assert.deepEqual(
			rules.map(([resource]) => resource),
			['pods', 'pods/ephemeralcontainers', 'pods/exec', 'events'],
		);
		const ran = await as('role', rules, 'net', 'web', '-n', namespace, '-q', '--new', '--', 'echo', 'in');
		assert.deepEqual(ran, { code: 0, stdout: 'in\n', stderr: '' });
	});

	it('to attach do where those to exec are missing: the command is the main process, and loses nothing', async function () {
		this.timeout(120_000);
		const rules: [string, ...string[]][] = [
			['pods', 'get'],
			['pods/ephemeralcontainers', 'patch'],
			['pods/attach', 'get', 'create'],
		];
		const run = (...words: string[]) => as('attacher', rules, 'net', 'web', '-n', namespace, ...words);
		const { code, stdout, stderr } = await run('--new', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
		assert.deepEqual([code, stdout], [7, 'out\n'], stderr);
		assert.match(
			stderr,
			/^exec is not permitted here, attach is: the command runs as the main process of its own container\n(.*\n)*err\n/,
		);
		const env = await run('-q', '--new', '--env', 'A=one two', '--', 'sh', '-c', 'echo "$A"');
		assert.deepEqual([env.code, env.stdout], [0, 'one two\n'], env.stderr);
	});
});
