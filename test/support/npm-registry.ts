import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Files, packFiles } from './archives.ts';

/** A registry of npm packages on this machine. */
export interface NpmRegistry {
	url: string;
	/** The paths asked for. */
	asked: string[];
	/**
	 * Publish a version; it is the latest from now on.
	 * @param as the name that the registry has it under
	 * @returns its integrity
	 */
	publish(files: Files, as?: string): string;
	/** Answer everything with an error. */
	fail(status: number): void;
	close(): Promise<void>;
}

/** @param token what `_authToken` of an .npmrc must say, where one is wanted */
export async function openRegistry(token?: string): Promise<NpmRegistry> {
	const archives = new Map<string, Buffer>();
	const packages = new Map<string, { name: string; 'dist-tags': object; versions: Record<string, object> }>();
	const asked: string[] = [];
	let status = 0;
	const server = createServer((request, response) => {
		const path = decodeURIComponent(request.url ?? '').slice(1);
		asked.push(path);
		const allowed = token === undefined || request.headers.authorization === `Bearer ${token}`;
		const body = archives.get(path) ?? JSON.stringify(packages.get(path));
		const code = status || (allowed ? (body === undefined ? 404 : 200) : 401);
		response.writeHead(code, { 'content-type': archives.has(path) ? 'application/octet-stream' : 'application/json' });
		response.end(code === 200 ? body : '{}');
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	return {
		url,
		asked,
		publish(files, as) {
			const facts = JSON.parse(files['package.json'] ?? '');
			const { version } = facts;
			const name: string = as ?? facts.name;
			const archive = packFiles(files);
			const path = `${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
			const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
			const shasum = createHash('sha1').update(archive).digest('hex');
			archives.set(path, archive);
			const versions = packages.get(name)?.versions ?? {};
			versions[version] = { ...facts, name, dist: { tarball: url + path, integrity, shasum } };
			packages.set(name, { name, 'dist-tags': { latest: version }, versions });
			return integrity;
		},
		fail(code) {
			status = code;
		},
		close: () => new Promise((resolve) => server.close(() => resolve())),
	};
}
