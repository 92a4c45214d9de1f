import { printableLine } from '../../text/printable.ts';

/** Something that was asked for and is not there, and why. */
export interface Skipped {
	path: string;
	reason: string;
	/** It could not be copied though it is something that can be. */
	failed: boolean;
}

/** What a transfer has done. */
export interface TransferOutcome {
	/** Files that are whole at the other end. */
	files: number;
	/** Bytes of their content, holes included. */
	bytes: number;
	/** Of the content, in hexadecimal, if a single file was asked for. */
	sha256: string | undefined;
	/** Times that the connection was cut and the transfer went on. */
	resumed: number;
	skipped: Skipped[];
	/** What went through, with something to be known about it. */
	remarks: Skipped[];
}

/** So many problems are kept; a pod must not be able to fill this machine's memory with them. */
const LIMIT = 10_000;

/** Adds a problem to those that are kept. */
export function keep(list: Skipped[], problem: Skipped): void {
	if (list.length < LIMIT) list.push(problem);
	else if (list.length === LIMIT) list.push({ path: '…', reason: 'and more', failed: problem.failed });
}

export function emptyOutcome(): TransferOutcome {
	return { files: 0, bytes: 0, sha256: undefined, resumed: 0, skipped: [], remarks: [] };
}

/** A path of bytes as text for people: what is not UTF-8 and what controls a terminal is made visible. */
export function sayPath(...parts: Buffer[]): string {
	return printableLine(
		parts
			.filter((part) => part.length > 0)
			.join('/')
			.replaceAll('\n', '␊'),
	);
}

/** Adds what another transfer of the same command has done; the digest is only one file's. */
export function addOutcome(to: TransferOutcome, other: TransferOutcome): void {
	to.sha256 = to.files === 0 && other.files === 1 ? other.sha256 : undefined;
	to.files += other.files;
	to.bytes += other.bytes;
	to.resumed += other.resumed;
	to.skipped.push(...other.skipped);
	to.remarks.push(...other.remarks);
}
