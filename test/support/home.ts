import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { executable } from './executable.ts';

/** A home folder of a test's own, and the program under test as it runs there. */
export interface Home {
	folder: string;
	/** The user's own toolkits. */
	toolkits: string;
	/** What the program is given, and nothing else of the tests' own environment. */
	env: NodeJS.ProcessEnv;
	/** Writes a file; a relative path is one of this home. Not to be written by others, and executable if it is a script. */
	write(path: string, text: string | Uint8Array): string;
	/** Runs the program. */
	run(words: string[], options?: { env?: NodeJS.ProcessEnv; cwd?: string }): HomeRun;
	/** Agrees to a toolkit by the digest that it has now. */
	trust(name: string, options?: { env?: NodeJS.ProcessEnv }): HomeRun;
	remove(): void;
}

export interface HomeRun {
	code: number | null;
	stdout: string;
	stderr: string;
	/** Milliseconds. */
	ms: number;
}

/** An empty home. */
export function aHome(): Home {
	const folder = mkdtempSync(join(tmpdir(), 'ke-home-'));
	const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, 'absent') };
	return {
		folder,
		toolkits: join(folder, '.config/kubectl-ephemeral/toolkits'),
		env,
		write(path, text) {
			const file = path.startsWith('/') ? path : join(folder, path);
			mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
			writeFileSync(file, text);
			chmodSync(file, Buffer.from(text).subarray(0, 2).toString() === '#!' ? 0o755 : 0o644);
			return file;
		},
		run(words, options = {}) {
			const began = performance.now();
			const { status, stdout, stderr } = spawnSync(executable(), words, {
				env: { ...env, ...options.env },
				cwd: options.cwd ?? folder,
				input: '',
				encoding: 'utf8',
				maxBuffer: 64 << 20,
			});
			return { code: status, stdout, stderr, ms: performance.now() - began };
		},
		trust(name, options = {}) {
			const { stdout, stderr } = this.run(['toolkits', 'show', name, '-o', 'json'], options);
			const digest = /"digest": "(sha256:\w+)"/.exec(stdout)?.[1];
			if (digest === undefined) throw new Error(`${name} has no digest: ${stdout}${stderr}`);
			return this.run(['toolkits', 'trust', `${name}@${digest}`], options);
		},
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}

/** The text of a toolkit that is right, with more lines behind. */
export function toolkitYaml(name: string, more = ''): string {
	return `apiVersion: ephemeral/v1\nkind: Toolkit\nname: ${name}\ndescription: Tools for ${name}\nimage: registry.test/${name}:1\n${more}`;
}

/** The text of a set of recipes. */
export function recipesYaml(name: string, more = ''): string {
	return `apiVersion: ephemeral/v1\nkind: Recipes\nname: ${name}\ndescription: Recipes of ${name}\n${more}`;
}

export const SCRIPT = '#!/bin/sh\necho hello\n';
