import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LAUNCHERS } from '../../src/inside/launcher.ts';
import { launcherBytes } from '../../src/inside/launcher-bytes.ts';
import { TEXTS } from '../../src/inside/texts.ts';
import { encodeHeader, encodePart } from '../../src/session/header.ts';
import { openTerminal } from '../support/terminal.ts';
import { shells } from './shells.ts';

const installed = `.ke-test-terminal-${process.pid}`;
/** Where the launcher may have put itself. */
const places = ['/run', '/tmp'].map((place) => join(place, installed));
after(() => {
	for (const place of places) rmSync(place, { recursive: true, force: true });
});

for (const [shell, way] of shells().flatMap((one) => [[one, 'launcher'] as const, [one, 'script'] as const])) {
	describe(`an exec begins at a terminal, in ${shell.name}, by the ${way}`, () => {
		const [ours] = LAUNCHERS.filter(({ machine }) => machine === (process.arch === 'x64' ? 'x86_64' : 'aarch64'));
		/** Begins, and answers until the header may come. */
		const open = async (
			letters: string,
			command: string[],
			header = encodeHeader([], 'n'),
		): Promise<ReturnType<typeof openTerminal>> => {
			assert.ok(ours);
			const sums = way === 'launcher' ? ours.sha256 : '-';
			const keys = ['term=xterm', 'prompt=web-0:app', '--'];
			const terminal = openTerminal(
				shell.program,
				[...shell.words, '-c', TEXTS.bootstrap, 'ke', sums, installed, letters, ...keys, ...command],
				{ PATH: shell.path, HOME: '/' },
			);
			const [, mark] = await terminal.see(/\x1b\]ke;(ok|carry)[^\x07]*\x07/);
			if (mark === 'carry') {
				terminal.type(encodePart(way === 'launcher' ? launcherBytes(ours.machine) : new Uint8Array(0)));
				await terminal.see(way === 'launcher' ? /\x1b\]ke;ok\x07/ : /\x1b\]ke;script\x07/);
			}
			if (way === 'script') terminal.type(encodePart(Buffer.from(TEXTS.enter)));
			terminal.type(header);
			return terminal;
		};

		it('takes a header in the raw terminal, and gives the terminal back as it was', async () => {
			const value = `it's\r\n\x03\x04 ${'long '.repeat(2000)}`;
			const header = encodeHeader(
				[
					{ name: 'A', value },
					{ name: 'B', value: '' },
				],
				'n',
			);
			const show = 'printf "<%s|%s|%s>" "$A" "$B" "$TERM"; read line; echo "read $line"; exit 5';
			const terminal = await open('xt', ['sh', '-c', show], header);
			await terminal.see(/\|\|xterm>/);
			assert.ok(!terminal.screen().includes('10000'), 'the header was echoed');
			terminal.type('typed\r');
			await terminal.see(/typed\r\nread typed\r\n/);
			assert.equal(await terminal.ended, 5);
		});

		it('shows the place in the prompt of the first shell that is there', async () => {
			const terminal = await open('xst', ['no-such-shell', 'bash', 'ash', 'sh']);
			await terminal.see(/web-0:app/);
			terminal.type('echo $((40 + 2)); exit 9\r');
			await terminal.see(/\b42\r\n/);
			assert.equal(await terminal.ended, 9);
		});

		it('ends where there is no stty to carry anything by', async () => {
			const words = ['-c', TEXTS.bootstrap, 'ke', '-', installed, 'xt', '--', 'true'];
			const terminal = openTerminal('/bin/dash', words, { PATH: '/nowhere' });
			assert.equal(await terminal.ended, 125);
			assert.match(terminal.screen(), /stty/);
		});
	});
}
