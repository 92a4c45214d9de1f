import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '../../src/formats/files/records.ts';
import {
	dataRecord,
	dataRoom,
	endRecord,
	entryRecord,
	fileEndRecord,
	helloRecord,
	holeRecord,
} from '../../src/formats/files/writer.ts';
import { openDestination } from '../../src/session/transfer/destination.ts';
import { Download } from '../../src/session/transfer/download.ts';
import { checkName, Refused } from '../../src/session/transfer/local-tree.ts';
import { Meter } from '../../src/session/transfer/meter.ts';
import { hostileAgent } from '../support/files-agent.ts';

let home = '';

function entry(path: string, kind: Entry['kind'], but: Partial<Entry> = {}): Buffer {
	return entryRecord({
		kind,
		mode: 0o6777,
		uid: 0,
		gid: 0,
		mtime: { seconds: 1_600_000_000, nanoseconds: 0 },
		size: 0,
		offset: 0,
		allocated: 0,
		index: 0,
		path: Buffer.from(path, 'latin1'),
		link: Buffer.alloc(0),
		...but,
	});
}

const folder = (path: string): Buffer => entry(path, 'd');
const link = (path: string, to: string): Buffer => entry(path, 'l', { link: Buffer.from(to) });

function file(path: string, text = 'hostile', but: Partial<Entry> = {}): Buffer {
	const room = dataRoom();
	room.write(text, 5);
	const sha256 = createHash('sha256').update(text).digest();
	return Buffer.concat([
		entry(path, 'f', { size: text.length, ...but }),
		dataRecord(room, text.length),
		fileEndRecord(text.length, sha256),
	]);
}

interface Case {
	name: string;
	records: Buffer[];
	/** What the pod's stream is answered with: the reasons for what was left out, or the error. */
	says: RegExp;
	/** What is in LOCAL afterwards, beside `there`; undefined: nothing. */
	leaves?: string[];
	/** What stands in LOCAL before. */
	before?: (local: string) => void;
}

const OUTSIDE = 'outside';

const CASES: Case[] = [
	{ name: 'a file beside LOCAL', records: [folder(''), file('../outside')], says: /its path is not a plain one/ },
	{ name: 'a file far beside LOCAL', records: [folder(''), file('a/../../../outside')], says: /not a plain one/ },
	{ name: 'an absolute path', records: [folder(''), file('/etc/x')], says: /not a plain one/ },
	{
		name: 'a path with an empty part',
		records: [folder(''), folder('a'), file('a//x')],
		says: /not a plain one/,
		leaves: ['a'],
	},
	{ name: 'the folder itself as a file', records: [folder(''), file('.')], says: /not a plain one/ },
	{ name: 'a name with a zero byte', records: [folder(''), file('a\0b')], says: /has a zero byte/ },
	{ name: 'a folder `..`', records: [folder(''), folder('..'), file('../outside')], says: /not a plain one/ },
	{
		name: 'an absolute link, and a file through it',
		records: [folder(''), link('l', '/'), file('l/outside')],
		says: /leads out of what is copied.*its folder was not copied before it/,
	},
	{
		name: 'a link upwards, and a file through it',
		records: [folder(''), link('l', '..'), file('l/outside')],
		says: /leads out of what is copied.*its folder was not copied/,
	},
	{
		name: 'a link that turns back behind a name',
		records: [folder(''), folder('a'), link('a/b', '.'), link('l', 'a/b/../..')],
		says: /leads out of what is copied/,
		leaves: ['a', 'a/b'],
	},
	{ name: 'a link that hides `..` behind a dot', records: [folder(''), link('l', './..')], says: /leads out/ },
	{
		name: 'a link to a folder inside, and a file through it',
		records: [folder(''), folder('a'), link('l', 'a'), file('l/x')],
		says: /its folder was not copied before it/,
		leaves: ['a', 'l'],
	},
	{
		name: 'a link in place of a folder that was copied',
		records: [folder(''), folder('a'), link('a', 'b'), file('a/x')],
		says: /a folder stands there/,
		leaves: ['a', 'a/x'],
	},
	{
		name: 'a file that becomes a folder',
		records: [folder(''), file('a'), folder('a'), file('a/x')],
		says: /something that is no folder stands there.*its folder was not copied/,
		leaves: ['a'],
	},
	{ name: 'LOCAL itself as a link', records: [link('', '..')], says: /leads out of what is copied/ },
	{
		name: 'the same name twice',
		records: [folder(''), file('a', 'first'), file('a', 'second')],
		says: /would be the same as a, which was copied before/,
		leaves: ['a'],
	},
	{
		name: 'another name for the same folder',
		records: [folder(''), folder('a'), folder('A'), file('A/x')],
		// As on a file system that knows no case: both names are one folder.
		before: (local) => {
			fs.mkdirSync(join(local, 'got'));
			fs.mkdirSync(join(local, 'got/a'));
			fs.symlinkSync('a', join(local, 'got/A'));
		},
		says: /a link stands there on this machine.*its folder was not copied/,
		leaves: ['a', 'A'],
	},
	{
		name: 'a file under a link that was here before',
		records: [folder(''), file('l')],
		before: (local) => {
			fs.mkdirSync(join(local, 'got'));
			fs.symlinkSync('../../outside', join(local, 'got/l'));
		},
		says: /^$/,
		leaves: ['l'],
	},
	{
		name: 'a folder under a link that was here before',
		records: [folder(''), folder('l'), file('l/x')],
		before: (local) => {
			fs.mkdirSync(join(local, 'got'));
			fs.symlinkSync('../..', join(local, 'got/l'));
		},
		says: /nothing is written through it/,
		leaves: ['l'],
	},
	{
		name: 'everything, where a link was here before',
		records: [folder(''), file('x')],
		before: (local) => fs.symlinkSync('..', join(local, 'got')),
		says: /nothing is written through it/,
	},
	{
		name: 'a device',
		records: [folder(''), entry('null', 'c'), entry('sda', 'b'), entry('pipe', 'p'), entry('socket', 's')],
		says: /it is no file, folder or link.*it is no file, folder or link/,
	},
	{
		name: 'an entry of a path that nobody asked for',
		records: [folder(''), file('x', 'x', { index: 7 })],
		says: /nobody asked for it/,
	},
	{
		name: 'a file whose start is missing',
		records: [folder(''), file('x', 'x', { offset: 100 })],
		says: /does not begin at its start/,
	},
	{
		name: 'a file bigger than the disk',
		records: [folder(''), file('x', 'x', { size: 2 ** 52 })],
		says: /are free there/,
	},
	{
		name: 'a hole beyond all sizes',
		records: [folder(''), entry('x', 'f'), Buffer.from('5a08000000ffffffffffffffff', 'hex')],
		says: /a size beyond all sizes/,
	},
	{
		name: 'another digest than that of the content',
		records: [folder(''), entry('x', 'f'), holeRecord(10), fileEndRecord(10, Buffer.alloc(32))],
		says: /its SHA-256 never was that of what arrived/,
	},
	{
		name: 'no stream of ours at all',
		records: [Buffer.from('\x1b]0;title\x07tar: not found\n')],
		says: /no greeting|does not understand/,
	},
	{
		name: 'a name that controls the terminal',
		records: [folder(''), file('../\x1b[2J\n\u202e')],
		says: /^[^\x1b\n]*not a plain one/,
	},
];

/** Everything below a folder, links not followed. */
function namesIn(folder: string, below = ''): string[] {
	return fs.readdirSync(folder, { withFileTypes: true }).flatMap((found) => {
		const name = `${below}${found.name}`;
		return found.isDirectory() ? [name, ...namesIn(join(folder, found.name), `${name}/`)] : [name];
	});
}

describe('hostile pods', () => {
	beforeEach(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-hostile-'));
		fs.mkdirSync(join(home, 'local'));
		fs.writeFileSync(join(home, OUTSIDE), OUTSIDE);
	});
	afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

	for (const { name, records, says, leaves = [], before } of CASES) {
		it(name, async () => {
			const stream = join(home, 'stream');
			const local = join(home, 'local');
			before?.(local);
			const greeting = name === 'no stream of ours at all' ? [] : [helloRecord()];
			fs.writeFileSync(stream, Buffer.concat([...greeting, ...records, endRecord(0, 0, 0)]));
			const sources = [Buffer.from('/got')];
			const to = openDestination(local, sources, false, () => undefined);
			const request = { sources, follow: false, compress: 'none', retries: 1 } as const;
			const meter = new Meter({ show: () => {}, end: async () => {} });
			const transfer = new Download(hostileAgent(stream), request, to, meter, () => {});
			const answer = await transfer.run().then(
				({ skipped }) => skipped.map(({ path, reason }) => `${path}: ${reason}`).join('; '),
				(error: Error) => error.message,
			);
			assert.match(answer, says);
			// Outside LOCAL nothing has changed, in it there is nothing that was not to be.
			assert.deepEqual(fs.readdirSync(home).sort(), ['local', OUTSIDE, 'stream']);
			assert.equal(fs.readFileSync(join(home, OUTSIDE), 'utf8'), OUTSIDE);
			const got = join(local, 'got');
			const there = fs.lstatSync(got, { throwIfNoEntry: false })?.isDirectory() ? namesIn(got) : [];
			assert.deepEqual(there.sort(), leaves.toSorted());
			assert.deepEqual(
				fs.readdirSync(local).filter((found) => found !== 'got'),
				[],
			);
			for (const found of there) {
				const stat = fs.lstatSync(join(got, found));
				if (stat.isFile()) assert.equal(stat.mode & 0o7000, 0, 'no set-user-id from a pod');
			}
		});
	}

	it('names that mean something else on Windows', () => {
		for (const name of ['a:b', 'a\\b', '..\\x', 'con', 'NUL.txt', 'com1', 'x.', 'x ', 'a?', 'a\x01']) {
			assert.throws(() => checkName(Buffer.from(name), 'win32'), Refused, name);
			if (name !== '') assert.doesNotThrow(() => checkName(Buffer.from(name), 'linux'));
		}
		for (const name of ['console', 'a.b', '.hidden', 'nul1']) checkName(Buffer.from(name), 'win32');
	});
});
