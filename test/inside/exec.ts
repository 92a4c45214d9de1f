import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readlinkSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import { openChannels } from '../../src/cluster/channels.ts';
import type { Connection } from '../../src/cluster/connect.ts';
import { podPath } from '../../src/cluster/pods.ts';
import { LAUNCHERS } from '../../src/inside/launcher.ts';
import { launcherBytes } from '../../src/inside/launcher-bytes.ts';
import { TEXTS } from '../../src/inside/texts.ts';
import { exitCodeOf } from '../../src/session/exit-status.ts';
import { type EnvEntry, encodeHeader, encodePart, type StdinKind } from '../../src/session/header.ts';
import type { Shell } from './shells.ts';

/** By the launcher, carried and installed as in a container; or by the script that stands in where it cannot be. */
export type Way = 'launcher' | 'script';

/** What an exec is asked to do. */
export interface Asked {
	way: Way;
	/** Beside `x`; `t` makes it one at a terminal. */
	letters?: string;
	/** `root=target` … */
	keys?: string[];
	words?: string[];
	env?: EnvEntry[];
	special?: EnvEntry[];
	/** Default: c without a terminal, n at one. */
	kind?: StdinKind;
}

/** An exec that runs, with its client's side. */
export interface Exec {
	/** Standard output so far. */
	stdout(): Buffer;
	/** Standard error so far (at a terminal: all output), without the marks of the beginning. */
	stderr(): string;
	/** Resolves when the pattern stands in stderr, or on the terminal, behind what was waited for before. */
	see(pattern: RegExp): Promise<RegExpExecArray>;
	/** To stdin. */
	send(bytes: string | Uint8Array): void;
	/** No more signs of life. */
	silence(): void;
	/** The end of stdin, as when the client is gone. */
	hangUp(): void;
	/** The exit code; undefined: it was killed. */
	ended: Promise<number | undefined>;
	/** Send a signal to the launcher, or to sh; only where it is of this machine. */
	kill(signal: NodeJS.Signals): void;
}

/** The lower end: what carries the bytes. */
interface Line {
	send(bytes: Uint8Array): void;
	hangUp(): void;
	ended: Promise<number | undefined>;
	pid: number | undefined;
}

type Open = (words: string[], onOut: (bytes: Buffer) => void, onErr: (bytes: Buffer) => void) => Promise<Line>;

/** A name and value, shortly. */
export const entry = (name: string, value = ''): EnvEntry => ({ name, value });

/** How the launcher's folder is called in these tests, one for each shell; where the launcher may have put itself. */
const INSTALLED = `.ke-test-exec-${process.pid}`;
const PLACES = ['/run', '/tmp', '/var/tmp', '/dev/shm'];
const images = new Map<string, string>();
/** Remove what was put here. */
export function removeInstalled(): void {
	for (const place of PLACES)
		for (const folder of globSync(`${place}/${INSTALLED}*`)) rmSync(folder, { recursive: true, force: true });
	for (const folder of images.values()) rmSync(folder, { recursive: true, force: true });
	images.clear();
}

/** A folder for PATH in which `sh` is that shell. */
function imageOf(shell: Shell): string {
	const known = images.get(shell.program);
	if (known) return known;
	const folder = mkdtempSync(join(tmpdir(), 'ke-image-'));
	chmodSync(folder, 0o755);
	const program = spawnSync('sh', ['-c', 'command -v "$0"', shell.program], { encoding: 'utf8' }).stdout.trim();
	symlinkSync(realpathSync(program), join(folder, 'sh'));
	images.set(shell.program, folder);
	return folder;
}

/** Folders of sessions that were begun here and are left; others may run these tests at the same time. */
export function leftovers(): string[] {
	const isOurs = (folder: string): boolean => readlinkSync(join(folder, 'ke')).includes(`${INSTALLED}-`);
	return PLACES.flatMap((place) => globSync(`${place}/.ke-session-*`)).filter((folder) => {
		try {
			return isOurs(folder);
		} catch {
			return false;
		}
	});
}

/** Hang up what still runs, and wait for its end. */
export async function endAll(execs: Exec[]): Promise<void> {
	const all = execs.splice(0);
	for (const exec of all) exec.hangUp();
	await Promise.all(all.map(({ ended }) => ended));
}

/** Begin an exec in a shell of this machine, as the node does in a container. `through`: a program that starts it. */
export function startHere(
	shell: Shell,
	asked: Asked,
	{ env = {}, through = [] }: { env?: NodeJS.ProcessEnv; through?: string[] } = {},
): Promise<Exec> {
	const wordsFor = (all: string[]): [string, string[]] => {
		const [program = '', ...words] = [...through, join(imageOf(shell), 'sh'), ...shell.words, ...all.slice(1)];
		return [program, words];
	};
	const environment = { PATH: `${imageOf(shell)}:${shell.path}`, HOME: '/', ...env };
	const installed = `${INSTALLED}-${[...images.keys()].indexOf(shell.program)}`;
	if (asked.letters?.includes('t'))
		return begin(installed, asked, async (all, onOut) => {
			const size = { cols: 80, rows: 24, name: 'xterm-256color', encoding: null };
			const terminal = spawnTerminal(...wordsFor(all), { ...size, env: environment });
			// Without an encoding it is bytes, whatever its type says.
			terminal.onData((data) => onOut(data as unknown as Buffer));
			return {
				pid: terminal.pid,
				send: (bytes) => terminal.write(Buffer.from(bytes) as unknown as string),
				hangUp: () => terminal.kill('SIGHUP'),
				ended: new Promise((resolve) =>
					terminal.onExit(({ exitCode, signal }) => resolve(signal ? undefined : exitCode)),
				),
			};
		});
	return begin(installed, asked, async (all, onOut, onErr) => {
		const child = spawn(...wordsFor(all), { env: environment, stdio: 'pipe' });
		child.stdout.on('data', onOut);
		child.stderr.on('data', onErr);
		child.stdin.on('error', () => {});
		return {
			pid: child.pid,
			send: (bytes) => child.stdin.write(bytes),
			hangUp: () => child.stdin.end(),
			ended: new Promise((resolve) => child.on('close', (code) => resolve(code ?? undefined))),
		};
	});
}

/** Begin an exec in a container of the stand-in cluster. */
export function startIn(
	connection: Connection,
	{ namespace, pod, container }: { namespace: string; pod: string; container: string },
	asked: Asked,
): Promise<Exec> {
	const tty = asked.letters?.includes('t') === true;
	return begin(INSTALLED, asked, async (command, onOut, onErr) => {
		const query = {
			container,
			command,
			stdin: 'true',
			stdout: 'true',
			...(tty ? { tty: 'true' } : { stderr: 'true' }),
		};
		const channels = await openChannels(connection, podPath(namespace, pod, 'exec'), query, {
			stdout: (bytes) => onOut(Buffer.from(bytes)),
			stderr: (bytes) => onErr(Buffer.from(bytes)),
		});
		const ended = channels.status.then(exitCodeOf, () => undefined);
		return {
			pid: undefined,
			send: (bytes) => void channels.send(bytes).catch(() => {}),
			hangUp: () => channels.close(),
			ended,
		};
	});
}

/** Answers what is asked for until the command begins, then shows signs of life; the exec resolves when it has begun. */
async function begin(installed: string, asked: Asked, open: Open): Promise<Exec> {
	const { way, letters = '', keys = [], words = ['name'], env = [], special = [] } = asked;
	const tty = letters.includes('t');
	const kind = asked.kind ?? (tty ? 'n' : 'c');
	const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
	const ours = LAUNCHERS.find((one) => one.machine === machine);
	assert.ok(ours, 'npm run build:inside makes the launcher');
	const header = encodeHeader(env, kind, special);
	const sums = way === 'launcher' ? ours.sha256 : '-';
	const all = ['sh', '-c', TEXTS.bootstrap, 'ke', sums, installed, `x${letters}`, 'term=xterm', 'prompt=web-0:app'];

	let out = Buffer.alloc(0);
	let said = '';
	let seen = 0;
	let begun = false;
	let over = false;
	const waiting = new Set<() => void>();
	const begins = Promise.withResolvers<void>();
	const answered = new Set<string>();
	const answer = (mark: string): void => {
		// At a terminal each is said until it is answered.
		if (begun || answered.has(mark)) return;
		answered.add(mark);
		if (mark === 'carry') line.send(encodePart(way === 'launcher' ? launcherBytes(machine) : new Uint8Array(0)));
		if (mark === 'header') line.send(header);
		if (mark === 'script') line.send(Buffer.concat([encodePart(Buffer.from(TEXTS.enter)), header]));
		if (mark === 'ok' && tty) line.send(header);
		if (mark === 'ok' || (mark === 'script' && tty)) {
			begun = true;
			begins.resolve();
		}
	};
	let held = Buffer.alloc(0);
	const hear = (bytes: Buffer): void => {
		held = Buffer.concat([held, bytes]);
		const text = held.toString('latin1');
		for (const [, mark = ''] of text.matchAll(/\x1b\]ke;(ok|carry|header|script)[^\x07]*\x07/g)) answer(mark);
		const plain = text.replaceAll(/\x1b\]ke;(ok|carry|header|script)[^\x07]*\x07/g, '');
		// What line editors say to the terminal comes and goes with the shell.
		said = Buffer.from(plain.replaceAll(/\x1b\[\?2004[hl]\r?|\x1b\[[\d;?]*[A-Za-z]/g, ''), 'latin1').toString();
		for (const look of [...waiting]) look();
	};
	const pending: Buffer[] = [];
	let line: Line = {
		send: (bytes) => pending.push(Buffer.from(bytes)),
		hangUp() {},
		ended: Promise.resolve(0),
		pid: 0,
	};
	line = await open(
		[...all, ...keys, '--', ...words],
		tty
			? hear
			: (bytes) => {
					out = Buffer.concat([out, bytes]);
				},
		hear,
	);
	for (const bytes of pending.splice(0)) line.send(bytes);
	if (!tty) line.send(header);
	const ended = line.ended.then((code) => {
		over = true;
		clearInterval(beat);
		for (const look of [...waiting]) look();
		begins.resolve();
		return code;
	});
	const sign = { c: '.', a: 'beat\n', n: '', f: '' }[kind];
	let beat: NodeJS.Timeout | undefined;
	await begins.promise;
	if (sign && !over) beat = setInterval(() => line.send(Buffer.from(sign)), 1000);
	return {
		ended,
		kill(signal) {
			assert.ok(line.pid, 'a process of this machine');
			process.kill(line.pid, signal);
		},
		stdout: () => out,
		stderr: () => said,
		send: (bytes) => line.send(Buffer.from(bytes)),
		silence: () => clearInterval(beat),
		hangUp() {
			clearInterval(beat);
			line.hangUp();
		},
		see: (pattern) =>
			new Promise((resolve, reject) => {
				const finish = (end: () => void): void => {
					waiting.delete(look);
					clearTimeout(timer);
					end();
				};
				const look = (): void => {
					const match = pattern.exec(said.slice(seen));
					if (match) {
						seen += match.index + match[0].length;
						finish(() => resolve(match));
					} else if (over) finish(() => reject(new Error(`it ended without ${pattern}: ${JSON.stringify(said)}`)));
				};
				const late = (): void => finish(() => reject(new Error(`no ${pattern} in 20 s: ${JSON.stringify(said)}`)));
				const timer = setTimeout(late, 20_000);
				waiting.add(look);
				look();
			}),
	};
}

/** The mark by which files are offered, and the folder that it names. */
export function offered(nonce: string): RegExp {
	return new RegExp(`\x1b\\]ke;out ${nonce} ((?:%[0-9A-F]{2})+)\x07`);
}

/** The path that a mark names. */
export function pathOf([, hex = '']: RegExpExecArray): string {
	return Buffer.from(hex.replaceAll('%', ''), 'hex').toString();
}
