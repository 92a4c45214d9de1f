import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launcherFile } from '../../src/inside/launcher.ts';
import { type EnvEntry, encodeHeader } from '../../src/session/header.ts';
import { eventually } from '../support/eventually.ts';
import { compileC, compileChecked, installLauncher, runProgram } from '../support/launcher.ts';

const HEADER = encodeHeader([], 'n');
const block = (text: string): Buffer => Buffer.from(text.padEnd(32).slice(0, 32));
const random = (below: number): number => Math.floor(Math.random() * below);

const entry = (name: string, value = ''): EnvEntry => ({ name, value });
/** Entries that belong to a script or a session, as they should be. */
const SPECIAL: EnvEntry[] = [
	...[
		entry('=script', 'echo "$@"'),
		entry('=arg', 'ran'),
		entry('=arg', ''),
		entry('=out', 'c0ffee'),
		entry('=timeout', '900'),
	],
	...[
		entry('=drop', 'ff'),
		entry('=command c', 'true'),
		entry('=inputs c', 'a\t-\tflag\tno\t'),
		entry('=help', 'text'),
	],
];
describe('the launcher by itself', function () {
	this.timeout(120_000);
	let home: string;
	let tools: string;
	let installed: string;

	before(function () {
		if (process.platform !== 'linux') this.skip();
		home = fs.mkdtempSync(join(tmpdir(), 'ke-launcher-'));
		tools = join(home, 'tools');
		fs.mkdirSync(tools);
		fs.copyFileSync('/bin/echo', join(tools, 'echo'));
		fs.symlinkSync('/bin/sh', join(tools, 'sh'));
		for (const name of ['fuzzed', 'script']) tool(name, '#!/bin/sh\n');
		installed = installLauncher(compileChecked(join(home, 'checked')), join(home, 'installed'), tools);
	});

	after(() => {
		if (home) fs.rmSync(home, { recursive: true, force: true });
	});

	function tool(name: string, content: string | Uint8Array): void {
		fs.writeFileSync(join(tools, name), content);
		fs.chmodSync(join(tools, name), 0o755);
	}
	/** A tool as it is started from the debug image's root, and as from another: by a path that leads out of it. */
	const starts = (name: string): string[] =>
		['', `/proc/${process.pid}/root`].map((outside) => `${outside}${installed}/bin/${name}`);
	const sound = (ran: { stderr: string; status: number | null; signal: string | null }): void => {
		assert.doesNotMatch(ran.stderr, /Sanitizer|runtime error/);
		assert.equal(ran.signal, null);
	};

	describe('reads a header', () => {
		const run = (input: Uint8Array | string) =>
			runProgram([`${installed}/ke`, 'run', 'x', '--', '/bin/echo', 'ran'], input);

		const DECLINED: Record<string, Uint8Array | string> = {
			'no number': block('many n'),
			'no kind': block('0'),
			nothing: block(''),
			NULs: Buffer.alloc(32),
			'too many variables': block('4097 n'),
			'fewer than none': block('-1 n'),
			'more than there are numbers': block('99999999999999999999 n'),
			'a length below zero': Buffer.concat([block('1 n'), block('-5 3')]),
			'lengths that add up to less than they are': Buffer.concat([block('1 n'), block('4294967295 4294967295')]),
			'a value beyond the bound': Buffer.concat([block('1 n'), block('1 16777216')]),
			'values that are so together': Buffer.concat([
				...[block('2 n'), block('1 9000000'), Buffer.alloc(9_000_001, 'a'), block('1 9000000')],
			]),
			'no lengths': Buffer.concat([block('1 n'), block('x')]),
		};
		for (const [what, input] of Object.entries(DECLINED)) {
			it(`and declines one with ${what}`, () => {
				const ran = run(input);
				sound(ran);
				assert.deepEqual([ran.status, ran.stdout, ran.stderr], [125, '', 'error: the header: Protocol error\n']);
			});
		}

		it('with names and values that are odd', () => {
			const odd: [string, string][] = [
				['', 'x'],
				['A=B', 'c'],
				['\0', '\0'],
				['N', ''],
			];
			const parts = odd.map(([name, value]) =>
				Buffer.concat([block(`${name.length} ${value.length}`), Buffer.from(name + value)]),
			);
			const ran = run(Buffer.concat([block('4 n'), ...parts]));
			sound(ran);
			assert.deepEqual([ran.status, ran.stdout], [0, 'ran\n']);
		});

		it('that is cut anywhere, and then runs nothing', () => {
			const whole = encodeHeader(
				[
					{ name: 'A', value: '1' },
					{ name: 'LONG', value: 'x'.repeat(40) },
				],
				'n',
			);
			for (let length = 0; length < whole.length; length += 3) {
				const ran = run(whole.subarray(0, length));
				sound(ran);
				assert.deepEqual([ran.status, ran.stdout], [125, ''], `cut after ${length}`);
			}
		});

		it('that may be anything', () => {
			for (let round = 0; round < 300; round++) {
				const variables: EnvEntry[] = Array.from({ length: random(4) }, (_, i) => ({
					name: `V${i}`,
					value: 'v'.repeat(random(50)),
				}));
				const special = SPECIAL.filter(() => round % 2 === 1 && random(3) > 0);
				const kind = (['n', 'f', 'c', 'a'] as const)[random(4)] ?? 'n';
				const bytes = Buffer.from(encodeHeader(variables, kind, special));
				for (let i = random(6); i > 0; i--) bytes[random(bytes.length)] = random(256);
				const input = round % 4 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
				const letters = random(2) ? 'x' : 'xs';
				const ran = runProgram(
					[`${installed}/ke`, 'run', letters, '--', letters === 'x' ? '/bin/echo' : 'sh', 'ran'],
					input,
				);
				sound(ran);
				// 143: a control stream that ends ends the command, if that is not quicker. 2, 127: a script that was changed.
				assert.ok([0, 2, 125, 127, 143].includes(ran.status ?? -1), `${ran.status}: ${bytes.toString('latin1')}`);
			}
			assert.deepEqual(fs.globSync(`${home}/.ke-{out,session}-*`), []);
		});
	});

	describe('starts a tool', () => {
		it('of the image', () => {
			for (const path of starts('echo')) {
				const ran = runProgram([path, 'a b', '']);
				assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'a b \n', '']);
			}
		});

		const long = `/${'x'.repeat(300)}`;
		const BROKEN: Record<string, [content: string | Uint8Array, code: number, said: RegExp]> = {
			'is empty': ['', 126, /Exec format error/],
			'is a word': ['x', 126, /Exec format error/],
			'begins like a script and is none': ['#!', 127, /not found/],
			'names an interpreter that is not there, without a newline': ['#!/no/such', 127, /\/no\/such/],
			'names one in a line of 300 bytes': [`#!${long}\n`, 127, /xxx/],
			'names a folder': ['#!/etc\n', 126, /etc/],
			'names itself': ['#!script\n', 126, /Too many levels|symbolic links/],
			'has a NUL in its line': ['#!/no\0/such\n', 127, /\/no/],
			'is the beginning of a program': [fs.readFileSync('/bin/echo').subarray(0, 70), 126, /Exec format error|script/],
			'is a program for 32 bits': [
				Buffer.concat([Buffer.from('\x7fELF\x01\x01\x01'), Buffer.alloc(100)]),
				126,
				/format/,
			],
		};
		for (const [what, [content, code, said]] of Object.entries(BROKEN)) {
			it(`and says so where it ${what}`, () => {
				tool('script', content);
				for (const path of starts('script')) {
					const ran = runProgram([path]);
					sound(ran);
					assert.deepEqual([ran.status, ran.stdout], [code, ''], ran.stderr);
					assert.match(ran.stderr, said);
				}
			});
		}

		it('that is a script, by the interpreter with its argument, in whatever form', () => {
			for (const line of ['#!/bin/sh', '#! /bin/sh -e', '#!/usr/bin/env sh', '#!\t/bin/sh\t']) {
				tool('script', `${line}\necho "$0 $1"\n`);
				const ran = runProgram([starts('script')[0] ?? '', 'word']);
				assert.deepEqual([ran.status, ran.stdout], [0, `${join(tools, 'script')} word\n`], `${line}: ${ran.stderr}`);
			}
		});

		it('whatever its headers say', () => {
			const real = fs.readFileSync('/bin/echo').subarray(0, 4096);
			for (let round = 0; round < 200; round++) {
				const bytes = Buffer.from(real);
				const at = bytes.indexOf('/ld');
				assert.ok(at > 0);
				// Never a program that the kernel would run, nor a loader that is there.
				bytes.writeUInt16LE(0, 18);
				bytes[at + 1] = 0x78;
				for (let i = random(8); i > 0; i--) bytes[20 + random(round % 2 ? 44 : 1000)] = random(256);
				if (round % 3 === 0) bytes.writeBigUInt64LE(BigInt.asUintN(64, -BigInt(random(1000))), 32);
				tool('fuzzed', round % 5 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
				const ran = runProgram([starts('fuzzed')[round % 2] ?? '']);
				sound(ran);
				assert.ok(ran.status === 126 || ran.status === 127, `${ran.status} ${ran.stderr}`);
			}
		});

		for (const [name, errno] of [
			['ENOSYS', 38],
			['EPERM', 1],
		] as const) {
			it(`where openat2 gives ${name}`, () => {
				const without = compileC(['no-syscall.c'], join(home, 'no-openat2'));
				for (const path of starts('echo')) {
					const ran = runProgram([without, '437', String(errno), path, 'walked']);
					assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'walked\n', '']);
				}
			});
		}
	});

	it('kills what minds no TERM when its lease is over, but nothing that traces another', async () => {
		const tracer = compileC(['tracer.c'], join(home, 'tracer'));
		const traced = spawn('sleep', ['1000'], { stdio: 'ignore' });
		const script = `${tracer} $0 & echo $!; trap "" TERM HUP INT; while :; do sleep 1; done`;
		const built = fileURLToPath(launcherFile(process.arch === 'x64' ? 'x86_64' : 'aarch64'));
		const launcher = `${installLauncher(built, join(home, 'leased'), tools)}/ke`;
		const child = spawn(launcher, ['run', 'x', '--', 'sh', '-c', script, String(traced.pid)], { stdio: 'pipe' });
		let said = '';
		child.stdout.on('data', (bytes: Buffer) => {
			said += bytes;
		});
		try {
			child.stdin.write(encodeHeader([], 'c'));
			await eventually(() => /^\d+\n/m.test(said) && said.includes('traces\n'));
			const pid = Number(/^\d+$/m.exec(said)?.[0]);
			child.stdin.end();
			const [code] = await once(child, 'exit');
			assert.equal(code, 137);
			process.kill(pid, 'SIGUSR1');
			await eventually(
				() => !fs.existsSync(`/proc/${pid}`) || /^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')),
			);
			const status = fs.readFileSync(`/proc/${traced.pid}/status`, 'utf8');
			assert.match(status, /^State:\tS/m);
			assert.match(status, /^TracerPid:\t0$/m);
		} finally {
			traced.kill('SIGKILL');
			child.kill('SIGKILL');
		}
	});

	it('does the same on arm64', function () {
		if (process.arch !== 'x64') this.skip();
		const arm = fileURLToPath(launcherFile('aarch64'));
		const emulator = ['/usr/bin/qemu-aarch64-static'];
		const folder = installLauncher(arm, join(home, 'arm'), tools, emulator);
		assert.deepEqual(fs.readdirSync(folder).sort(), ['bin', 'helpers', 'ke', 'nss', 'to']);
		const variables = encodeHeader([{ name: 'A', value: 'b c' }], 'n');
		const words = [...emulator, `${folder}/ke`, 'run', 'x', '--', '/bin/sh', '-c', 'echo "$A"; cat; exit 7'];
		const ran = runProgram(words, Buffer.concat([variables, Buffer.from('in')]));
		assert.deepEqual([ran.status, ran.stdout], [7, 'b c\nin'], ran.stderr);
		const started = runProgram([...emulator, `${folder}/bin/echo`, 'a b']);
		assert.deepEqual([started.status, started.stdout], [0, 'a b\n'], started.stderr);
		const absent = runProgram([...emulator, `${folder}/ke`, 'run', 'x', '--', 'no-such-tool'], HEADER);
		assert.equal(absent.status, 127);
	});
});
