import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A shell that may be `sh` in a debug image, with the programs that are then on PATH. */
export interface Shell {
	name: string;
	program: string;
	path: string;
}

export interface Run {
	code: number | null;
	stdout: string;
	stderr: string;
}

export interface How {
	/** TARGET_PID, INPUT_NAME and the like; PATH is the shell's. */
	env?: Record<string, string>;
	words?: string[];
	/** The command that leads to where it runs, as `nsenter -t 7 -n`. */
	enter?: string[];
	/** Who runs it: without any capability, unless it is root. */
	user?: { uid: number; gid: number };
	/** A folder that comes first on PATH. */
	programs?: string;
}

const plugins = fileURLToPath(new URL('../../plugins/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ke-plugins-'));
chmodSync(folder, 0o755);
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A new empty folder that anyone may read; gone when the tests end. */
export function newFolder(): string {
	const made = mkdtempSync(join(folder, 'f-'));
	chmodSync(made, 0o755);
	return made;
}

/** dash, bash as sh, and busybox with nothing but its own applets: those that this machine has. */
export const SHELLS: Shell[] = ['dash', 'bash', 'busybox'].flatMap((name) => {
	const program = programPath(name);
	if (program === undefined) return [];
	const bin = newFolder();
	symlinkSync(program, join(bin, 'sh'));
	if (name === 'busybox') {
		for (const applet of spawnSync(program, ['--list'], { encoding: 'utf8' }).stdout.split('\n'))
			if (/^[\w.-]+$/.test(applet) && applet !== 'sh') symlinkSync(program, join(bin, applet));
		// What Alpine's images add to it.
		for (const added of ['ss']) {
			const real = programPath(added);
			if (real !== undefined) symlinkSync(real, join(bin, added));
		}
		return [{ name: 'busybox ash', program: join(bin, 'sh'), path: bin }];
	}
	return [{ name: `${name} as sh`, program: join(bin, 'sh'), path: `${bin}:${systemPath()}` }];
});

/** The text of `SET/NAME`: plugins/SET/scripts/NAME.sh. */
export function scriptText(name: string): string {
	return readFileSync(scriptFile(name), 'utf8');
}

export function scriptFile(name: string): string {
	const [set = '', script = ''] = name.split('/');
	return join(plugins, set, 'scripts', `${script}.sh`);
}

/** Run a script to its end, as a session does where it can write no file: `sh -c TEXT NAME WORDS…`. */
export function runScript(shell: Shell, name: string, how: How = {}): Promise<Run> {
	return runText(shell, scriptText(name), { ...how, words: [name, ...(how.words ?? [])] });
}

export function runText(shell: Shell, text: string, how: How = {}): Promise<Run> {
	const { env, words = [], enter = [], user, programs } = how;
	const [first = '', ...rest] = [...enter, shell.program, '-c', text, ...words];
	const path = programs === undefined ? shell.path : `${programs}:${shell.path}`;
	const child = spawn(programPath(first) ?? first, rest, {
		env: { PATH: path, ...env },
		...user,
		cwd: '/',
		stdio: ['ignore', 'pipe', 'pipe'],
		timeout: 50_000,
	});
	return new Promise((resolve, reject) => {
		const run: Run = { code: null, stdout: '', stderr: '' };
		child.stdout.setEncoding('utf8').on('data', (some: string) => {
			run.stdout += some;
		});
		child.stderr.setEncoding('utf8').on('data', (some: string) => {
			run.stderr += some;
		});
		child.on('error', reject);
		child.on('close', (code) => resolve({ ...run, code }));
	});
}

/** Where a program is on this machine, system folders included. */
export function programPath(name: string): string | undefined {
	return systemPath()
		.split(delimiter)
		.map((at) => join(at, name))
		.find((file) => existsSync(file));
}

/** Make programs of sh in a folder for PATH. */
export function makePrograms(programs: Record<string, string>): string {
	const made = newFolder();
	for (const [name, text] of Object.entries(programs)) writeFileSync(join(made, name), text, { mode: 0o755 });
	return made;
}

/** Write files below a folder, folders included. */
export function writeFiles(root: string, files: Record<string, string | Buffer>): void {
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(join(root, path, '..'), { recursive: true });
		writeFileSync(join(root, path), content);
	}
}

function systemPath(): string {
	return [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
}
