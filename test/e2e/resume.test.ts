import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { type CuttingProxy, openCuttingProxy, REQUEST } from '../support/cutting-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';

const TIMES = 25;
/** Seconds for which the agent keeps what was cut (src/inside/files_part.c), and those in which it notices a cut. */
const KEPT = 120;
const NOTICED = 15;

describe('transfers over cut connections', function () {
	this.timeout(300_000);
	let cluster: TestCluster;
	let namespace: string;
	let proxy: CuttingProxy;
	let home: string;
	/** When the upload began to be left that nobody goes on with. */
	let left: number;

	const here = (name: string): string => join(home, name);
	const sumOf = (file: string): string => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
	const cp = (...words: string[]) => ke(cluster, ['cp', '-n', namespace, '-q', ...words]);
	/** In the pod's debug container, beside the target. */
	const beside = async (pod: string, script: string): Promise<string> => {
		const ran = await ke(cluster, ['net', pod, '-n', namespace, '-q', '--', 'sh', '-c', script]);
		assert.equal(ran.code, 0, ran.stderr);
		return ran.stdout;
	};
	/** Processes of the agent, and temporary files, in a pod. */
	const remains = (pod: string): Promise<string> =>
		beside(
			pod,
			`for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null | grep -E '[-]- (send|receive) '
			find $TARGET_ROOT/ -xdev -name '.ke-*' ! -path '*/.ke-*/*' ! -path '/proc/*/root/.ke-*' 2>/dev/null
			find $TARGET_ROOT/ -xdev -name '.ke-*.part' 2>/dev/null; true`,
		);
	/** One to eight cuts, anywhere in the first `bytes`, which is more than all that is carried now and then. */
	const cutRandomly = (round: number, bytes: number): void => {
		const count = 1 + (round % 8);
		proxy.cutAfter(Array.from({ length: count }, () => REQUEST + randomInt(Math.max(1, Math.ceil(bytes / count)))));
	};

	before(async function () {
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		home = fs.mkdtempSync(join(tmpdir(), 'ke-resume-'));
		await cluster.apply(namespace, podYaml('web') + podYaml('left'), 'web', 'left');
		const config = JSON.parse((await cluster.kubectl('config', 'view', '--minify', '--raw', '-o', 'json')).stdout);
		proxy = await openCuttingProxy(config.clusters[0].cluster.server);
		// The first brings the container and the launcher; cuts are for the transfers.
		for (const pod of ['web', 'left']) assert.equal(await remains(pod), '');
		fs.writeFileSync(here('large'), randomBytes(4_000_000));
		const upload = spawn(executable(), ['cp', '-n', namespace, '-q', '-', 'left:/abandoned'], {
			env: programEnv(cluster.kubeconfig),
			stdio: ['pipe', 'ignore', 'ignore'],
		});
		upload.stdin?.write(randomBytes(100_000));
		await eventually(async () => /\.part/.test(await remains('left')));
		upload.kill('SIGKILL');
		await once(upload, 'exit');
		left = Date.now();
	});
	after(() => {
		proxy?.close();
		if (home) fs.rmSync(home, { recursive: true, force: true });
	});

	it(`${TIMES} downloads, each cut 1 to 8 times, are whole and leave nothing`, async () => {
		fs.writeFileSync(here('file'), randomBytes(2_500_000));
		assert.equal((await cp(here('file'), 'web:/file')).code, 0);
		let resumed = 0;
		for (let round = 0; round < TIMES; round++) {
			fs.mkdirSync(here('got'));
			cutRandomly(round, 2_500_000);
			const ran = await cp('web:/file', join(here('got'), 'file'), '-o', 'json', ...proxy.flags);
			assert.equal(ran.code, 0, ran.stderr);
			const document = JSON.parse(ran.stdout);
			assert.equal(sumOf(here('got/file')), sumOf(here('file')));
			assert.deepEqual([document.sha256, document.skipped], [sumOf(here('file')), []]);
			assert.deepEqual(fs.readdirSync(here('got')), ['file']);
			resumed += document.resumed;
			fs.rmSync(here('got'), { recursive: true });
		}
		assert.ok(resumed >= TIMES, `${resumed} cuts`);
		await eventually(async () => (await remains('web')) === '');
	});

	it(`${TIMES} uploads, each cut 1 to 8 times, are whole and leave nothing`, async () => {
		let resumed = 0;
		for (let round = 0; round < TIMES; round++) {
			fs.writeFileSync(here('file'), randomBytes(1_000_000 + randomInt(1_500_000)));
			cutRandomly(round, 2_000_000);
			const ran = await cp(here('file'), 'web:/file', '-o', 'json', ...proxy.flags);
			assert.equal(ran.code, 0, ran.stderr);
			const document = JSON.parse(ran.stdout);
			assert.deepEqual([document.sha256, document.skipped], [sumOf(here('file')), []]);
			proxy.cutAfter([]);
			assert.equal((await cp('web:/file', here('back'))).code, 0);
			assert.equal(sumOf(here('back')), sumOf(here('file')));
			resumed += document.resumed;
		}
		assert.ok(resumed >= TIMES, `${resumed} cuts`);
		await eventually(async () => (await remains('web')) === '');
	});

	it('a folder cut in the middle is whole, both ways', async () => {
		fs.mkdirSync(here('tree'));
		for (let i = 0; i < 300; i++) fs.writeFileSync(here(`tree/${i}`), randomBytes(randomInt(15_000)));
		for (let round = 0; round < 4; round++) {
			cutRandomly(round + 3, 2_000_000);
			const sent = await cp(here('tree'), `web:/tree${round}`, '-o', 'json', ...proxy.flags);
			assert.equal(sent.code, 0, sent.stderr);
			cutRandomly(round + 3, 2_000_000);
			const got = await cp(`web:/tree${round}`, here(`got${round}`), '-o', 'json', ...proxy.flags);
			assert.equal(got.code, 0, got.stderr);
			assert.deepEqual([JSON.parse(sent.stdout).files, JSON.parse(got.stdout).files], [300, 300]);
			assert.equal(fs.readdirSync(here(`got${round}`)).length, 300);
			for (let i = 0; i < 300; i++) assert.equal(sumOf(here(`got${round}/${i}`)), sumOf(here(`tree/${i}`)));
		}
		await eventually(async () => (await remains('web')) === '');
	});

	it('an interrupted download goes on where it was when the same command is given again', async () => {
		assert.equal((await cp(here('large'), 'web:/large')).code, 0);
		proxy.cutAfter([1_500_000]);
		const cut = await cp('web:/large', here('part'), '--retries', '0', ...proxy.flags);
		assert.equal(cut.code, 1, cut.stderr);
		assert.match(cut.stderr, /^error: the connection to .* was lost/);
		const half = (): string[] => fs.readdirSync(home).filter((name) => /^part\.ke-\w+\.part$/.test(name));
		assert.equal(half().length, 1);
		assert.ok(fs.statSync(here(half()[0] ?? '')).size > 0);
		assert.ok(!fs.existsSync(here('part')));
		const rest = await cp('web:/large', here('part'), '-o', 'json');
		assert.equal(JSON.parse(rest.stdout).sha256, sumOf(here('large')));
		assert.equal(sumOf(here('part')), sumOf(here('large')));
		assert.deepEqual(half(), []);
	});

	it('every stream cut by the server, at any moment, is gone on with', async function () {
		const { sandbox } = cluster;
		if (!sandbox) this.skip();
		sandbox.misbehaviour.cutAfterBytes = 700_000;
		const got = await cp('web:/large', here('got'), '-o', 'json');
		sandbox.misbehaviour.cutAfterBytes = undefined;
		assert.ok(JSON.parse(got.stdout).resumed >= 5, got.stdout);
		assert.equal(sumOf(here('got')), sumOf(here('large')));
		const upload = cp(here('large'), 'web:/again', '-o', 'json');
		let over = false;
		const ended = upload.finally(() => {
			over = true;
		});
		await eventually(() => over || sandbox.cutStreams() > 0);
		assert.equal(JSON.parse((await ended).stdout).sha256, sumOf(here('large')));
		await eventually(async () => (await remains('web')) === '');
	});

	it(`an upload that nobody goes on with is gone after ${KEPT} s`, async () => {
		const patience = (KEPT + NOTICED + 15) * 1000 - (Date.now() - left);
		await eventually(async () => (await remains('left')) === '', Math.max(patience, 1000));
	});
});
