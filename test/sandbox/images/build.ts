import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export type Compiler = 'gcc' | 'musl-gcc';

/** A folder that is being made into an image's root file system. */
export class RootfsBuilder {
	readonly #root: string;

	constructor(root: string) {
		this.#root = root;
	}

	directory(path: string, mode = 0o755): this {
		mkdirSync(join(this.#root, path), { recursive: true });
		chmodSync(join(this.#root, path), mode);
		return this;
	}

	file(path: string, content: string, mode = 0o644): this {
		this.directory(dirname(path));
		// What stands there may be a hard link into another image.
		rmSync(join(this.#root, path), { force: true });
		writeFileSync(join(this.#root, path), content);
		chmodSync(join(this.#root, path), mode);
		return this;
	}

	link(path: string, target: string): this {
		symlinkSync(target, join(this.#root, path));
		return this;
	}

	/** Takes over all of another image, as hard links: no file of an image is ever written to. */
	tree(rootfs: string): this {
		execFileSync('cp', ['-al', `${rootfs}/.`, this.#root]);
		return this;
	}

	/** Compiles one C file of test/fixtures to `path`; `-L` and the like see the image through `root()`. */
	compile(path: string, compiler: Compiler, source: string, flags: string[]): this {
		const output = this.root(path);
		mkdirSync(dirname(output), { recursive: true });
		rmSync(output, { force: true });
		const words = ['-O1', '-o', output, join(FIXTURES, source), ...flags];
		try {
			execFileSync(compiler, words, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
		} catch (error) {
			const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
			throw absent ? new Error(`${compiler} is missing: install gcc and musl-tools`) : error;
		}
		return this;
	}

	/** The path of a file of test/fixtures. */
	fixture(path: string): string {
		return join(FIXTURES, path);
	}

	/** A path of the image as this process can open it. */
	root(path: string): string {
		return join(this.#root, path);
	}

	/** Copies what stands at that path on this machine, following links, to `path` (default: the same). */
	copy(source: string, path: string = source): this {
		const destination = join(this.#root, path);
		mkdirSync(dirname(destination), { recursive: true });
		if (!existsSync(destination)) {
			copyFileSync(realpathSync(source), destination);
		}
		return this;
	}
}

/**
 * A folder made once and kept: `make` fills it under another name, which is then given its own, so that two processes
 * may do it at the same time and no half-made folder is ever used.
 *
 * @param cache the folder that holds all such folders.
 * @param key says what is in it; a new key means a new folder.
 */
export function cachedRootfs(cache: string, key: string, make: (builder: RootfsBuilder) => void): string {
	const path = join(cache, key);
	if (!existsSync(path)) {
		mkdirSync(cache, { recursive: true });
		const draft = mkdtempSync(join(cache, `.${basename(key)}-`));
		chmodSync(draft, 0o755);
		make(new RootfsBuilder(draft));
		try {
			renameSync(draft, path);
		} catch (error) {
			rmSync(draft, { recursive: true, force: true });
			if (!existsSync(path)) {
				throw error;
			}
		}
	}
	return path;
}

/** What these files of test/fixtures hold, as a short name: an image made from them is made again when they change. */
export function contentKey(...fixtures: string[]): string {
	const hash = createHash('sha256');
	for (const fixture of fixtures) {
		hash.update(readFileSync(join(FIXTURES, fixture)));
	}
	return hash.digest('hex').slice(0, 12);
}

/** The names of what a busybox can do, its own left out. */
export function busyboxApplets(busybox: string): string[] {
	const names = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
	return names.filter((name) => name !== '' && name !== 'busybox');
}

/** The shared libraries and the loader that these programs need, as paths on this machine. */
export function sharedLibraries(programs: string[]): string[] {
	const output = execFileSync('sh', ['-c', 'ldd "$@" 2>/dev/null; true', 'sh', ...programs], { encoding: 'utf8' });
	return [...new Set(output.match(/\/[^\s:()]+\.so[^\s:()]*/g) ?? [])];
}

const FIXTURES = join(import.meta.dirname, '../../fixtures');
