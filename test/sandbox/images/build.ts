import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	realpathSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

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
		writeFileSync(join(this.#root, path), content);
		chmodSync(join(this.#root, path), mode);
		return this;
	}

	link(path: string, target: string): this {
		symlinkSync(target, join(this.#root, path));
		return this;
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

/** The shared libraries and the loader that these programs need, as paths on this machine. */
export function sharedLibraries(programs: string[]): string[] {
	const output = execFileSync('sh', ['-c', 'ldd "$@" 2>/dev/null; true', 'sh', ...programs], { encoding: 'utf8' });
	return [...new Set(output.match(/\/[^\s:()]+\.so[^\s:()]*/g) ?? [])];
}
