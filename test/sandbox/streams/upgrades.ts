import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Authorizer, User } from '../access/authorizer.ts';
import { parseResourceRequest, type ResourceRequest } from '../api/path.ts';
import type { Pod } from '../api/pod.ts';
import type { LoggedRequest } from '../api/request-log.ts';
import { refuseUpgrade } from '../api/server.ts';
import { forbidden, noSuchResource, notFound } from '../api/status.ts';
import type { Store } from '../api/store.ts';
import type { Misbehaviour } from '../misbehaviour.ts';
import type { Kubelet } from '../node/kubelet.ts';
import type { Runtime } from '../node/runtime.ts';
import { attach } from './attach.ts';
import { type AcceptedSocket, acceptWebSocket } from './channels.ts';
import { exec } from './exec.ts';
import { forwardPorts, TUNNEL_PROTOCOL } from './port-forward.ts';
import { StreamError } from './stream-error.ts';

export interface UpgradeParts {
	store: Store;
	authorizer: Authorizer;
	kubelet: Kubelet;
	runtime: Runtime;
	misbehaviour: Misbehaviour;
	identify: (request: IncomingMessage) => User;
}

/** What a stream works with once it may be opened. */
export interface StreamRequest {
	pod: Pod;
	query: URLSearchParams;
	parts: UpgradeParts;
	/** Completes the handshake; to be called once it is certain that the stream can be served. */
	open: () => Promise<AcceptedSocket>;
}

/** exec, attach and port-forward: requests that become streams. */
export class Upgrades {
	readonly #parts: UpgradeParts;
	readonly #open = new Set<Duplex>();

	constructor(parts: UpgradeParts) {
		this.#parts = parts;
	}

	/** @throws {ApiError} for the server to send instead of the upgrade. */
	async handle(request: IncomingMessage, socket: Duplex, head: Buffer, entry: LoggedRequest): Promise<void> {
		const { misbehaviour, store } = this.#parts;
		const user = this.#parts.identify(request);
		entry.user = user.name;
		const wanted = parseResourceRequest(request.method ?? '', new URL(request.url ?? '/', 'https://sandbox'));
		const { type, subresource, name = '', namespace } = wanted ?? {};
		if (!wanted || type?.plural !== 'pods' || !STREAMS.includes(subresource ?? '')) {
			throw noSuchResource();
		}
		entry.verb = wanted.verb;
		if (misbehaviour.refuseUpgrade) {
			const {
				status,
				contentType = 'text/html',
				body = '<html><body>Bad Gateway</body></html>',
			} = misbehaviour.refuseUpgrade;
			entry.status = status;
			refuseUpgrade(socket, status, contentType, body);
			return;
		}
		this.#authorize(user, wanted);
		const pod = store.get('pods', namespace, name) as Pod | undefined;
		if (!pod) {
			throw notFound('pods', name);
		}
		const protocol = this.#choose(entry.protocols, subresource ?? '');
		if (protocol === undefined) {
			entry.status = 403;
			refuseUpgrade(socket, 403, 'text/plain; charset=utf-8', '');
			return;
		}
		this.#open.add(socket);
		socket.on('close', () => this.#open.delete(socket));
		const open = async () => {
			entry.status = 101;
			return await acceptWebSocket(request, socket, head, protocol);
		};
		try {
			await SERVE[subresource as keyof typeof SERVE]({ pod, query: wanted.query, parts: this.#parts, open });
		} catch (error) {
			if (!(error instanceof StreamError)) {
				throw error;
			}
			entry.status = error.status;
			refuseUpgrade(socket, error.status, 'text/plain; charset=utf-8', error.message);
		}
	}

	/** Cuts every open stream; returns how many there were. */
	cut(): number {
		const count = this.#open.size;
		for (const socket of this.#open) {
			socket.destroy();
		}
		return count;
	}

	/** A WebSocket starts as a GET and needs `create` as well (since 1.35). */
	#authorize(user: User, wanted: ResourceRequest): void {
		const { authorizer, misbehaviour } = this.#parts;
		const { type, subresource, namespace, name, verb } = wanted;
		authorizer.check(user, { verb, type, subresource, namespace, name });
		const create = authorizer.allows(user, { verb: 'create', type, subresource, namespace, name });
		if (!create || misbehaviour.forbidUpgrade) {
			throw forbidden('pods', name ?? '', '');
		}
	}

	#choose(offered: string[], subresource: string): string | undefined {
		const spoken =
			subresource === 'portforward' ? PORT_FORWARD_PROTOCOLS : this.#parts.misbehaviour.v4Only ? V4 : V5_AND_V4;
		return spoken.find((protocol) => offered.includes(protocol));
	}
}

const STREAMS = ['exec', 'attach', 'portforward'];
const SERVE = { exec, attach, portforward: forwardPorts };
const V4 = ['v4.channel.k8s.io'];
const V5_AND_V4 = ['v5.channel.k8s.io', ...V4];
const PORT_FORWARD_PROTOCOLS = [TUNNEL_PROTOCOL, ...V4];
