import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileTrouble, readRegular } from '../../src/catalogue/read-file.ts';

describe('readRegular', () => {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ke-read-')));
	const at = (name: string): string => join(folder, name);
	before(() => {
		writeFileSync(at('file'), 'content');
		mkdirSync(at('in'));
		writeFileSync(at('in/file'), 'inside');
		mkdirSync(at('in-beside'));
		writeFileSync(at('in-beside/file'), 'beside');
		symlinkSync('../file', at('in/out'));
		symlinkSync('file', at('in/own'));
		symlinkSync('../in-beside/file', at('in/beside'));
		symlinkSync('loop', at('loop'));
		symlinkSync('/nowhere/at/all', at('dangling'));
		execFileSync('mkfifo', [at('fifo')]);
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const refuses = (name: string, says: RegExp, within?: string): void =>
		assert.throws(
			() => readRegular(name.startsWith('/') ? name : at(name), 100, within),
			(error) => error instanceof FileTrouble && says.test(error.message),
		);

	it('reads a file, and one that a link within the folder leads to', () => {
		assert.equal(readRegular(at('file'), 7).bytes.toString(), 'content');
		assert.equal(readRegular(at('in/own'), 100, at('in')).bytes.toString(), 'inside');
	});
	it('refuses what leads out of the folder, into one that is called alike too', () => {
		refuses('in/out', /leads out of its folder, to .*\/file$/, at('in'));
		refuses('in/beside', /leads out of its folder/, at('in'));
		refuses('in/../file', /leads out of its folder/, at('in'));
	});
	it('does not wait at a FIFO, and opens no device, folder or socket', async () => {
		refuses('fifo', /^is no regular file$/);
		refuses('/dev/zero', /^is no regular file$/);
		refuses('/dev/tty', /^is no regular file$/);
		refuses('in', /^is no regular file$/);
		const server = createServer().listen(at('socket'));
		await new Promise((resolve) => server.once('listening', resolve));
		refuses('socket', /^is no regular file$/);
		server.close();
	});
	it('reads no file that is too large, or that says it is empty and is not', () => {
		writeFileSync(at('large'), 'x'.repeat(101));
		refuses('large', /^is too large/);
		writeFileSync(at('just'), 'x'.repeat(100));
		assert.equal(readRegular(at('just'), 100).bytes.length, 100);
		refuses('/proc/self/status', /^grows while it is read$/);
	});
	it('tells what is not there from what leads nowhere', () => {
		refuses('absent', /^does not exist$/);
		refuses('file/absent', /^does not exist$/);
		refuses('dangling', /^is a link that leads nowhere$/);
		refuses('loop', /^is a link that leads nowhere$/);
	});
	it('tells who may write it', () => {
		for (const [mode, own] of [
			[0o644, true],
			[0o600, true],
			[0o664, false],
			[0o646, false],
		] as const) {
			chmodSync(at('file'), mode);
			assert.equal(readRegular(at('file'), 100).own, own, mode.toString(8));
		}
	});
});
