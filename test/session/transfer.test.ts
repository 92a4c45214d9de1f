import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ConnectionLost } from '../../src/cluster/channels.ts';
import { UserError } from '../../src/errors.ts';
import type { OpenAgent } from '../../src/session/transfer/agent.ts';
import { openDestination } from '../../src/session/transfer/destination.ts';
import { Download, type DownloadRequest } from '../../src/session/transfer/download.ts';
import { listFiles } from '../../src/session/transfer/list.ts';
import { partOf } from '../../src/session/transfer/local-tree.ts';
import { Meter } from '../../src/session/transfer/meter.ts';
import type { TransferOutcome } from '../../src/session/transfer/outcome.ts';
import { Upload, type UploadRequest } from '../../src/session/transfer/upload.ts';
import { eventually } from '../support/eventually.ts';
import { buildFilesAgent, type Cuts, localAgent } from '../support/files-agent.ts';

let home = '';
let root = '';

const pod = (...parts: string[]): string => join(root, ...parts);
const here = (...parts: string[]): string => join(home, 'here', ...parts);
/** Where what is called /file comes from, for the name of a half one. */
const FROM = '\0/file';
const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** `count` connections that are cut somewhere within `bytes`, then whole ones. */
function randomCuts(count: number, bytes: number): Cuts {
	let left = count;
	return { next: () => (left-- > 0 ? 1 + Math.floor(Math.random() * bytes) : undefined) };
}

interface Got {
	outcome: TransferOutcome;
	lines: string[];
	out: Buffer;
}

async function download(
	open: OpenAgent,
	sources: string | string[],
	local: string,
	but: Partial<DownloadRequest> = {},
): Promise<Got> {
	const paths = [sources].flat().map((path) => Buffer.from(path));
	const [lines, out]: [string[], Buffer[]] = [[], []];
	const request: DownloadRequest = { sources: paths, follow: false, compress: 'none', retries: 10, ...but };
	const destination = openDestination(local, paths, request.follow, (bytes) => {
		out.push(Buffer.from(bytes));
		return undefined;
	});
	const transfer = new Download(open, request, destination, aMeter(), (line) => lines.push(line));
	return { outcome: await transfer.run(), lines, out: Buffer.concat(out) };
}

function upload(
	open: OpenAgent,
	local: string,
	dest: string,
	but: Partial<UploadRequest> = {},
): Promise<TransferOutcome> {
	const name = Buffer.from(local.split('/').at(-1) ?? '');
	const input = Readable.from([]);
	const request = { local, name, dest: Buffer.from(dest), preserve: true, retries: 10, input, ...but };
	return new Upload(open, request, aMeter()).run();
}

function aMeter(): Meter {
	return new Meter({ show: () => {}, end: async () => {} });
}

/** Modes, times of files (to the microsecond) and digests of everything in a folder. */
function treeOf(folder: string | Buffer, below = ''): string[] {
	return fs.readdirSync(folder, { encoding: 'buffer' }).flatMap((name) => {
		const path = Buffer.concat([Buffer.from(folder), Buffer.from('/'), name]);
		const shown = `${below}/${name.toString('latin1')}`;
		const stat = fs.lstatSync(path, { bigint: true });
		const mode = (stat.mode & 0o777n).toString(8);
		if (stat.isDirectory()) return [`${shown} ${mode}`, ...treeOf(path, shown)];
		const what = stat.isSymbolicLink() ? fs.readlinkSync(path) : sumOf(fs.readFileSync(path));
		return [`${shown} ${mode} ${stat.isFile() ? stat.mtimeNs / 1000n : ''} ${what}`];
	});
}

function makeTree(folder: string): void {
	for (let i = 0; i < 60; i++) {
		const path = join(folder, `d${i % 7}`, i % 3 ? 'sub' : 'x y\n', `f${i}`);
		fs.mkdirSync(join(path, '..'), { recursive: true });
		fs.writeFileSync(path, randomBytes(Math.floor(Math.random() * 60_000)), { mode: 0o600 + i });
		fs.utimesSync(path, 1_500_000_000 + i, 1_500_000_000.5 + i);
	}
	fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x2d])]), 'odd');
	fs.utimesSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x2d])]), 1, 1_400_000_000);
	fs.symlinkSync('../d1/sub', join(folder, 'd0', 'link'));
	fs.mkdirSync(join(folder, 'empty'), { mode: 0o750 });
}

describe('files in and out', function () {
	this.timeout(120_000);
	before(() => buildFilesAgent());
	beforeEach(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-transfer-'));
		root = join(home, 'root');
		fs.mkdirSync(root);
		fs.mkdirSync(here());
	});
	afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

	it('50 downloads, each cut 1 to 8 times, are whole', async () => {
		for (let i = 0; i < 50; i++) {
			const content = randomBytes(Math.floor(Math.random() * 3_000_000));
			fs.writeFileSync(pod('file'), content);
			const cuts = 1 + (i % 8);
			const { outcome } = await download(localAgent(root, randomCuts(cuts, 1_000_000)), '/file', here('file'));
			assert.equal(sumOf(fs.readFileSync(here('file'))), sumOf(content));
			assert.equal(outcome.sha256, sumOf(content));
			assert.deepEqual(outcome.skipped, []);
			assert.deepEqual(fs.readdirSync(here()), ['file']);
		}
	});

	it('50 uploads, each cut 1 to 8 times, are whole', async () => {
		let resumed = 0;
		for (let i = 0; i < 50; i++) {
			const content = randomBytes(Math.floor(Math.random() * 3_000_000));
			fs.writeFileSync(here('file'), content);
			const open = localAgent(root, randomCuts(1 + (i % 8), 1_000_000));
			const outcome = await upload(open, here('file'), `/file${i}`);
			assert.equal(sumOf(fs.readFileSync(pod(`file${i}`))), sumOf(content));
			assert.equal(outcome.sha256, sumOf(content));
			assert.deepEqual(outcome.skipped, []);
			resumed += outcome.resumed;
		}
		assert.ok(resumed > 50);
		assert.deepEqual(
			fs.readdirSync(root).filter((name) => name.startsWith('.')),
			[],
		);
	});

	it('trees over cuts are the same at the other end', async () => {
		makeTree(pod('tree'));
		for (let i = 0; i < 5; i++) {
			const { outcome } = await download(localAgent(root, randomCuts(6, 400_000)), '/tree', here(`tree${i}`));
			assert.deepEqual(outcome.skipped, []);
			assert.equal(outcome.files, 61);
			assert.deepEqual(treeOf(here(`tree${i}`)), treeOf(pod('tree')));
			assert.deepEqual(
				(await upload(localAgent(root, randomCuts(6, 400_000)), here(`tree${i}`), `/back${i}`)).skipped,
				[],
			);
			assert.deepEqual(treeOf(pod(`back${i}`)), treeOf(pod('tree')));
		}
	});

	it('a second command goes on where the first was cut', async () => {
		const content = randomBytes(2_000_000);
		fs.writeFileSync(pod('file'), content);
		const cut = localAgent(root, { next: () => 1_000_000 });
		await assert.rejects(download(cut, '/file', here('file'), { retries: 0 }), ConnectionLost);
		const { size } = fs.statSync(partOf(Buffer.from(here('file')), FROM));
		assert.ok(size > 900_000);
		assert.equal(fs.existsSync(here('file')), false);
		const open = localAgent(root);
		assert.equal((await download(open, '/file', here('file'))).outcome.sha256, sumOf(content));
		assert.deepEqual(open.opened[0], ['send', '--from', '0', String(size), '%', '--', '/file']);
		assert.deepEqual(fs.readdirSync(here()), ['file']);
	});

	it('an earlier part of something else is found out, and the file comes whole', async () => {
		fs.writeFileSync(partOf(Buffer.from(here('file')), FROM), 'something else');
		fs.writeFileSync(here('file.part'), 'of somebody else');
		fs.writeFileSync(pod('file'), 'the content, which is longer');
		const { outcome, lines } = await download(localAgent(root), '/file', here('file'));
		assert.equal(fs.readFileSync(here('file'), 'utf8'), 'the content, which is longer');
		assert.match(lines.join(), /it changed meanwhile. It is fetched from its start/);
		assert.equal(outcome.bytes, 28);
		assert.deepEqual(fs.readdirSync(here()).sort(), ['file', 'file.part']);
		assert.equal(fs.readFileSync(here('file.part'), 'utf8'), 'of somebody else');
	});

	it('holes stay holes in both directions', async () => {
		const fd = fs.openSync(pod('sparse'), 'w');
		fs.writeSync(fd, 'x', 30_000_000);
		fs.ftruncateSync(fd, 40_000_000);
		fs.closeSync(fd);
		await download(localAgent(root), '/sparse', here('sparse'));
		await upload(localAgent(root), here('sparse'), '/again');
		for (const path of [here('sparse'), pod('again')]) {
			assert.equal(sumOf(fs.readFileSync(path)), sumOf(fs.readFileSync(pod('sparse'))));
			assert.ok(fs.statSync(path).blocks * 512 < 2_000_000);
		}
	});

	for (const compress of ['gzip', 'zstd'] as const) {
		it(`compressed by ${compress}, over cuts`, async () => {
			const content = Buffer.from('words that come again and again\n'.repeat(100_000));
			fs.writeFileSync(pod('file'), content);
			const { outcome } = await download(localAgent(root, randomCuts(3, 3_000)), '/file', here('file'), { compress });
			assert.equal(outcome.sha256, sumOf(content));
		});
	}

	it('auto compresses where the link is slow, and not where it is fast', async () => {
		const content = Buffer.from('words that come again and again\n'.repeat(2_000_000));
		fs.writeFileSync(pod('file'), content);
		const filters: (string | undefined)[] = [];
		const agent = localAgent(root);
		const slow: OpenAgent = async (words, options) => {
			filters.push(options.filter);
			const run = await agent(words, options);
			async function* output(): AsyncGenerator<Uint8Array> {
				for await (const chunk of run.output) {
					// A link of some 4 MB/s.
					await new Promise((resolve) => setTimeout(resolve, chunk.length / 4000));
					yield chunk;
				}
			}
			return { ...run, output: output() };
		};
		const { outcome } = await download(slow, '/file', here('file'), { compress: 'auto' });
		assert.equal(outcome.sha256, sumOf(content));
		assert.deepEqual(filters, [undefined, 'zstd']);
		const fast = localAgent(root);
		await download(fast, '/file', here('file2'), { compress: 'auto' });
		assert.equal(fast.opened.length, 1);
	});

	it('a compressor that is not there is an error when it was asked for', async () => {
		fs.writeFileSync(pod('file'), 'x');
		const agent = localAgent(root);
		const without: OpenAgent = (words, { stdin }) => agent(words, { stdin, filter: 'no-such-program' as 'gzip' });
		await assert.rejects(download(without, '/file', here('file'), { compress: 'gzip' }), /has no working gzip/);
	});

	it('to standard output, over cuts', async () => {
		const content = randomBytes(500_000);
		fs.writeFileSync(pod('file'), content);
		const { out, outcome } = await download(localAgent(root, randomCuts(4, 300_000)), '/file', '-');
		assert.deepEqual(out, content);
		assert.equal(outcome.sha256, sumOf(content));
		fs.mkdirSync(pod('folder'));
		await assert.rejects(download(localAgent(root), '/folder', '-'), /a folder cannot go to standard output/);
	});

	it('goes where kubectl cp would put it', async () => {
		fs.mkdirSync(pod('a/b'), { recursive: true });
		fs.writeFileSync(pod('a/b/file'), 'x');
		fs.mkdirSync(here('there'));
		const cases: [source: string, local: string, found: string][] = [
			['/a/b/file', 'new', 'new'],
			['/a/b/file', 'there', 'there/file'],
			['/a/b/file', 'made/', 'made/file'],
			['/a/b', 'there', 'there/b/file'],
			['/a/b/', 'b2', 'b2/file'],
			['a/b/../b', 'there/', 'there/b/file'],
			['/', 'there', 'there/a/b/file'],
		];
		for (const [source, local, found] of cases) {
			await download(localAgent(root), source, `${here()}/${local}`);
			assert.equal(fs.readFileSync(here(found), 'utf8'), 'x', `${source} ${local}`);
		}
		const up: [local: string, dest: string, found: string][] = [
			['new', '/up', 'up'],
			['new', '/a', 'a/new'],
			['new', '/a/', 'a/new'],
			['b2', '/a', 'a/b2/file'],
			['b2', '/whole', 'whole/file'],
		];
		for (const [local, dest, found] of up) {
			await upload(localAgent(root), here(local), dest);
			assert.equal(fs.readFileSync(pod(found), 'utf8'), 'x', `${local} ${dest}`);
		}
		await assert.rejects(upload(localAgent(root), here('new'), '/none/'), /there is no such folder/);
		await assert.rejects(upload(localAgent(root), here('none'), '/x'), /there is no such file on this machine/);
	});

	it('standard input into the pod, which cannot go on after a cut', async () => {
		const content = randomBytes(300_000);
		const input = (): Readable => Readable.from([content.subarray(0, 7), content.subarray(7)]);
		await upload(localAgent(root), '-', '/file', { name: Buffer.alloc(0), input: input() });
		assert.deepEqual(fs.readFileSync(pod('file')), content);
		const cut = localAgent(root, randomCuts(1, 100_000));
		await assert.rejects(upload(cut, '-', '/file', { name: Buffer.alloc(0), input: input() }), UserError);
	});

	it('says where nothing may be written', async () => {
		fs.writeFileSync(here('file'), 'x');
		const outcome = await upload(localAgent('/'), here('file'), '/proc/ke-test-file');
		assert.equal(outcome.skipped.length, 1);
		assert.equal(outcome.skipped[0]?.path, '/proc/ke-test-file');
		assert.equal(outcome.files, 0);
	});

	it('says what is not there, and copies the rest', async () => {
		fs.writeFileSync(pod('file'), 'x');
		const { outcome } = await download(localAgent(root), ['/none', '/file'], here(''));
		assert.deepEqual(outcome.skipped, [{ path: '/none', reason: 'it does not exist', failed: true }]);
		assert.equal(outcome.files, 1);
	});

	it('follows a file that grows, is truncated and replaced, over a cut', async () => {
		fs.writeFileSync(pod('log'), 'one\n');
		const stop = new AbortController();
		const open = localAgent(root, { next: () => 400 });
		let text = '';
		const request: DownloadRequest = {
			sources: [Buffer.from('/log')],
			follow: true,
			compress: 'none',
			retries: 10,
			stop: stop.signal,
		};
		const to = openDestination('-', request.sources, true, (bytes) => {
			text += Buffer.from(bytes);
			return undefined;
		});
		const lines: string[] = [];
		const running = new Download(open, request, to, aMeter(), (line) => lines.push(line)).run();
		await eventually(() => text === 'one\n');
		fs.appendFileSync(pod('log'), 'two\n'.repeat(100));
		await eventually(() => text === `one\n${'two\n'.repeat(100)}`);
		assert.ok(open.opened.length > 1, 'it was not cut');
		fs.writeFileSync(pod('log'), 'cut\n');
		await eventually(() => text.endsWith('two\ncut\n'));
		fs.writeFileSync(pod('next'), 'new\n');
		fs.renameSync(pod('next'), pod('log'));
		await eventually(() => text.endsWith('cut\nnew\n'));
		stop.abort();
		assert.equal((await running).files, 1);
		assert.ok(
			lines.some((line) => /truncated|shorter/.test(line)) && lines.some((line) => /replaced/.test(line)),
			lines.join(),
		);
	});

	it('lists', async () => {
		fs.mkdirSync(pod('d'));
		fs.writeFileSync(pod('d/file'), 'x');
		const [folder, none] = await listFiles(localAgent(root), [Buffer.from('/d'), Buffer.from('none')], 3);
		assert.equal(folder?.itself?.kind, 'd');
		assert.deepEqual(
			folder?.inside.map(({ path, size }) => [path.toString(), size]),
			[['file', 1]],
		);
		assert.deepEqual(none?.problems, [{ path: 'none', reason: 'it does not exist', failed: true }]);
	});

	it('10,000 small files', async () => {
		fs.mkdirSync(pod('many'));
		for (let i = 0; i < 10_000; i++) fs.writeFileSync(pod('many', `f${i}`), `content ${i}`);
		const { outcome } = await download(localAgent(root), '/many', here('many'));
		assert.equal(outcome.files, 10_000);
		assert.equal(spawnSync('diff', ['-r', pod('many'), here('many')]).status, 0);
		assert.equal((await upload(localAgent(root), here('many'), '/back')).files, 10_000);
		assert.equal(spawnSync('diff', ['-r', pod('back'), here('many')]).status, 0);
	});
});
