import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Authorizer } from './access/authorizer.ts';
import { CertificateAuthority } from './access/certificates.ts';
import { Users } from './access/users.ts';
import { Handler } from './api/handler.ts';
import { ApiServer } from './api/server.ts';
import { Store } from './api/store.ts';
import { Writes } from './api/writes.ts';
import { Controllers } from './controllers/controllers.ts';
import { createFirstObjects } from './first-objects.ts';
import { Registry } from './images/registry.ts';
import { addStandardImages, pauseImage } from './images/standard.ts';
import { cgroupName, folderPrefix, removeLeftovers } from './leftovers.ts';
import { goodBehaviour, type Misbehaviour } from './misbehaviour.ts';
import { Kubelet } from './node/kubelet.ts';
import { Node } from './node/node.ts';
import { Runtime } from './node/runtime.ts';
import { PodAdmission } from './pods/admission.ts';
import type { SandboxOptions } from './sandbox.ts';
import { Upgrades } from './streams/upgrades.ts';

export const NODE_NAME = 'node1';

/** The running parts of a stand-in cluster. */
export interface Cluster {
	directory: string;
	server: string;
	ca: CertificateAuthority;
	misbehaviour: Misbehaviour;
	store: Store;
	registry: Registry;
	authorizer: Authorizer;
	users: Users;
	writes: Writes;
	runtime: Runtime;
	kubelet: Kubelet;
	upgrades: Upgrades;
	api: ApiServer;
	stop: () => Promise<void>;
}

/**
 * Puts the parts together and starts them.
 * @throws {NoNamespaces} where the node cannot be made.
 */
export async function startCluster(options: SandboxOptions): Promise<Cluster> {
	await removeLeftovers();
	const directory = mkdtempSync(folderPrefix());
	chmodSync(directory, 0o755);
	let node: Node | undefined;
	try {
		node = await Node.start(directory, cgroupName(randomBytes(4).toString('hex')));
		return await assemble(options, directory, node);
	} catch (error) {
		await node?.stop();
		rmSync(directory, { recursive: true, force: true });
		throw error;
	}
}

async function assemble(options: SandboxOptions, directory: string, node: Node): Promise<Cluster> {
	const pki = join(directory, 'pki');
	mkdirSync(pki, { mode: 0o700 });
	const ca = await CertificateAuthority.create(pki);
	const users = new Users(ca);
	const [serverFiles] = await Promise.all([
		ca.issueServer(),
		users.addWithCertificate('admin', ['system:masters']),
		users.addWithCertificate('dev-user', ['devs']),
	]);

	const misbehaviour = { ...goodBehaviour(), capabilities: options.runtime ?? 'containerd' };
	const store = new Store();
	const registry = new Registry();
	const runtime = new Runtime(node);
	addStandardImages(registry, IMAGE_CACHE);
	const authorizer = new Authorizer(() => misbehaviour.denied);
	const writes = new Writes(store, new PodAdmission(store, misbehaviour));
	const kubelet = new Kubelet({
		store,
		runtime,
		registry,
		misbehaviour,
		pause: pauseImage(IMAGE_CACHE),
		logs: join(directory, 'logs'),
		crashBackoffMs: options.crashBackoffMs ?? { first: 500, last: 4000 },
		pullBackoffMs: options.pullBackoffMs ?? 500,
		longestGraceMs: options.longestGraceMs ?? 1000,
		log: options.log ?? (() => undefined),
	});
	const controllers = new Controllers(store, writes, NODE_NAME);
	const handler = new Handler({ store, users, authorizer, writes, kubelet });
	const identify = handler.identify.bind(handler);
	const upgrades = new Upgrades({ store, authorizer, kubelet, runtime, misbehaviour, identify });
	const api = new ApiServer(
		{ ca: ca.files('ca').cert, server: serverFiles },
		misbehaviour,
		handler.handle.bind(handler),
		upgrades.handle.bind(upgrades),
	);
	createFirstObjects(store, ca.files('ca').cert, node.ip);
	const server = await api.listen();
	const stop = async () => {
		controllers.stop();
		kubelet.stop();
		await api.close();
		await node.stop();
		rmSync(directory, { recursive: true, force: true });
	};
	return {
		directory,
		server,
		ca,
		misbehaviour,
		store,
		registry,
		authorizer,
		users,
		writes,
		runtime,
		kubelet,
		upgrades,
		api,
		stop,
	};
}

/** Where the folders of images are kept from one start to the next. */
const IMAGE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/sandbox-images');
