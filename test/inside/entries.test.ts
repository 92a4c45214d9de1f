import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnvEntry, encodeHeader } from '../../src/session/header.ts';
import { compileChecked, installLauncher, runProgram } from '../support/launcher.ts';
import { entry } from './exec.ts';

const random = (below: number): number => Math.floor(Math.random() * below);

/** Entries of a header that are none of those that begin with `=`. */
const DECLINED_ENTRIES: EnvEntry[][] = [
	...[
		'=',
		'=script2',
		'=Script',
		'=command',
		'=inputs c',
		'=command ',
		'=command ../x',
		'=command .x',
		'=command a/b',
		'=command a\n',
	].map((name) => [entry(name)]),
	[entry(`=command ${'x'.repeat(129)}`)],
	...['', 'xyz', '-1', '1 ', 'a'.repeat(65)].map((value) => [entry('=out', value)]),
	...['', '0', '-1', '1.5', '1s', '315360001', '99999999999999999999'].map((value) => [entry('=timeout', value)]),
	...['', 'x', '-1', '0x1', '1'.repeat(17)].map((value) => [entry('=drop', value)]),
	[entry('=arg', 'a\0b')],
	[entry('=command c'), entry('=command c')],
];

describe('entries of a header that are no variables', function () {
	this.timeout(120_000);
	let home: string;
	let installed: string;

	before(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-entries-'));
		installed = installLauncher(compileChecked(join(home, 'checked')), join(home, 'installed'), '/usr/bin:/bin');
	});
	after(() => fs.rmSync(home, { recursive: true, force: true }));

	const sound = (ran: { stderr: string; signal: string | null }): void => {
		assert.doesNotMatch(ran.stderr, /Sanitizer|runtime error/);
		assert.equal(ran.signal, null);
	};

	for (const special of DECLINED_ENTRIES) {
		const words = special.map(({ name, value }) => `${name} ${JSON.stringify(value)}`).join(', ');
		it(`are declined where they are none: ${words}`, () => {
			const ran = runProgram([`${installed}/ke`, 'run', 'x', '--', '/bin/echo', 'ran'], encodeHeader([], 'n', special));
			sound(ran);
			assert.deepEqual([ran.status, ran.stdout, ran.stderr], [125, '', 'error: the header: Protocol error\n']);
		});
	}

	it('may say anything of what a command takes, and it may be given any words', () => {
		const field = (): string =>
			['', 'a', 'b-c', '-', 'x', 'value', 'flag', 'positional', 'yes', 'no', 'choice', 'size', '\0', ' ', 'ä'][
				random(15)
			] ?? '';
		const word = (): string =>
			['', '-', '--', '-a', '--a', '--a=', '--b-c=1', '-xy', '-x=', '--help=', '-h', '5', '1h', '9'.repeat(400), 'ä'][
				random(15)
			] ?? '';
		for (let round = 0; round < 100; round++) {
			const lines = Array.from({ length: random(6) }, () => Array.from({ length: random(11) }, field).join('\t'));
			const words = Array.from({ length: random(5) }, () => `'${word()}'`).join(' ');
			const special = [
				{ name: '=command c', value: 'env | grep -c ^INPUT_; echo "$#"' },
				{ name: '=inputs c', value: lines.join('\n') },
			];
			const input = Buffer.concat([encodeHeader([], 'n', special), Buffer.from(`c ${words}\nexit $?\n`)]);
			const ran = runProgram([`${installed}/ke`, 'run', 'xs', '--', 'sh'], input);
			sound(ran);
			assert.ok([0, 1, 2].includes(ran.status ?? -1), `${ran.status} ${ran.stderr} ${JSON.stringify([lines, words])}`);
		}
	});
});
