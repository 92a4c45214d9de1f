import { gunzipSync } from 'node:zlib';
import { isMapping } from '../toolkit/fields.ts';
import { isPackageName } from './asked.ts';

/** What must be known of an archive before it is installed. */
export interface ArchiveFacts {
	/** A valid name of an npm package. */
	name: string;
	/** Packages that it wants and that are not fetched: those in the archive itself, and its peers. */
	provided: string[];
}

/** Bytes of the largest archive, uncompressed. */
const LARGEST = 1 << 29;

/** What an archive of `npm pack` says about itself; undefined for what is none. */
export function readArchive(bytes: Uint8Array): ArchiveFacts | undefined {
	const facts = packageJson(bytes);
	if (!isMapping(facts) || typeof facts.name !== 'string' || !isPackageName(facts.name)) return undefined;
	const { name, dependencies, peerDependencies, bundleDependencies, bundledDependencies } = facts;
	const bundled = bundleDependencies ?? bundledDependencies;
	const inside = bundled === true ? keysOf(dependencies) : Array.isArray(bundled) ? bundled : [];
	return { name, provided: [...inside, ...keysOf(peerDependencies)].filter((one) => typeof one === 'string') };
}

function keysOf(value: unknown): string[] {
	return isMapping(value) ? Object.keys(value) : [];
}

/** The value of the package.json in the archive's only folder. */
function packageJson(bytes: Uint8Array): unknown {
	try {
		const tar = gunzipSync(bytes, { maxOutputLength: LARGEST });
		for (let at = 0; at + 512 <= tar.length; ) {
			const field = (from: number, length: number): string =>
				tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
			const size = Number.parseInt(field(124, 12), 8) || 0;
			if (/^[^/]+\/package\.json$/.test(field(0, 100)) && field(345, 155) === '')
				return JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
			at += 512 + Math.ceil(size / 512) * 512;
		}
	} catch {
		// Neither gzip nor JSON: no archive of a package.
	}
	return undefined;
}
