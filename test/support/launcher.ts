import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const inside = fileURLToPath(new URL('../../src/inside/', import.meta.url));

/** Compile C files; a bare name is one of test/inside. */
export function compileC(sources: string[], out: string, flags: string[] = []): string {
	const files = sources.map((file) =>
		basename(file) === file ? fileURLToPath(new URL(`../inside/${file}`, import.meta.url)) : file,
	);
	execFileSync('gcc', ['-std=gnu11', '-O1', '-g', ...flags, ...files, '-o', out], { stdio: 'pipe' });
	return out;
}

/** The launcher from its source, with every check that the compiler can put into it: what fails one ends with 99. */
export function compileChecked(out: string): string {
	const flags = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-Wall', '-Wextra', '-Werror'];
	return compileC(globSync(join(inside, '*.c')), out, flags);
}

/** How a program checked so tells its faults; leaks of a program that is about to end are none. */
export const CHECKED = {
	ASAN_OPTIONS: 'detect_leaks=0:exitcode=99:handle_segv=0',
	UBSAN_OPTIONS: 'exitcode=99',
};

/** Let a launcher install itself with what is on `path`. @returns its folder's name */
export function installLauncher(launcher: string, folder: string, path: string, through: string[] = []): string {
	// By this name only it takes that verb.
	const copy = join(dirname(folder), `.ke-new-${basename(folder)}`);
	copyFileSync(launcher, copy);
	const [program = '', ...words] = [...through, copy, 'install', folder];
	execFileSync(program, words, { env: { ...CHECKED, PATH: path }, stdio: 'pipe' });
	return folder;
}

/** Run something to its end, in an environment of its own. */
export function runProgram(words: string[], input: Uint8Array | string = '', env = {}): SpawnSyncReturns<string> {
	const [program = '', ...rest] = words;
	return spawnSync(program, rest, {
		input,
		env: { ...CHECKED, PATH: process.env.PATH, ...env },
		encoding: 'utf8',
		timeout: 20_000,
	});
}
