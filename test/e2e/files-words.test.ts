import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ke, programEnv, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { done, type FilesPods, makeFilesPods } from '../support/files-pods.ts';

describe('cp and ls', function () {
	this.timeout(120_000);
	let cluster: TestCluster;
	let pods: FilesPods;
	let home: string;

	const here = (...parts: string[]): string => join(home, 'here', ...parts);
	const cp = (...words: string[]): Promise<Ran> => pods.cp(...words);
	const ls = (...words: string[]): Promise<Ran> => pods.ls(...words);
	const inside = (script: string): Promise<string> => pods.inside(script);

	before(async function () {
		cluster = await useCluster(this);
		pods = await makeFilesPods(cluster);
	});
	beforeEach(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-files-'));
		fs.mkdirSync(here());
	});
	afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

	describe('the words', () => {
		it('name a pod by workload, by namespace, by selector, and a container', async () => {
			fs.writeFileSync(here('x'), 'side');
			done(await cp(here('x'), 'box:/only-side', '-c', 'side', '-q'));
			assert.equal((await cp('box:/only-side', '-', '-c', 'side', '-q')).stdout, 'side');
			assert.equal((await cp('box:/only-side', '-', '-q')).code, 1);
			done(await cp(here('x'), 'deploy/web:/by-name', '-q'));
			assert.equal((await cp('-l', 'app=web', ':/by-name', '-', '-q')).stdout, 'side');
			const elsewhere = await ke(cluster, ['cp', `${pods.namespace}/empty:/proc/1/cmdline`, '-', '-q']);
			assert.deepEqual([elsewhere.code, elsewhere.stdout.length > 0], [0, true], elsewhere.stderr);
		});

		it('several sources go into a folder', async () => {
			done(await cp('box:/tree/one', 'box:/elsewhere/file', here(), '-q'));
			assert.deepEqual(fs.readdirSync(here()).sort(), ['file', 'one']);
			done(await cp(here('one'), here('file'), 'box:/tmp', '-q'));
			assert.equal(await inside('cat /tmp/one /tmp/file'), 'oneelsewhere');
		});
	});

	describe('ls', () => {
		it('lists as ls -la does, in the order of bytes, and shows what controls a terminal', async () => {
			const { code, stdout } = await ls('box:/tree', '-q');
			assert.equal(code, 0);
			const lines = stdout.trimEnd().split('\n');
			assert.match(stdout, /^-rwsr-xr-x {2}0:0 +3 {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}one$/m);
			assert.match(stdout, /^drwxr-x--- .* 2020-03-04 05:06 {2}empty$/m);
			assert.match(stdout, /^lrwxrwxrwx .* absolute -> \/elsewhere\/file$/m);
			assert.match(stdout, /^prw-.* pipe$/m);
			assert.ok(!/[\x1b\xff]/.test(stdout));
			assert.equal(lines.length, 15);
		});

		it('gives a document, and an error for what is not there', async () => {
			const ran = await ls('box:/tree/sub/deep/mode', 'box:/absent', 'box:/tree/sub', '-o', 'json');
			assert.equal(ran.code, 1);
			assert.match(ran.stderr, /^error: box:\/absent: it does not exist$/m);
			const [file, absent, folder] = JSON.parse(ran.stdout);
			assert.deepEqual(file.entry, {
				name: '/tree/sub/deep/mode',
				kind: 'file',
				mode: '0641',
				uid: 0,
				gid: 0,
				size: 4,
				modified: '2020-03-04T05:06:07.000Z',
			});
			assert.equal(absent.problems.length, 1);
			assert.deepEqual(
				folder.entries.map(({ name }: { name: string }) => name),
				['deep', 'two', 'up'],
			);
		});
	});

	it('-o json says what was copied, to a script', async () => {
		const ran = await cp('box:/tree/one', here(), '-o', 'json', '-q');
		assert.deepEqual([ran.code, ran.stderr], [0, '']);
		const { ms, ...document } = JSON.parse(ran.stdout);
		assert.ok(ms >= 0);
		assert.deepEqual(document, {
			pod: 'box',
			namespace: pods.namespace,
			container: 'app',
			direction: 'download',
			files: 1,
			bytes: 3,
			sha256: '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed',
			resumed: 0,
			skipped: [],
			remarks: [],
		});
	});

	for (const compress of ['gzip', 'zstd'])
		it(`--compress ${compress} brings the same bytes, or says that the debug image has none`, async () => {
			const script =
				'i=0; while [ $i -lt 3000 ]; do echo "line $i of a log that compresses"; i=$((i+1)); done >/tmp/log';
			await inside(script);
			const ran = await cp('box:/tmp/log', here('log'), '-q', '--compress', compress);
			const words = ['net', 'box', '-n', pods.namespace, '-q', '--', compress, '--version'];
			if ((await ke(cluster, words)).code === 0) {
				done(ran);
				assert.equal(fs.readFileSync(here('log'), 'utf8'), await inside('cat /tmp/log'));
			} else {
				const sentence = `error: the debug image has no working ${compress}\nTake another, or --compress none.\n`;
				assert.deepEqual([ran.code, ran.stderr], [1, sentence]);
			}
		});

	it('--follow shows what is appended until Ctrl-C, also over a rotation, and says then what it was', async () => {
		await inside('echo first >/tmp/grows');
		const words = ['cp', '-n', pods.namespace, 'box:/tmp/grows', '-', '--follow'];
		const child = spawn(executable(), words, {
			env: programEnv(cluster.kubeconfig),
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let [seen, said] = ['', ''];
		child.stderr.on('data', (bytes: Buffer) => {
			said += bytes;
		});
		const until = async (text: string): Promise<void> => {
			while (!seen.includes(text)) seen += (await once(child.stdout, 'data'))[0];
		};
		const ended = once(child, 'exit');
		await until('first\n');
		await inside('echo second >>/tmp/grows');
		await until('second\n');
		await inside('echo third >/tmp/new; mv /tmp/new /tmp/grows');
		await until('third\n');
		child.kill('SIGINT');
		assert.deepEqual(await ended, [0, null], said);
		assert.equal(seen, 'first\nsecond\nthird\n');
		assert.match(said, /the file was replaced; going on with its new content/);
	});

	it('works through a server that cannot end a stream (v4)', async function () {
		const { sandbox } = cluster;
		if (!sandbox) this.skip();
		sandbox.misbehaviour.v4Only = true;
		try {
			fs.writeFileSync(here('x'), Buffer.alloc(200_000, 'v4'));
			done(await cp(here('x'), 'empty:/v4', '-q'));
			done(await cp('empty:/v4', here('y'), '-q'));
			assert.ok(fs.readFileSync(here('x')).equals(fs.readFileSync(here('y'))));
			const sent = await ke(cluster, ['cp', '-n', pods.namespace, '-q', '-', 'empty:/v4'], { input: 'by stdin' });
			assert.equal(sent.code, 0, sent.stderr);
			assert.equal((await cp('empty:/v4', '-', '-q', '--compress', 'gzip')).stdout, 'by stdin');
		} finally {
			sandbox.misbehaviour.v4Only = false;
		}
	});
});
