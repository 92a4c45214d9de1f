import * as fs from 'node:fs';
import { UsageError, UserError } from '../../errors.ts';
import type { Entry } from '../../formats/files/records.ts';
import { LocalFile, naming } from './local-file.ts';
import { LocalTree, partOf, Refused } from './local-tree.ts';
import { FollowedFile, type Receiving, ReceivingFile, Stream, type WriteOut } from './receiving.ts';

/** Where a download goes. */
export interface Destination {
	/** Whether what comes is one file, named itself. */
	readonly single: boolean;
	/** What an earlier command has left of that file. */
	resume(): Promise<Receiving | undefined>;
	/** @throws Refused, UserError; so do the next two */
	folder(entry: Entry): void;
	link(entry: Entry): void;
	file(entry: Entry): Receiving;
	/** Everything is there. */
	finish(): void;
}

/**
 * LOCAL as kubectl cp reads it: into an existing folder, or one whose name ends in a slash, under the base name; `-` is
 * standard output; anything else is the new name.
 *
 * @param sources paths in the pod
 * @param follow the file stays open and grows: it has its name from the start
 * @param origin where the sources are (namespace, pod, container): half a file is gone on with for the same one only
 * @throws UsageError when several sources have no folder to go to, UserError when the folder cannot be made
 */
export function openDestination(
	local: string,
	sources: readonly Buffer[],
	follow: boolean,
	out: WriteOut,
	origin = '',
): Destination {
	if (local === '-') return new StreamDestination(out, sources.length);
	const from = `${origin}\0${sources.join('\0')}`;
	// Windows knows both slashes, and the paths of the pod have this one.
	const named = process.platform === 'win32' ? local.replaceAll('\\', '/') : local;
	const path = named.replace(/(?<=.)\/+$/, '');
	const asFolder = path !== named;
	const stat = fs.statSync(path, { throwIfNoEntry: false });
	if (asFolder && stat === undefined) naming(Buffer.from(path), () => fs.mkdirSync(path));
	else if (asFolder && !stat?.isDirectory())
		throw new UserError(`${local} is no folder`, 'Without the slash it is replaced.');
	if (asFolder || stat?.isDirectory()) {
		const tree = new LocalTree(
			sources.map((source) => below(path, source)),
			from,
		);
		tree.give(Buffer.from(path));
		return new TreeDestination(
			tree,
			sources.length === 1 ? below(path, sources[0] ?? Buffer.alloc(0)) : undefined,
			follow,
			from,
		);
	}
	if (sources.length > 1)
		throw new UsageError(`several files cannot all be ${local}`, 'End it in a slash to make it a folder.');
	if (stat !== undefined && !stat.isFile()) {
		const descriptor = naming(Buffer.from(path), () => fs.openSync(path, fs.constants.O_WRONLY));
		return new StreamDestination((bytes) => {
			for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
			return undefined;
		}, 1);
	}
	return new TreeDestination(new LocalTree([Buffer.from(path)], from), Buffer.from(path), follow, from);
}

/** Where a source goes in a folder: under its base name; one without a base name (`/`, `..`) is the folder. */
function below(folder: string, source: Buffer): Buffer {
	const trimmed = source.toString('latin1').replace(/\/+$/, '');
	const base = trimmed.slice(trimmed.lastIndexOf('/') + 1);
	if (base === '' || base === '.' || base === '..') return Buffer.from(folder);
	return Buffer.concat([Buffer.from(folder === '/' ? '' : folder), Buffer.from('/'), Buffer.from(base, 'latin1')]);
}

class TreeDestination implements Destination {
	readonly #tree: LocalTree;
	/** Where the only source goes. */
	readonly #place: Buffer | undefined;
	readonly #follow: boolean;
	readonly #origin: string;
	single = false;

	constructor(tree: LocalTree, place: Buffer | undefined, follow: boolean, origin: string) {
		this.#tree = tree;
		this.#place = place;
		this.#follow = follow;
		this.#origin = origin;
	}

	async resume(): Promise<Receiving | undefined> {
		if (this.#place === undefined || this.#follow) return undefined;
		const file = await LocalFile.resume(partOf(this.#place, this.#origin), this.#place);
		if (file === undefined) return undefined;
		this.single = true;
		return new ReceivingFile(file, undefined, true);
	}

	folder(entry: Entry): void {
		this.#tree.folder(entry);
	}

	link(entry: Entry): void {
		this.#tree.link(entry);
	}

	file(entry: Entry): Receiving {
		this.single = entry.path.length === 0 && this.#place !== undefined;
		if (this.#follow) return new FollowedFile(this.#tree.place(entry));
		return new ReceivingFile(this.#tree.file(entry), this.#tree, entry.path.length === 0);
	}

	finish(): void {
		this.#tree.finish();
	}
}

class StreamDestination implements Destination {
	readonly #out: WriteOut;
	readonly single: boolean;

	constructor(out: WriteOut, sources: number) {
		this.#out = out;
		this.single = sources === 1;
	}

	async resume(): Promise<undefined> {
		return undefined;
	}

	folder(): void {
		throw new UserError('a folder cannot go to standard output', 'Name a folder on this machine.');
	}

	link(): void {
		throw new Refused('a link cannot go to standard output');
	}

	file(): Receiving {
		return new Stream(this.#out);
	}

	finish(): void {}
}
