import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry, FilesRecord } from '../../src/formats/files/records.ts';
import {
	dataRecord,
	dataRoom,
	endRecord,
	entryRecord,
	escapeArgument,
	fileEndRecord,
	helloRecord,
} from '../../src/formats/files/writer.ts';
import { eventually } from '../support/eventually.ts';
import { buildFilesAgent, compile, runAgent } from '../support/files-agent.ts';

let home = '';
let root = '';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const at = (...parts: string[]): string => join(root, ...parts);

/** `kind path` of each entry, `! path: sentence` of each note. */
function said(records: FilesRecord[]): string[] {
	return records.flatMap((record) => {
		if (record.type === 'entry') {
			const { kind, path, link } = record.entry;
			return [`${kind} ${path.toString('latin1')}${link.length > 0 ? ` -> ${link}` : ''}`];
		}
		return record.type === 'note' ? [`! ${record.note.path.toString('latin1')}: ${record.note.sentence}`] : [];
	});
}

/** The content of the files in a stream, each checked against its digest. */
function contents(records: FilesRecord[]): Map<string, Buffer> {
	const found = new Map<string, Buffer>();
	let [path, parts] = ['', [] as Uint8Array[]];
	for (const record of records) {
		if (record.type === 'entry') [path, parts] = [record.entry.path.toString('latin1'), []];
		if (record.type === 'data') parts.push(record.bytes);
		if (record.type === 'hole') parts.push(Buffer.alloc(record.length));
		if (record.type !== 'file-end') continue;
		const content = Buffer.concat(parts);
		assert.equal(content.length, record.size);
		assert.deepEqual(record.sha256, sha256(content));
		found.set(path, content);
	}
	return found;
}

function anEntry(path: string, but: Partial<Entry> = {}): Entry {
	return {
		kind: 'f',
		mode: 0o640,
		uid: 0,
		gid: 0,
		mtime: { seconds: 1_600_000_000, nanoseconds: 123_456_789 },
		size: 0,
		offset: 0,
		allocated: 0,
		index: 0,
		path: Buffer.from(path),
		link: Buffer.alloc(0),
		...but,
	};
}

function aFile(path: string, content: Buffer, but: Partial<Entry> = {}): Buffer {
	const parts = [entryRecord(anEntry(path, { size: content.length, allocated: content.length, ...but }))];
	for (let from = 0; from < content.length; from += 100_000) {
		const part = content.subarray(from, from + 100_000);
		const room = dataRoom();
		part.copy(room, 5);
		parts.push(dataRecord(room, part.length));
	}
	return Buffer.concat([...parts, fileEndRecord(content.length, sha256(content))]);
}

const stream = (...records: Buffer[]): Buffer => Buffer.concat([helloRecord(), ...records, endRecord(0, 0, 0)]);

describe('the files agent', () => {
	before(() => buildFilesAgent());
	beforeEach(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-files-'));
		root = join(home, 'root');
		fs.mkdirSync(root);
		fs.writeFileSync(join(home, 'secret'), 'outside');
	});
	afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

	describe('sends', () => {
		it('a tree in the order of bytes, with odd names, whole', async () => {
			const names = ['-rf', 'a', 'a b', 'new\nline', 'z/in', 'Ä', 'a.b', '.hidden', '%41'];
			for (const name of names) {
				fs.mkdirSync(join(at('d', name), '..'), { recursive: true });
				fs.writeFileSync(at('d', name), name);
			}
			fs.writeFileSync(Buffer.concat([Buffer.from(at('d/')), Buffer.from([0x62, 0xff, 0x09])]), 'latin');
			const { records, code, ended } = await runAgent(root, ['send', '--', 'd']);
			assert.equal(code, 0);
			assert.equal(ended, true);
			const found = contents(records);
			const paths = [...found.keys()];
			assert.deepEqual(paths, [...paths].sort());
			assert.deepEqual(
				new Set(paths),
				new Set([...names.map((name) => Buffer.from(name).toString('latin1')), 'b\xff\t']),
			);
			for (const name of names) assert.equal(found.get(Buffer.from(name).toString('latin1'))?.toString(), name);
		});

		it('links inside as links, others as the files of its own root, folders elsewhere not', async () => {
			fs.mkdirSync(at('d/deep'), { recursive: true });
			fs.mkdirSync(at('etc'));
			fs.writeFileSync(at('etc/app'), 'in the root');
			const links: Record<string, string> = {
				inside: 'deep/x',
				up: '../etc/app',
				'deep/back': '../inside',
				absolute: '/etc/app',
				'beyond-the-root': '../../../../../../etc/app',
				outside: join(home, 'secret'),
				folder: '/etc',
				twisted: 'deep/../../etc/app',
				none: '/no/such',
				circle: '/d/circle',
			};
			for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, at('d', name));
			const { records } = await runAgent(root, ['send', '--', '/d']);
			assert.deepEqual(said(records), [
				'd ',
				'f absolute',
				'f beyond-the-root',
				'! circle: its links go round in a circle',
				'd deep',
				'l deep/back -> ../inside',
				'! folder: it is a link to a folder elsewhere, which is not copied with it',
				'l inside -> deep/x',
				'! none: it is a link to nothing',
				'! outside: it is a link to nothing',
				'f twisted',
				'f up',
			]);
			for (const name of ['absolute', 'beyond-the-root', 'twisted', 'up']) {
				assert.equal(contents(records).get(name)?.toString(), 'in the root');
			}
		});

		it('the same without openat2', async () => {
			fs.mkdirSync(at('d/deep'), { recursive: true });
			fs.writeFileSync(at('d/deep/file'), 'x');
			const links = [
				'/d/deep',
				'deep/../deep/file',
				'/',
				'..',
				'../../..',
				'/d/l3',
				'l0/file',
				'/etc/passwd',
				'./deep/',
			];
			links.forEach((text, i) => {
				fs.symlinkSync(text, at(`d/l${i}`));
			});
			const paths = [
				'd',
				'd/l0/file',
				'd/l2/d/l1',
				'd/l3/d/l4/d/deep/file',
				'/../d/deep/../deep/file',
				'd/l6',
				'd/l7',
				'd/l8/file',
				'd/l8/',
				'd/deep/file/',
				'd/deep/file/x',
				'',
				'/',
				'd/none',
			];
			for (const path of paths) {
				const words = ['send', '--', escapeArgument(Buffer.from(path))];
				const [kernel, walk] = [await runAgent(root, words), await runAgent(root, words, undefined, { KE_WALKS: '1' })];
				assert.deepEqual(walk, kernel, path);
			}
		});

		it('files of /proc, which have no size, and /sys, whose size is not true', async () => {
			const proc = await runAgent('/', ['send', '--', 'proc/self/status', 'proc/version', 'proc/self/exe']);
			const found = contents(proc.records);
			assert.equal(found.size, 1);
			const ends = proc.records.filter((record) => record.type === 'file-end');
			assert.equal(ends.length, 3);
			assert.deepEqual(ends[1]?.sha256, sha256(fs.readFileSync('/proc/version')));
			assert.deepEqual(ends[2]?.sha256, sha256(fs.readFileSync(buildFilesAgent())));
			const sys = await runAgent('/', [
				'send',
				'--',
				'sys/kernel/mm/transparent_hugepage/enabled',
				'sys/kernel/uevent_seqnum',
			]);
			for (const record of sys.records) if (record.type === 'file-end') assert.equal(record.outcome, 'whole');
			assert.ok(sys.records.some((record) => record.type === 'file-end' && record.size > 0));
		});

		it('holes as holes', async () => {
			const fd = fs.openSync(at('sparse'), 'w');
			fs.writeSync(fd, 'start', 0);
			fs.writeSync(fd, 'end', 50_000_000);
			fs.ftruncateSync(fd, 60_000_000);
			fs.closeSync(fd);
			const { records } = await runAgent(root, ['send', '--', 'sparse']);
			assert.deepEqual(contents(records).get(''), fs.readFileSync(at('sparse')));
			const data = records.reduce((sum, record) => sum + (record.type === 'data' ? record.bytes.length : 0), 0);
			assert.ok(data < 100_000, `${data} bytes of data`);
		});

		it('no devices, sockets and pipes, and says so; what is not there, too', async () => {
			fs.mkdirSync(at('d'));
			spawnSync('mkfifo', [at('d/pipe')]);
			const { records } = await runAgent(root, ['send', '--', 'd', 'd/pipe', 'none', 'd/none/x']);
			assert.deepEqual(said(records), [
				'd ',
				'! pipe: a named pipe is not copied',
				'! : a named pipe is not copied',
				'! : it does not exist',
				'! : it does not exist',
			]);
			const dev = await runAgent('/', ['send', '--', 'dev/null']);
			assert.deepEqual(said(dev.records), ['! : a device is not copied']);
		});

		it('from any point on, exactly', async () => {
			for (const name of ['a/1', 'a/2', 'a.x', 'a/b/c', 'ab', 'b']) {
				fs.mkdirSync(join(at('d', name), '..'), { recursive: true });
				fs.writeFileSync(at('d', name), `content of ${name}`);
			}
			const all = said((await runAgent(root, ['send', '--', 'd', 'd/b'])).records);
			const whole = await runAgent(root, ['send', '--', 'd', 'd/b']);
			const entries = whole.records.flatMap((record) => (record.type === 'entry' ? [record.entry] : []));
			for (const [i, { index, path, kind }] of entries.entries()) {
				const after = await runAgent(root, [
					'send',
					'--from',
					String(index),
					'-',
					escapeArgument(path),
					'--',
					'd',
					'd/b',
				]);
				assert.deepEqual(said(after.records), all.slice(i + 1), `after ${index} ${path}`);
				if (kind !== 'f') continue;
				const within = await runAgent(root, [
					'send',
					'--from',
					String(index),
					'3',
					escapeArgument(path),
					'--',
					'd',
					'd/b',
				]);
				assert.deepEqual(said(within.records), all.slice(i));
				const [first] = within.records.filter((record) => record.type === 'data');
				const end = within.records.find((record) => record.type === 'file-end');
				const content = fs.readFileSync(at(index === 0 ? `d/${path}` : 'd/b'));
				assert.deepEqual(first?.bytes, content.subarray(3));
				assert.deepEqual(end?.sha256, sha256(content));
			}
			// What was noted before the point is not noted again.
			spawnSync('mkfifo', [at('d/a/pipe')]);
			const noted = await runAgent(root, ['send', '--from', '0', '-', 'a/pipe', '--', 'd']);
			assert.deepEqual(said(noted.records), ['f a.x', 'f ab', 'f b']);
			fs.unlinkSync(at('d/a/pipe'));
			// A point that is no longer there is where it would have been.
			const gone = await runAgent(root, ['send', '--from', '0', '5', 'a/1z', '--', 'd']);
			assert.deepEqual(said(gone.records), ['f a/2', 'd a/b', 'f a/b/c', 'f a.x', 'f ab', 'f b']);
			const short = await runAgent(root, ['send', '--from', '0', '5000', 'ab', '--', 'd']);
			assert.equal(short.records.find((record) => record.type === 'entry')?.entry.offset, 0);
		});

		it('that a file changed while it was read', async () => {
			fs.writeFileSync(at('log'), Buffer.alloc(20_000_000));
			const child = spawn(buildFilesAgent(), [root, 'send', '--', 'log']);
			// The pipes are full long before all of it is read.
			await new Promise((resolve) => child.stdout.once('readable', resolve));
			fs.appendFileSync(at('log'), 'more');
			const chunks: Buffer[] = [];
			for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
			const end = Buffer.concat(chunks).subarray(-(5 + 24) - (5 + 41));
			assert.equal(end[0], 'F'.charCodeAt(0));
			assert.equal(end[5], 1);
		});
	});

	describe('lists', () => {
		it('a folder, everything in it, with what links say', async () => {
			fs.mkdirSync(at('d/sub'), { recursive: true });
			fs.writeFileSync(at('d/file'), 'x');
			fs.symlinkSync('/nowhere', at('d/link'));
			spawnSync('mkfifo', [at('d/pipe')]);
			const { records } = await runAgent(root, ['list', '--', 'd', 'd/link', 'none']);
			assert.deepEqual(said(records), [
				'd ',
				'f file',
				'l link -> /nowhere',
				'p pipe',
				'd sub',
				'l  -> /nowhere',
				'! : it does not exist',
			]);
		});
	});

	describe('receives', () => {
		it('a tree, with modes and times', async () => {
			const big = randomBytes(1_000_000);
			const { records, code } = await runAgent(
				root,
				['receive', 'ab.0', 'name', '/'],
				stream(
					entryRecord(anEntry('', { kind: 'd' })),
					aFile('big', big, { mode: 0o4755 }),
					entryRecord(anEntry('l', { kind: 'l', link: Buffer.from('big') })),
					aFile('empty', Buffer.alloc(0)),
					entryRecord(anEntry('', { kind: 'd', mode: 0o555 }), true),
				),
			);
			assert.equal(code, 0);
			assert.deepEqual(
				records.map(({ type }) => type),
				['hello', 'done', 'done', 'done', 'done', 'done', 'end'],
			);
			assert.deepEqual(fs.readFileSync(at('name/l')), big);
			const stat = fs.statSync(at('name/big'), { bigint: true });
			assert.equal(stat.mode & 0o7777n, 0o755n);
			assert.equal(stat.mtimeNs, 1_600_000_000_123_456_789n);
			assert.equal(fs.statSync(at('name')).mode & 0o777, 0o555);
			assert.deepEqual(fs.readdirSync(at('name')), ['big', 'empty', 'l']);
		});

		it('through links in its root only, and replaces files keeping their owner', async () => {
			fs.mkdirSync(at('etc'));
			fs.writeFileSync(at('etc/app'), 'old');
			if (process.getuid?.() === 0) fs.chownSync(at('etc/app'), 1234, 5678);
			fs.symlinkSync('/etc/app', at('link'));
			fs.symlinkSync(join(home, 'secret'), at('out'));
			assert.equal(
				(await runAgent(root, ['receive', 'ab.0', 'x', 'link'], stream(aFile('', Buffer.from('new'))))).code,
				0,
			);
			assert.equal(fs.readFileSync(at('etc/app'), 'utf8'), 'new');
			if (process.getuid?.() === 0) assert.equal(fs.statSync(at('etc/app')).uid, 1234);
			const { records } = await runAgent(root, ['receive', 'ab.0', 'x', 'out'], stream(aFile('', Buffer.from('new'))));
			assert.deepEqual(said(records), ['! : it does not exist']);
			assert.equal(fs.readFileSync(join(home, 'secret'), 'utf8'), 'outside');
		});

		it('nothing outside its root, whatever the input says', async () => {
			for (const path of ['..', '../x', 'a/../../x', '/etc/x', 'a//x', './x', 'a/.', 'x/']) {
				const { code, stderr } = await runAgent(
					root,
					['receive', 'ab.0', 'x', '/'],
					stream(aFile(path, Buffer.from('x'))),
				);
				assert.equal(code, 1, path);
				assert.match(stderr, /^error: the input is not of this protocol/);
			}
			assert.deepEqual(fs.readdirSync(home).sort(), ['root', 'secret']);
			assert.deepEqual(fs.readdirSync(root), []);
		});

		it('not what differs from its digest, nor over a folder or a device, and goes on with the rest', async () => {
			fs.mkdirSync(at('d/dir'), { recursive: true });
			spawnSync('mkfifo', [at('d/pipe')]);
			const bad = Buffer.from(aFile('bad', Buffer.from('content')));
			bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
			const { records } = await runAgent(
				root,
				['receive', 'ab.0', 'd', '/'],
				stream(
					entryRecord(anEntry('', { kind: 'd' })),
					aFile('dir', Buffer.from('x')),
					aFile('pipe', Buffer.from('x')),
					bad,
					aFile('none/x', Buffer.from('x')),
					aFile('huge', Buffer.from('x'), { size: 2 ** 50, allocated: 2 ** 50 }),
					aFile('good', Buffer.from('x')),
				),
			);
			assert.deepEqual(said(records), [
				'! dir: a folder stands there',
				'! pipe: something that is no file stands there',
				'! bad: what arrived is not what was sent: the SHA-256 differs',
				'! none/x: it does not exist',
				'! huge: no space is left there',
			]);
			assert.deepEqual(fs.readdirSync(at('d')).sort(), ['dir', 'good', 'pipe']);
		});

		it('says that a folder is not there', async () => {
			const { records, code } = await runAgent(root, ['receive', 'ab.0', 'x', 'none/'], stream());
			assert.deepEqual(said(records), ['! : there is no such folder']);
			assert.equal(code, 1);
		});

		it('keeps half a file for the next agent, which goes on where it ended', async () => {
			const content = randomBytes(700_000);
			const whole = stream(aFile('', content));
			const program = buildFilesAgent();
			const first = spawn(program, [root, 'receive', 'ab.0', 'x', 'file']);
			const ended = new Promise((resolve) => first.on('close', resolve));
			first.stdin.end(whole.subarray(0, 400_000));
			await eventually(() => fs.existsSync(at('.ke-ab.0.part')) && fs.statSync(at('.ke-ab.0.part')).size > 390_000);
			const half = fs.statSync(at('.ke-ab.0.part')).size;
			assert.equal(fs.existsSync(at('file')), false);
			const rest = Buffer.concat([
				helloRecord(),
				entryRecord(anEntry('', { size: content.length })),
				...chunks(content.subarray(half)),
				fileEndRecord(content.length, sha256(content)),
				endRecord(1, 1, 0),
			]);
			const { records, code } = await runAgent(root, ['receive', 'ab.1', 'x', 'file', '--again', 'file'], rest);
			assert.equal(code, 0);
			assert.deepEqual(records[1], { type: 'offset', bytes: half });
			assert.deepEqual(fs.readFileSync(at('file')), content);
			await ended;
			assert.deepEqual(fs.readdirSync(root), ['file']);
		});

		it('removes half a file when nobody comes, or when it is told to end', async () => {
			const program = compile('musl-gcc', ['-Os', '-static', '-DKEEP=1'], join(home, 'impatient'));
			const half = stream(aFile('', randomBytes(500_000))).subarray(0, 300_000);
			assert.equal((await runAgent(root, ['receive', 'ab.0', 'x', 'file'], half, {}, program)).code, 1);
			assert.deepEqual(fs.readdirSync(root), []);
			const child = spawn(buildFilesAgent(), [root, 'receive', 'ab.0', 'x', 'file']);
			// It may be told to end before it has read all of it.
			child.stdin.on('error', () => {});
			child.stdin.write(half);
			await eventually(() => fs.readdirSync(root).length > 0);
			child.kill('SIGTERM');
			await new Promise((resolve) => child.on('close', resolve));
			assert.deepEqual(fs.readdirSync(root), []);
		});

		it('survives any input', async function () {
			this.timeout(120_000);
			const flags = [
				'-O1',
				'-g',
				'-fsanitize=address,undefined',
				'-fno-sanitize-recover=all',
				'-DKEEP=0',
				'-DSILENCE=1000',
			];
			const program = compile('gcc', flags, join(home, 'checked'));
			fs.mkdirSync(at('d'));
			const good = stream(
				entryRecord(anEntry('', { kind: 'd' })),
				aFile('a', randomBytes(2000)),
				entryRecord(anEntry('l', { kind: 'l', link: Buffer.from('a') })),
				aFile('b', Buffer.alloc(10)),
				entryRecord(anEntry('', { kind: 'd' }), true),
			);
			for (let round = 0; round < 150; round++) {
				const bytes = Buffer.from(
					good.subarray(0, round % 3 === 0 ? Math.floor(Math.random() * good.length) : good.length),
				);
				for (let i = 0; i < round % 7; i++)
					bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
				const child = spawnSync(program, [root, 'receive', 'ab.0', 'x', 'd'], { input: bytes });
				assert.ok(child.status === 0 || child.status === 1, `${child.stderr}`);
				assert.doesNotMatch(child.stderr.toString(), /Sanitizer|runtime error/);
			}
			assert.deepEqual(fs.readdirSync(home).sort(), ['checked', 'root', 'secret']);
			assert.deepEqual(fs.readdirSync(root), ['d']);
		});
	});
});

function chunks(content: Buffer): Buffer[] {
	const parts: Buffer[] = [];
	for (let from = 0; from < content.length; from += 100_000) {
		const part = content.subarray(from, from + 100_000);
		const room = dataRoom();
		part.copy(room, 5);
		parts.push(dataRecord(room, part.length));
	}
	return parts;
}
