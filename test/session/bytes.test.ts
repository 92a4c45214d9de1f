import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ourPaths } from '../../src/catalogue/paths.ts';
import { exitCodeOf } from '../../src/session/exit-status.ts';
import { encodeFrame, encodeHeader } from '../../src/session/header.ts';
import { openRefusals } from '../../src/session/refusals.ts';
import { captureSink } from '../../src/session/sink.ts';

describe('encodeHeader and encodeFrame', () => {
	it('count bytes, not characters, in blocks of 32', () => {
		const header = Buffer.from(encodeHeader([{ name: 'A', value: 'ä漢' }], 'f')).toString();
		assert.equal(header, `${'1 f'.padEnd(31)}\n${'1 5'.padEnd(31)}\nAä漢`);
	});
	it('keep the last value of a name', () =>
		assert.match(
			Buffer.from(
				encodeHeader(
					[
						{ name: 'A', value: '1' },
						{ name: 'A', value: '2' },
					],
					'n',
				),
			).toString(),
			/^1 n.*\n1 1 .*\nA2$/,
		));
	it('put 16 bytes before a frame', () =>
		assert.equal(Buffer.from(encodeFrame(Buffer.from('ab'))).toString(), `2${' '.repeat(14)}\nab`));
});

describe('exitCodeOf', () => {
	const failure = (message: string, code?: string) => ({
		status: 'Failure',
		message,
		...(code !== undefined && { details: { causes: [{ reason: 'ExitCode', message: code }] } }),
	});
	for (const [status, code] of [
		[{ status: 'Success' }, 0],
		[failure('command terminated with non-zero exit code', '7'), 7],
		[failure('x', '137'), 137],
		[
			failure(
				'Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "x": OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH',
			),
			127,
		],
		[
			failure(
				'… OCI runtime exec failed: exec failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory',
			),
			127,
		],
		[
			failure(
				'error executing command in container: rpc error: code = Unknown desc = command error: … exec: "nope": executable file not found in $PATH: unknown, exit code -1',
			),
			127,
		],
		[failure('… exec: "/etc/passwd": permission denied: unknown'), 126],
		[failure('… exec /x: exec format error'), 126],
	] as const) {
		it(`reads ${code} from ${JSON.stringify(status).slice(0, 60)}`, () => assert.equal(exitCodeOf(status), code));
	}
	for (const message of ['container not found ("app")', '', 'command terminated']) {
		it(`does not make a success of "${message}"`, () =>
			assert.throws(() => exitCodeOf(failure(message)), /the node could not run it/));
	}
});

describe('captureSink', () => {
	it('keeps each stream apart, up to the limit', () => {
		const sink = captureSink(5);
		sink.stdout(Buffer.from('abc'));
		sink.stdout(Buffer.from('defg'));
		sink.stderr(Buffer.from('abcde'));
		assert.deepEqual(sink.read('stdout'), { text: 'abcde', base64: false, truncated: true });
		assert.deepEqual(sink.read('stderr'), { text: 'abcde', base64: false, truncated: false });
	});
	it('does not call text binary because the limit cut a character', () => {
		const sink = captureSink(4);
		sink.stdout(Buffer.from('漢字'));
		assert.deepEqual(sink.read('stdout'), { text: '漢', base64: false, truncated: true });
	});
	it('gives what is not UTF-8 in base64', () => {
		const sink = captureSink(100);
		sink.stdout(Buffer.from([0x61, 0xff]));
		sink.stderr(Buffer.from('漢').subarray(0, 2));
		assert.deepEqual(sink.read('stdout'), { text: 'Yf8=', base64: true, truncated: false });
		assert.equal(sink.read('stderr').base64, true);
	});
	it('keeps a byte order mark, and bytes that the caller uses again', () => {
		const sink = captureSink(100);
		const bytes = Buffer.from('\ufeffx');
		sink.stdout(bytes);
		bytes.fill(0);
		assert.equal(sink.read('stdout').text, '\ufeffx');
	});
});

describe('ourPaths', () => {
	it('takes XDG folders only where they are absolute', () => {
		assert.equal(ourPaths({ XDG_CONFIG_HOME: '/c' }).configuration, '/c/kubectl-ephemeral/config.yaml');
		for (const value of ['', 'relative'])
			assert.match(ourPaths({ XDG_CACHE_HOME: value }).refusals, /^\/.*\/\.cache\/kubectl-ephemeral\/refusals\.json$/);
	});
});

describe('openRefusals', () => {
	const folder = mkdtempSync(join(tmpdir(), 'ke-refusals-'));
	after(() => rmSync(folder, { recursive: true, force: true }));

	it('remembers by place and candidate', () => {
		const file = join(folder, 'deep/er/refusals.json');
		const first = openRefusals(file, 'here');
		first.remember('full');
		openRefusals(file, 'there').remember('plain');
		assert.deepEqual(
			[first.refused('full'), first.refused('plain'), openRefusals(file, 'there').refused('plain')],
			[true, false, true],
		);
	});
	it('forgets after ten minutes', () => {
		const file = join(folder, 'old.json');
		writeFileSync(file, JSON.stringify({ 'here full': Date.now() - 601_000, 'here plain': Date.now() - 590_000 }));
		const refusals = openRefusals(file, 'here');
		assert.deepEqual([refusals.refused('full'), refusals.refused('plain')], [false, true]);
	});
	for (const text of ['', '{', 'null', '[]', '5']) {
		it(`goes on where the file holds ${JSON.stringify(text)}`, () => {
			const file = join(folder, 'odd.json');
			writeFileSync(file, text);
			const refusals = openRefusals(file, 'here');
			assert.equal(refusals.refused('full'), false);
			refusals.remember('full');
			assert.equal(refusals.refused('full'), true);
		});
	}
	it('goes on where nothing can be written', () => {
		writeFileSync(join(folder, 'plain'), '');
		const refusals = openRefusals(join(folder, 'plain/refusals.json'), 'here');
		refusals.remember('full');
		assert.equal(refusals.refused('full'), false);
	});
});
