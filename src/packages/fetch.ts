import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { printableLine } from '../text/printable.ts';
import { parseYaml } from '../text/yaml.ts';
import { isMapping } from '../toolkit/fields.ts';
import { readArchive } from './archive.ts';
import type { Asked } from './asked.ts';

/** What was fetched: the package's folder, and what its archive was. */
export interface Fetched {
	/** node_modules/NAME of the folder it was fetched into. */
	root: string;
	/** `sha512-…`; empty where the registry says none. */
	integrity: string;
}

/** Packages that the program itself is for extension packages: they are not fetched, and what is imported is ours (host.ts). */
const OURS = ['@oclif/core', 'kubectl-ephemeral'];

const ARCHIVE = 'package.tgz';

/**
 * Fetch a package and what it depends on into an empty folder, none of their scripts run.
 *
 * The executable acts as bun for it, so that neither node nor npm need be there; under Node it is npm. Both run in that
 * folder, so that nothing of the user's current one acts on them; `~/.npmrc` does.
 * @param log gets what the package manager said, line by line
 * @throws UserError with what the package manager says
 */
export async function fetchPackage(asked: Asked, folder: string, log: (line: string) => void): Promise<Fetched> {
	const wanted =
		'file' in asked ? await takeArchive(asked.file, folder) : { ...asked, provided: [], integrity: undefined };
	const { name, range, provided, integrity } = wanted;
	const what = 'file' in asked ? asked.file : `${name}@${range}`;
	const overrides = process.versions.bun ? await standIns(folder, name, provided) : {};
	const facts = { private: true, dependencies: { [name]: range }, overrides };
	await writeFile(join(folder, 'package.json'), JSON.stringify(facts));
	await (process.versions.bun ? runBun : runNpm)(folder, what, log);
	for (const rest of ['.cache', ARCHIVE]) await rm(join(folder, rest), { recursive: true, force: true });
	return { root: join(folder, 'node_modules', name), integrity: integrity ?? (await lockedIntegrity(folder, name)) };
}

/** A copy of an archive, so that what is installed is what the hash is of. */
async function takeArchive(
	file: string,
	folder: string,
): Promise<{ name: string; range: string; provided: string[]; integrity: string }> {
	const bytes = await readFile(file);
	const archive = readArchive(bytes);
	if (!archive) throw new UserError(`${file} is no package`, 'kubectl ephemeral installs what npm pack made of one.');
	await writeFile(join(folder, ARCHIVE), bytes);
	const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
	return { ...archive, range: `file:./${ARCHIVE}`, integrity };
}

/**
 * Bun asks the registry about every peer, also about those it leaves out, and about packages that an archive brings
 * itself; without a network that fails. They are replaced by an empty package, which costs nothing.
 */
async function standIns(folder: string, name: string, provided: string[]): Promise<object> {
	await mkdir(join(folder, 'host'));
	await writeFile(join(folder, 'host/package.json'), JSON.stringify({ name: 'host', version: '0.0.0' }));
	const all = (names: string[]): object => Object.fromEntries(names.map((one) => [one, 'file:./host']));
	const others = provided.filter((one) => !OURS.includes(one));
	return { ...all(OURS), ...(others.length > 0 && { [name]: all(others) }) };
}

function runBun(folder: string, what: string, log: (line: string) => void): Promise<void> {
	const words = ['install', '--ignore-scripts', '--omit', 'peer', '--linker', 'hoisted', '--no-progress'];
	return run(process.execPath, words, folder, what, log, {
		BUN_BE_BUN: '1',
		// A cache of its own: one that is shared answers for an archive of the same name that has changed.
		BUN_INSTALL_CACHE_DIR: join(folder, '.cache'),
	});
}

function runNpm(folder: string, what: string, log: (line: string) => void): Promise<void> {
	const words = ['install', '--ignore-scripts', '--legacy-peer-deps', '--omit', 'dev', '--no-audit', '--no-fund'];
	return run('npm', [...words, '--loglevel', 'error'], folder, what, log, {});
}

/** @throws UserError with the last that the program said */
async function run(
	program: string,
	words: string[],
	folder: string,
	what: string,
	log: (line: string) => void,
	env: Record<string, string>,
): Promise<void> {
	const child = spawn(program, words, {
		cwd: folder,
		env: { ...process.env, PWD: folder, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
		// npm is a batch file there; no word of ours is a user's.
		shell: process.platform === 'win32' && program === 'npm',
	});
	let said = '';
	for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
	const code = await new Promise<number | string>((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (status, signal) => resolve(status ?? signal ?? 1));
	}).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'ENOENT') throw error;
		throw new UserError(`${what} cannot be installed: there is no ${program} on PATH`, undefined, { cause: error });
	});
	// An address of a registry may hold a password.
	const lines = said
		.replace(/(\/\/)[^/@\s]+@/g, '$1')
		.split('\n')
		.filter((line) => line.trim() !== '');
	for (const line of lines) log(`${program === 'npm' ? 'npm' : 'bun'}: ${line}`);
	if (code === 0) return;
	const told = lines.map((line) => /^(?:npm )?err(?:or)?[:!]* (?:code )?(.*)/i.exec(line)?.[1]).filter(Boolean);
	throw new UserError(
		`${what} cannot be installed: ${printableLine(told.join('; ') || lines.at(-1) || `it ended with ${code}`)}`,
		'-v=6 shows all that the package manager said.',
	);
}

/** What the lock file says the archive of a package is. */
async function lockedIntegrity(folder: string, name: string): Promise<string> {
	const files = await readdir(folder);
	const isBun = files.includes('bun.lock');
	const file = join(folder, isBun ? 'bun.lock' : 'package-lock.json');
	// bun.lock is JSON with commas behind the last members, which YAML allows as well.
	const lock = await parseYaml(await readFile(file, 'utf8'), file);
	if (!isMapping(lock) || !isMapping(lock.packages)) return '';
	const entry = lock.packages[isBun ? name : `node_modules/${name}`];
	const integrity = Array.isArray(entry) ? entry.at(-1) : isMapping(entry) ? entry.integrity : '';
	return typeof integrity === 'string' && /^sha\d+-/.test(integrity) ? integrity : '';
}
