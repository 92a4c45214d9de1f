import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Files by path from the package's folder. */
export type Files = Record<string, string>;

/** What `npm pack` would make of these files: a tar with everything under `package/`, compressed. */
export function packFiles(files: Files): Buffer {
	const parts = Object.entries(files).flatMap(([path, text]) => {
		const content = Buffer.from(text);
		return [header(`package/${path}`, content.length), content, Buffer.alloc(-content.length & 511)];
	});
	return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

/** The files of a folder. */
export function filesOf(folder: string): Files {
	const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	return Object.fromEntries(
		entries.map(({ name, parentPath }) => {
			const path = join(parentPath, name);
			return [path.slice(folder.length).replace(/^\//, ''), readFileSync(path, 'utf8')];
		}),
	);
}

/** The header of a regular file, as POSIX ustar has it. */
function header(path: string, size: number): Buffer {
	const block = Buffer.alloc(512);
	const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
	for (const [at, text] of [
		[0, path],
		[100, octal(0o644, 7)],
		[108, octal(0, 7)],
		[116, octal(0, 7)],
		[124, octal(size, 11)],
		[136, octal(0, 11)],
		[148, ' '.repeat(8)],
		[156, '0'],
		[257, 'ustar\x0000'],
	] as const)
		block.write(text, at, 'latin1');
	block.write(
		`${octal(
			block.reduce((sum, byte) => sum + byte, 0),
			6,
		)} `,
		148,
		'latin1',
	);
	return block;
}
