import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A shell that may be `sh` in a debug image, with the programs it then has. */
export interface Shell {
	name: string;
	program: string;
	words: string[];
	path: string;
}

/** What a run gave. */
export interface Run {
	code: number | null;
	stdout: Buffer;
	stderr: string;
}

/** The shells of this machine: dash, bash as sh, and busybox with nothing but its own applets. */
export function shells(): Shell[] {
	const path = process.env.PATH ?? '';
	const all = [
		{ name: 'dash', program: 'dash', words: [], path },
		{ name: 'bash as sh', program: 'bash', words: [], path },
		{ name: 'busybox ash', program: join(applets(), 'sh'), words: [], path: applets() },
	];
	return all.filter(({ program }) => spawnSync(program, ['-c', ':'], { argv0: 'sh' }).status === 0);
}

/** A folder with busybox under the names of its applets. */
export function applets(): string {
	if (folder) return folder;
	folder = mkdtempSync(join(tmpdir(), 'ke-applets-'));
	const made = folder;
	process.once('exit', () => rmSync(made, { recursive: true, force: true }));
	const busybox = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();
	if (busybox === '') return folder;
	for (const applet of [
		'sh',
		'ash',
		'dd',
		'stty',
		'cat',
		'env',
		'printf',
		'sleep',
		'stat',
		'date',
		'tr',
		'grep',
		'tty',
		'wc',
		'sha256sum',
		'uname',
		'chmod',
		'rm',
		'id',
		'mkdir',
		'ls',
		'mktemp',
		'readlink',
		'timeout',
	]) {
		symlinkSync(busybox, join(folder, applet));
	}
	return folder;
}

/** Run a text by `sh -c`, as the node does. */
export function runText(
	shell: Shell,
	text: string,
	words: string[],
	stdin: Uint8Array = Buffer.alloc(0),
	env = {},
): Promise<Run> {
	return new Promise((resolve, reject) => {
		const child = spawn(shell.program, [...shell.words, '-c', text, ...words], {
			argv0: 'sh',
			env: { PATH: shell.path, ...env },
			stdio: ['pipe', 'pipe', 'pipe'],
		});
		const out: Buffer[] = [];
		const err: Buffer[] = [];
		child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
		child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
		child.on('error', reject);
		child.on('close', (code) => resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }));
		child.stdin.on('error', () => {});
		child.stdin.end(stdin);
	});
}

let folder: string | undefined;
