import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { FilesFormatError, FilesReader } from '../../src/formats/files/reader.ts';
import type { Entry, FilesRecord } from '../../src/formats/files/records.ts';
import {
	beatRecord,
	dataRecord,
	dataRoom,
	endRecord,
	entryRecord,
	escapeArgument,
	fileEndRecord,
	helloRecord,
	holeRecord,
} from '../../src/formats/files/writer.ts';

const ENTRY: Entry = {
	kind: 'f',
	mode: 0o4755,
	uid: 1000,
	gid: 2 ** 32 - 1,
	mtime: { seconds: -1, nanoseconds: 999_999_999 },
	size: 2 ** 40 + 3,
	offset: 7,
	allocated: 4096,
	index: 3,
	path: Buffer.from('a/b\xff\n', 'latin1'),
	link: Buffer.alloc(0),
};

function data(bytes: Buffer): Buffer {
	const room = dataRoom();
	bytes.copy(room, 5);
	return dataRecord(room, bytes.length);
}

function read(stream: Buffer, cut: () => number): { records: FilesRecord[]; ended: boolean } {
	const reader = new FilesReader();
	const records: FilesRecord[] = [];
	for (let at = 0; at < stream.length; ) {
		const length = cut();
		for (const record of reader.push(stream.subarray(at, at + length))) {
			const last = records.at(-1);
			// Pieces of data are joined: where they are cut is not part of what is said.
			if (record.type === 'data' && last?.type === 'data') last.bytes = Buffer.concat([last.bytes, record.bytes]);
			else records.push(record.type === 'data' ? { type: 'data', bytes: Buffer.from(record.bytes) } : record);
		}
		at += length;
	}
	return { records, ended: reader.ended };
}

describe('the codec of the files agent', () => {
	const content = randomBytes(100_000);
	const sha256 = createHash('sha256').update(content).digest();
	const stream = Buffer.concat([
		helloRecord(),
		entryRecord({ ...ENTRY, kind: 'd', path: Buffer.alloc(0) }),
		entryRecord(ENTRY),
		data(content.subarray(0, 60_000)),
		beatRecord(),
		holeRecord(2 ** 33),
		data(content.subarray(60_000)),
		fileEndRecord(100_000, sha256),
		entryRecord({ ...ENTRY, kind: 'l', link: Buffer.from('to\xfe', 'latin1') }),
		endRecord(3, 100_000, 0),
	]);

	it('reads what it writes', () => {
		const { records, ended } = read(stream, () => stream.length);
		assert.equal(ended, true);
		assert.deepEqual(
			records.map(({ type }) => type),
			['hello', 'entry', 'entry', 'data', 'beat', 'hole', 'data', 'file-end', 'entry', 'end'],
		);
		assert.deepEqual(records[2], { type: 'entry', entry: ENTRY });
		assert.deepEqual(records[5], { type: 'hole', length: 2 ** 33 });
		assert.deepEqual(records[7], { type: 'file-end', outcome: 'whole', size: 100_000, sha256 });
		assert.deepEqual(records[9], { type: 'end', entries: 3, bytes: 100_000, notes: 0 });
	});

	it('reads the same however it is cut', () => {
		const whole = read(stream, () => stream.length);
		for (const size of [1, 2, 3, 5, 7, 64, 4096])
			assert.deepEqual(
				read(stream, () => size),
				whole,
			);
		for (let i = 0; i < 20; i++)
			assert.deepEqual(
				read(stream, () => 1 + Math.floor(Math.random() * 3000)),
				whole,
			);
	});

	it('takes no cut for an end', () => {
		for (let i = 0; i < 200; i++) {
			const at = Math.floor(Math.random() * stream.length);
			assert.equal(read(stream.subarray(0, at), () => 997).ended, false);
		}
	});

	const broken: [string, Buffer][] = [
		['no greeting', entryRecord(ENTRY)],
		['another version', Buffer.from('48040000004b454632', 'hex')],
		['a program that is no agent', Buffer.from('sh: files: not found\n')],
		['a record that is too long', Buffer.concat([helloRecord(), Buffer.from('4effffffff', 'hex')])],
		['data that is too long', Buffer.concat([helloRecord(), entryRecord(ENTRY), Buffer.from('4401000400', 'hex')])],
		['data without a file', Buffer.concat([helloRecord(), data(content.subarray(0, 9))])],
		[
			'data after a folder',
			Buffer.concat([helloRecord(), entryRecord({ ...ENTRY, kind: 'd' }), data(content.subarray(0, 9))]),
		],
		['a hole without a file', Buffer.concat([helloRecord(), holeRecord(1)])],
		['an entry in a file', Buffer.concat([helloRecord(), entryRecord(ENTRY), entryRecord(ENTRY)])],
		['an end in a file', Buffer.concat([helloRecord(), entryRecord(ENTRY), endRecord(1, 1, 1)])],
		['the end of no file', Buffer.concat([helloRecord(), fileEndRecord(0, sha256)])],
		['something after the end', Buffer.concat([helloRecord(), endRecord(0, 0, 0), beatRecord()])],
		['an unknown type', Buffer.concat([helloRecord(), Buffer.from('5900000000', 'hex')])],
		['a short entry', Buffer.concat([helloRecord(), Buffer.from('450100000066', 'hex')])],
		['a path longer than its entry', Buffer.concat([helloRecord(), longerPath()])],
	];
	for (const [name, bytes] of broken) {
		it(`refuses ${name}`, () => assert.throws(() => read(bytes, () => 3), FilesFormatError));
	}

	it('throws nothing but its own error at noise', () => {
		for (let i = 0; i < 2000; i++) {
			const noise = Buffer.concat([helloRecord(), i % 2 ? entryRecord(ENTRY) : Buffer.alloc(0), randomBytes(200)]);
			// Mostly types that are known, so that it gets further than the first byte.
			noise[noise.length - 200] = 'DEZFNBTOAQM'.charCodeAt(i % 11);
			noise.writeUInt32LE(i % 300, noise.length - 199);
			try {
				read(noise, () => 50);
			} catch (error) {
				if (!(error instanceof FilesFormatError)) throw error;
			}
		}
	});

	it('escapes arguments so that they are ASCII and no options', () => {
		assert.equal(escapeArgument(Buffer.from('/var/log/app.log')), '/var/log/app.log');
		assert.equal(escapeArgument(Buffer.from('-rf')), '%2Drf');
		assert.equal(escapeArgument(Buffer.from('a b%\n\xff', 'latin1')), 'a%20b%25%0A%FF');
		assert.equal(escapeArgument(Buffer.alloc(0)), '%');
	});
});

/** An entry whose path claims to be longer than what is there. */
function longerPath(): Buffer {
	const record = entryRecord(ENTRY);
	record.writeUInt16LE(5000, 5 + 53);
	return record;
}
