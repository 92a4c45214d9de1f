import assert from 'node:assert/strict';
import { TEXTS } from '../../src/inside/texts.ts';
import { encodeHeader } from '../../src/session/header.ts';
import { openTerminal } from '../support/terminal.ts';
import { shells } from './shells.ts';

const READY = /\x1b\]ke;ready\x07/;

for (const shell of shells()) {
	describe(`enter at a terminal, in ${shell.name}`, () => {
		const open = (mode: string, command: string[]): ReturnType<typeof openTerminal> =>
			openTerminal(
				shell.program,
				[...shell.words, '-c', TEXTS.enter, 'ke', mode, '', '', 'xterm', 'web-0:app', ...command],
				{ PATH: shell.path, HOME: '/' },
			);

		it('takes a header in the raw terminal, and gives the terminal back as it was', async () => {
			const terminal = open('ht', [
				'sh',
				'-c',
				'printf "<%s|%s|%s>" "$A" "$B" "$TERM"; read line; echo "read $line"; exit 5',
			]);
			await terminal.see(READY);
			const value = `it's\r\n\x03\x04 ${'long '.repeat(2000)}`;
			terminal.type(
				Buffer.from(
					encodeHeader(
						[
							{ name: 'A', value },
							{ name: 'B', value: '' },
						],
						false,
					),
				).toString('latin1'),
			);
			await terminal.see(/\|\|xterm>/);
			assert.ok(!terminal.screen().includes('10000'), 'the header was echoed');
			terminal.type('typed\r');
			await terminal.see(/typed\r\nread typed\r\n/);
			assert.equal(await terminal.ended, 5);
		});

		it('shows the place in the prompt of the first shell that is there', async () => {
			const terminal = open('st', ['no-such-shell', 'bash', 'ash', 'sh']);
			await terminal.see(/web-0:app/);
			terminal.type('echo $((40 + 2)); exit 9\r');
			await terminal.see(/\b42\r\n/);
			assert.equal(await terminal.ended, 9);
		});

		it('says what is missing where there is no stty', async () => {
			const terminal = openTerminal('/bin/dash', ['-c', TEXTS.enter, 'ke', 'ht', '', '', '', '', 'true'], {
				PATH: '/nowhere',
			});

			assert.equal(await terminal.ended, 125);
			assert.match(terminal.screen(), /stty/);
		});
	});
}
