import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ApiServer, type Seen, startApiServer } from './api-server.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import type { Job } from './driver.ts';
import { type DriverRun, type Runtime, runDriver } from './run-driver.ts';

/** What a test of the transport stands on: a folder, certificates, a server. */
export interface Ground {
	folder: string;
	certificates: Certificates;
	api: ApiServer;
	/** `https://127.0.0.1:PORT` of the server. */
	url: string;
	/** Writes a file under the folder and returns its path; executable if it begins with `#!`. */
	write(name: string, content: string | object): string;
	/** Runs a job whose steps are one GET of /seen, if it names none, and returns what the server saw of it. */
	get(runtime: Runtime, job: Job, env?: Record<string, string>): Promise<DriverRun & { seen: Seen | undefined }>;
	close(): Promise<void>;
}

export async function layGround(): Promise<Ground> {
	const folder = mkdtempSync(join(tmpdir(), 'ke-cluster-'));
	mkdirSync(join(folder, 'pki'));
	const certificates = makeCertificates(join(folder, 'pki'));
	const api = await startApiServer(certificates);
	return {
		folder,
		certificates,
		api,
		url: `https://127.0.0.1:${api.port}`,
		write(name, content) {
			const file = join(folder, name);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, '\t'));
			if (typeof content === 'string' && content.startsWith('#!')) chmodSync(file, 0o755);
			return file;
		},
		async get(runtime, job, env) {
			api.seen.length = 0;
			const run = await runDriver(runtime, { steps: [{ request: { path: '/seen' } }], ...job }, env);
			return { ...run, seen: api.seen[0] };
		},
		async close() {
			await api.close();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** A kubeconfig of one context `main`, with cluster and user as given. */
export function kubeconfig(cluster: object, user: object = {}, context: object = {}): object {
	return {
		apiVersion: 'v1',
		kind: 'Config',
		'current-context': 'main',
		contexts: [{ name: 'main', context: { cluster: 'main', user: 'me', ...context } }],
		clusters: [{ name: 'main', cluster }],
		users: [{ name: 'me', user }],
	};
}
