import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** Bytes that one hash of a CodeDirectory covers. */
const PAGE = 4096;

/** Mach-O load commands (mach-o/loader.h). */
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const CPU_ARM64 = 0x0100000c;

/** Blob magics, CodeDirectory version and flags (XNU, osfmk/kern/cs_blobs.h). */
const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const WITH_EXEC_SEGMENT = 0x20400;
const ADHOC_LINKER_SIGNED = 0x20002;
const HEADER = 88;

/**
 * Sign a thin 64-bit Mach-O in place, ad hoc, on any system: Apple Silicon runs nothing unsigned, and what
 * `bun build --compile` leaves on the x64 executable is the signature of the runtime without our payload.
 *
 * @throws Error when the file is none, or its signature is not the last thing in it
 */
export function signMachO(file: string, identifier: string): void {
	const data = readFileSync(file);
	const { signature, linkedit, text, arm } = findCommands(data, file);
	const codeLimit = data.readUInt32LE(signature + 8);
	if (codeLimit + data.readUInt32LE(signature + 12) !== data.length) {
		throw new Error(`${file}: the signature is not at the end`);
	}
	const id = Buffer.from(`${identifier}\0`);
	const pages = Math.ceil(codeLimit / PAGE);
	const directoryLength = HEADER + id.length + pages * 32;
	const size = (20 + directoryLength + 15) & ~15;
	// The load commands first: they lie in the first page, which is hashed like the others.
	data.writeUInt32LE(size, signature + 12);
	const linkeditSize = BigInt(codeLimit) - data.readBigUInt64LE(linkedit + 40) + BigInt(size);
	const unit = arm ? 0x4000n : 0x1000n;
	data.writeBigUInt64LE(linkeditSize, linkedit + 48);
	data.writeBigUInt64LE(((linkeditSize + unit - 1n) / unit) * unit, linkedit + 32);
	const blob = Buffer.alloc(size);
	[EMBEDDED_SIGNATURE, 20 + directoryLength, 1, 0, 20].forEach((word, i) => {
		blob.writeUInt32BE(word, i * 4);
	});
	writeDirectory(blob.subarray(20), {
		id,
		pages,
		codeLimit,
		directoryLength,
		segment: data.subarray(text + 40, text + 56),
	});
	for (let page = 0; page < pages; page++) {
		const bytes = data.subarray(page * PAGE, Math.min((page + 1) * PAGE, codeLimit));
		createHash('sha256')
			.update(bytes)
			.digest()
			.copy(blob, 20 + HEADER + id.length + page * 32);
	}
	writeFileSync(file, Buffer.concat([data.subarray(0, codeLimit), blob]));
}

interface DirectoryFacts {
	id: Buffer;
	pages: number;
	codeLimit: number;
	directoryLength: number;
	/** File offset and size of __TEXT, little-endian as in the load command. */
	segment: Buffer;
}

function writeDirectory(directory: Buffer, { id, pages, codeLimit, directoryLength, segment }: DirectoryFacts): void {
	const words = [
		CODE_DIRECTORY,
		directoryLength,
		WITH_EXEC_SEGMENT,
		ADHOC_LINKER_SIGNED,
		HEADER + id.length,
		HEADER,
		0,
		pages,
		codeLimit,
	];
	for (const [i, word] of words.entries()) directory.writeUInt32BE(word, i * 4);
	// 32-byte hashes, SHA-256, no platform, pages of 2^12.
	directory.set([32, 2, 0, 12], 36);
	directory.writeBigUInt64BE(segment.readBigUInt64LE(0), 64);
	directory.writeBigUInt64BE(segment.readBigUInt64LE(8), 72);
	// The main executable.
	directory.writeBigUInt64BE(1n, 80);
	id.copy(directory, HEADER);
}

function findCommands(data: Buffer, file: string): { signature: number; linkedit: number; text: number; arm: boolean } {
	if (data.readUInt32LE(0) !== 0xfeedfacf) throw new Error(`${file} is no thin 64-bit Mach-O`);
	let [signature, linkedit, text] = [0, 0, 0];
	let at = 32;
	for (let i = 0; i < data.readUInt32LE(16); i++) {
		const command = data.readUInt32LE(at);
		if (command === LC_CODE_SIGNATURE) signature = at;
		if (command === LC_SEGMENT_64) {
			const name = data.toString('latin1', at + 8, at + 24).replace(/\0+$/, '');
			if (name === '__LINKEDIT') linkedit = at;
			if (name === '__TEXT') text = at;
		}
		at += data.readUInt32LE(at + 4);
	}
	if (!signature || !linkedit || !text) throw new Error(`${file} has no signature, __LINKEDIT or __TEXT`);
	return { signature, linkedit, text, arm: data.readInt32LE(4) === CPU_ARM64 };
}
