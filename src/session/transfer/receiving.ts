import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { UserError } from '../../errors.ts';
import type { Entry } from '../../formats/files/records.ts';
import { type LocalFile, naming } from './local-file.ts';
import type { LocalTree } from './local-tree.ts';

/** A file that is coming in. */
export interface Receiving {
	/** Bytes of it that are there. */
	readonly at: number;
	write(bytes: Uint8Array): Promise<void> | undefined;
	/** So many zeros. */
	hole(length: number): Promise<void>;
	/** The SHA-256 of what is there. */
	digest(): Buffer;
	/** It comes from its start again. @throws UserError where what was written cannot be taken back */
	rewind(): void;
	/** The file at the other end began anew: its new content is written after the old. */
	anew(): void;
	finish(entry: Entry): void;
	/** `keep`: a later command may go on with it. */
	abandon(keep: boolean): void;
}

/** Writes bytes to standard output; a promise holds the sender back. */
export type WriteOut = (bytes: Uint8Array) => Promise<void> | undefined;

/** A file of a tree, written under a temporary name. */
export class ReceivingFile implements Receiving {
	readonly #file: LocalFile;
	readonly #tree: LocalTree | undefined;
	readonly #named: boolean;

	/** @param named it was named itself: half of it can be found again */
	constructor(file: LocalFile, tree: LocalTree | undefined, named: boolean) {
		this.#file = file;
		this.#tree = tree;
		this.#named = named;
	}

	get at(): number {
		return this.#file.at;
	}

	write(bytes: Uint8Array): undefined {
		this.#file.write(bytes);
	}

	hole(length: number): Promise<void> {
		return this.#file.hole(length);
	}

	digest(): Buffer {
		return this.#file.digest();
	}

	rewind(): void {
		this.#file.rewind();
	}

	anew(): void {
		this.#file.rewind();
	}

	finish(entry: Entry): void {
		const identity = this.#file.identity();
		this.#file.finish(entry);
		this.#tree?.finished(entry, identity);
	}

	abandon(keep: boolean): void {
		this.#file.abandon(keep && this.#named && this.#file.at > 0);
	}
}

/** What cannot be taken back: standard output, a device, a pipe. */
export class Stream implements Receiving {
	readonly #out: WriteOut;
	#hash = createHash('sha256');
	at = 0;

	constructor(out: WriteOut) {
		this.#out = out;
	}

	write(bytes: Uint8Array): Promise<void> | undefined {
		this.#hash.update(bytes);
		this.at += bytes.length;
		return this.#out(bytes);
	}

	async hole(length: number): Promise<void> {
		const zeros = Buffer.alloc(Math.min(length, 256 * 1024));
		for (let left = length; left > 0; left -= zeros.length)
			await this.write(zeros.subarray(0, Math.min(left, zeros.length)));
	}

	digest(): Buffer {
		return this.#hash.copy().digest();
	}

	rewind(): void {
		throw new UserError(
			'the file changed while it was fetched, and what was written already cannot be taken back',
			'Fetch it to a file: there it begins anew by itself.',
		);
	}

	anew(): void {
		this.#hash = createHash('sha256');
		this.at = 0;
	}

	finish(_entry: Entry): void {}

	abandon(_keep: boolean): void {}
}

/** A file that is followed: it grows under its own name. */
export class FollowedFile extends Stream {
	readonly #descriptor: number;

	constructor(path: Buffer) {
		const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
		const descriptor = naming(path, () => {
			// What stands there is replaced and not written through.
			if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) fs.unlinkSync(path);
			return fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
		});
		super((bytes) => {
			naming(path, () => {
				for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
			});
			return undefined;
		});
		this.#descriptor = descriptor;
	}

	override finish(entry: Entry): void {
		fs.fchmodSync(this.#descriptor, entry.mode & 0o777);
		fs.closeSync(this.#descriptor);
	}

	override abandon(): void {
		fs.closeSync(this.#descriptor);
	}
}
