import assert from 'node:assert/strict';
import { filesOf } from '../support/archives.ts';
import { type TestCluster, useCluster } from '../support/cluster.ts';
import { ACME, aMachine, type Machine } from '../support/machine.ts';
import { podYaml } from '../support/manifests.ts';

describe('the toolkits of an extension package', () => {
	let cluster: TestCluster;
	let namespace: string;
	let machine: Machine;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
		machine = aMachine({ online: true, env: { KUBECONFIG: cluster.kubeconfig } });
		const { code, stderr } = await machine.run('plugins', 'install', machine.archive('acme.tgz', filesOf(ACME)));
		assert.equal(code, 0, stderr);
	});
	after(() => machine?.remove());

	/** Trust what it consists of now. */
	const trust = async (name: string): Promise<void> => {
		const listed = JSON.parse((await machine.run('toolkits', 'list', '-o', 'json')).stdout) as Record<string, string>[];
		const { digest } = listed.find((one) => one.name === name) ?? {};
		const { code, stderr } = await machine.run('toolkits', 'trust', `${name}@${digest}`);
		assert.equal(code, 0, stderr);
	};

	it('run in no pod before they are trusted', async () => {
		const { code, stdout, stderr } = await machine.run('acme', 'greet', 'web', 'Jane', '-n', namespace);
		assert.deepEqual([code, stdout], [125, '']);
		assert.match(stderr, /trust/);
		const pod = await cluster.kubectl(
			'get',
			'pod',
			'web',
			'-n',
			namespace,
			'-o',
			'jsonpath={.spec.ephemeralContainers}',
		);
		assert.equal(pod.stdout, '');
	});

	it('run as any other: the one of YAML and the one that is an object', async () => {
		await trust('acme');
		await trust('acme-db');
		const run = (...words: string[]) => machine.run('-n', namespace, '-q', ...words);
		assert.deepEqual(await run('acme', 'greet', 'web', 'Jane; id'), {
			code: 0,
			stdout: 'Jane; id says hello to web\n',
			stderr: '',
		});
		assert.deepEqual(await run('acme-db', 'orders', 'web'), { code: 0, stdout: '10 rows, asked by web\n', stderr: '' });
		assert.deepEqual(await run('acme-db', 'payments', 'web', '--rows=3'), {
			code: 0,
			stdout: '3 rows, asked by web\n',
			stderr: '',
		});
		assert.deepEqual(await run('acme', 'web', '--', 'echo', 'hello'), { code: 0, stdout: 'hello\n', stderr: '' });
	});

	it('are asked about again when an update changes a script', async () => {
		const files = filesOf(ACME);
		const script = 'toolkits/acme/scripts/greet.sh';
		machine.archive('acme.tgz', { ...files, [script]: `${files[script]}echo 'and more'\n` });
		assert.equal((await machine.run('plugins', 'update')).code, 0);
		for (const yes of [[], ['--yes']]) {
			const { code, stdout, stderr } = await machine.run('acme', 'greet', 'web', 'Jane', '-n', namespace, '-q', ...yes);
			assert.deepEqual([code, stdout], [125, '']);
			assert.match(stderr, /trust/);
		}
		const other = await machine.run('acme-db', 'orders', 'web', '-n', namespace, '-q');
		assert.deepEqual([other.code, other.stdout], [0, '10 rows, asked by web\n']);
		await trust('acme');
		const { stdout } = await machine.run('acme', 'greet', 'web', 'Jane', '-n', namespace, '-q');
		assert.equal(stdout, 'Jane says hello to web\nand more\n');
	});
});
