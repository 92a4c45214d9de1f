import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { ke, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { aLab, type Lab } from '../support/lab.ts';
import { podYaml } from '../support/manifests.ts';

/** A finished pod among the others. */
const FINISHED = { image: 'busybox', command: ['true'], spec: 'restartPolicy: Never' };

describe('many pods', () => {
	let cluster: TestCluster;
	let namespace: string;
	let lab: Lab;
	/** Forty on the stand-in; what one node takes beside others on a real cluster. */
	let count = 0;

	before(async function () {
		this.timeout(300_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		lab = aLab();
		count = cluster.sandbox ? 40 : 12;
		const names = Array.from({ length: count }, (_, i) => `p${String(i).padStart(2, '0')}`);
		const pods = names.map((name) => podYaml(name, { labels: { app: 'many', ...(name < 'p05' && { few: 'yes' }) } }));
		const labels = { app: 'many', few: 'yes' };
		await cluster.apply(namespace, [...pods, podYaml('over', { ...FINISHED, labels })].join('\n'), ...names);
		await cluster.kubectl(
			'wait',
			'-n',
			namespace,
			'--for=jsonpath={.status.phase}=Succeeded',
			'pod/over',
			'--timeout=60s',
		);
	});
	after(() => lab?.remove());

	const run = (...words: string[]): Promise<Ran> =>
		ke(cluster, ['-n', namespace, ...words], { env: lab.env, cwd: lab.folder });

	it('asks above ten, since each stays marked, and adds nothing before', async () => {
		const { code, stderr } = await run('lab', '-l', 'app=many', '--all-pods', '--', 'true');
		assert.equal(code, 125);
		assert.match(
			stderr,
			new RegExp(`error: ${count} pods get an ephemeral container each, .* Nobody is there to say yes`),
		);
		const { stdout } = await cluster.kubectl(
			'get',
			'pods',
			'-n',
			namespace,
			'-o',
			'jsonpath={.items[*].spec.ephemeralContainers}',
		);
		assert.equal(stdout, '');
	});

	it('runs a command in all, each line behind its pod, and goes on where three fail', async function () {
		this.timeout(180_000);
		const script = 'case $POD in p0[123]) exit 3;; esac; echo hi; printf no-newline';
		const named = await run(
			'lab',
			'-l',
			'app=many',
			'--all-pods',
			'--yes',
			'--',
			'sh',
			'-c',
			`POD=$(hostname); ${script}`,
		);
		assert.equal(named.code, 3, named.stderr);
		const lines = named.stdout.trimEnd().split('\n');
		assert.equal(lines.length, (count - 3) * 2);
		for (const line of lines) assert.match(line, /^\[pod\/p\d\d\] (hi|no-newline)$/);
		for (const pod of ['p01', 'p02', 'p03']) assert.match(named.stderr, new RegExp(`^${pod}: exit code 3$`, 'm'));
		assert.match(named.stderr, new RegExp(`^${count - 3} of ${count} pods succeeded, 3 failed$`, 'm'));
		assert.match(named.stderr, /1 of \d+ pods has finished or is going, and is left out/);
	});

	it('gives one table', async () => {
		const { code, stdout } = await run(
			'lab',
			'verdict',
			'-l',
			'few=yes',
			'--all-pods',
			'-o',
			'table',
			'--code',
			'0',
			'-q',
		);
		assert.equal(code, 0);
		const rows = stdout.trimEnd().split('\n');
		assert.match(rows[0] ?? '', /^POD +EXIT +TIME +OUTPUT$/);
		assert.deepEqual(
			rows.slice(1).map((row) => row.replace(/ \d+\.\ds /, ' T ').replace(/ +/g, ' ')),
			[0, 1, 2, 3, 4].map((n) => `p0${n} 0 T out`),
		);
	});

	it('gives one document, with what went wrong in one', async () => {
		const { code, stdout } = await run('lab', 'facts', '--pods', 'p00,absent,p01', '-o', 'json');
		assert.equal(code, 125);
		const { pods, failed, exitCode } = JSON.parse(stdout);
		assert.deepEqual([failed, exitCode], [1, 125]);
		assert.deepEqual(
			pods.map((one: { pod: string; result?: { pod: string }; error?: string }) => [
				one.pod,
				one.result?.pod,
				one.error !== undefined,
			]),
			[
				['p00', 'p00', false],
				['absent', undefined, true],
				['p01', 'p01', false],
			],
		);
		assert.match(pods[1].error, /pod "absent" not found/);
	});

	it('exits with the highest code, and 125 before all others', async () => {
		const highest = await run(
			'lab',
			'--pods',
			'p00,p01',
			'-q',
			'--',
			'sh',
			'-c',
			'[ $(hostname) = p00 ] && exit 4; exit 126',
		);
		assert.equal(highest.code, 126);
		const around = await run('lab', '--pods', 'p00,absent', '-q', '--', 'sh', '-c', 'exit 200');
		assert.equal(around.code, 125);
		assert.match(around.stderr, /^absent: error: pod "absent" not found/m);
	});

	it('brings a file from each of five, named by its pod', async () => {
		const { code, stdout } = await run('lab', 'dump', '-l', 'few=yes', '--all-pods', '-w', 'all/', '--size', '20kB');
		assert.equal(code, 0);
		assert.deepEqual(
			readdirSync(`${lab.folder}/all`).sort(),
			[0, 1, 2, 3, 4].map((n) => `p0${n}-dump.bin`),
		);
		assert.match(stdout, /^p03 +0 +\S+s +all\/p03-dump\.bin 20\.0 kB$/m);
	});

	for (const [words, message] of [
		[['lab', 'steps', '-l', 'few=yes', '--all-pods'], /lab steps runs in one pod at a time/],
		[['lab', '-l', 'few=yes', '--all-pods', '-i', '--', 'cat'], /standard input goes to one pod at a time/],
		[['lab', 'ask', '--pods', 'p00,p01'], /lab ask asks in each pod\n--yes answers for all/],
		[['lab', '--all-pods', '--', 'true'], /--all-pods needs a workload or -l SELECTOR/],
		[['lab', '--pods', 'p00', '--parallel', '0', '--', 'true'], /--parallel/],
		[['lab', 'dump', '--pods', 'p00,p01', '-w', 'x'], /-w x is one file for several pods/],
	] as [string[], RegExp][]) {
		it(`refuses ${words.slice(1).join(' ')}`, async () => {
			const { code, stderr } = await run(...words);
			assert.equal(code, 125);
			assert.match(stderr, message);
		});
	}
});
