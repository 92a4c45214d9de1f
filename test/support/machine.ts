import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Files, packFiles } from './archives.ts';
import { executable } from './executable.ts';

/** What a run of the program came to. */
export interface Ran {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** A machine of a user's, on which only the program and a few tools are: a home and a PATH of their own. */
export interface Machine {
	/** Its files: `home`, `work` (the current folder), and what a test puts there. */
	folder: string;
	home: string;
	/** The current folder. */
	work: string;
	env: NodeJS.ProcessEnv;
	run(...words: string[]): Promise<Ran>;
	/** An archive of these files, as `npm pack` would make it. @returns its path */
	archive(name: string, files: Files): string;
	/** Files in a folder of their own. @returns its path */
	write(name: string, files: Files): string;
	remove(): void;
}

/** Neither node nor npm is among them. */
const TOOLS = ['sh', 'cat', 'ls', 'env', 'mkdir', 'rm'];

let mayUnshare: boolean | undefined;

/**
 * A fresh machine.
 * @param online whether it reaches this one; without, no address can be reached, where the kernel lets us see to that,
 * and else no registry
 */
export function aMachine({ online = false, program = [executable()], env = {} as NodeJS.ProcessEnv } = {}): Machine {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ke-machine-')));
	const [home, work, bin] = ['home', 'work', 'bin'].map((name) => join(folder, name)) as [string, string, string];
	for (const path of [home, work, bin]) mkdirSync(path);
	for (const tool of TOOLS) {
		const { stdout } = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
		symlinkSync(stdout.trim(), join(bin, tool));
	}
	mayUnshare ??= spawnSync('unshare', ['-n', 'true']).status === 0;
	const nowhere = 'http://127.0.0.1:9';
	const variables = {
		PATH: bin,
		HOME: home,
		KUBECONFIG: join(folder, 'no-kubeconfig'),
		...(!online && { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, npm_config_registry: nowhere }),
		...env,
	};
	// unshare itself is not on that PATH, and the program must be.
	const unshare = spawnSync('sh', ['-c', 'command -v unshare'], { encoding: 'utf8' }).stdout.trim();
	const line = [...(online || !mayUnshare ? [] : [unshare, '-n']), ...program];
	const write = (name: string, files: Files): string => {
		for (const [path, text] of Object.entries(files)) {
			const file = join(folder, name, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
		}
		return join(folder, name);
	};
	return {
		folder,
		home,
		work,
		env: variables,
		write,
		archive(name, files) {
			const file = join(folder, name);
			writeFileSync(file, packFiles(files));
			return file;
		},
		run: (...words) =>
			new Promise((resolve, reject) => {
				const [command = '', ...before] = line;
				const child = spawn(command, [...before, ...words], {
					cwd: work,
					env: variables,
					stdio: ['ignore', 'pipe', 'pipe'],
				});
				let [stdout, stderr] = ['', ''];
				child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
				child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
				child.on('error', reject);
				child.on('close', (code) => resolve({ code, stdout, stderr }));
			}),
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}

/** The fixture: a package with a toolkit in YAML, one as an object, and a command. */
export const ACME = fileURLToPath(new URL('../fixtures/acme', import.meta.url));

/** An extension package of these files, and of a package.json that names what of it oclif looks for. */
export function aPackage(name: string, files: Files, facts: object = {}): Files {
	const paths = Object.keys(files);
	const oclif = {
		...(paths.includes('toolkits.js') && { hooks: { toolkits: './toolkits.js' } }),
		...(paths.some((path) => path.startsWith('commands/')) && { commands: './commands' }),
	};
	return { 'package.json': JSON.stringify({ name, version: '1.0.0', type: 'module', oclif, ...facts }), ...files };
}

/** The module of a command that says its name and its argv. */
export function aCommand(summary = 'Says what it was given'): string {
	return `import { Command } from '@oclif/core';
export default class extends Command {
	static summary = ${JSON.stringify(summary)};
	static strict = false;
	async run() {
		this.log(JSON.stringify({ id: this.id, argv: this.argv }));
	}
}
`;
}

/** The module of a hook that gives one toolkit of this name, with what a test changes. */
export function aHook(name: string, changes: object = {}): string {
	const toolkit = {
		apiVersion: 'ephemeral/v1',
		kind: 'Toolkit',
		name,
		description: `Tools of ${name}`,
		image: 'busybox:1.36',
	};
	return `export default () => [${JSON.stringify({ ...toolkit, ...changes })}];\n`;
}
