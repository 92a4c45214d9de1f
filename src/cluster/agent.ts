import { type Agent, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { getCACertificates, connect as tlsConnect } from 'node:tls';
import { socksTunnel } from './socks.ts';

const kept = new Map<string, Agent>();

/** The agent for a server, through a proxy or not. Agents and their open connections live as long as the process. */
export function agentFor(server: URL, proxy: URL | undefined): Agent {
	const name = `${server.protocol} ${proxy?.href ?? ''}`;
	const agent = kept.get(name) ?? newAgent(server, proxy);
	kept.set(name, agent);
	return agent;
}

function newAgent(server: URL, proxy: URL | undefined): Agent {
	const isTls = server.protocol === 'https:';
	if (proxy === undefined) return isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
	return isTls ? new TunnelledTls(proxy) : new Tunnelled(proxy);
}

/** Node's callback, which gets a socket or an error. */
type Connected = (error: Error | null, socket: Duplex) => void;
interface Target {
	host: string;
	port: number | string;
	ca?: string | string[];
}
const none = undefined as unknown as Duplex;

/** The proxy would not let us through. `status` is its HTTP answer, if it gave one. */
export class ProxyRefused extends Error {
	readonly code = 'ERR_PROXY_TUNNEL';
	readonly status: number | undefined;
	constructor(status: number | undefined, message: string) {
		super(message);
		this.status = status;
	}
}

class Tunnelled extends HttpAgent {
	readonly #proxy: URL;
	constructor(proxy: URL) {
		super({ keepAlive: true });
		this.#proxy = proxy;
	}

	override createConnection(options: object, callback?: Connected): null {
		tunnel(this.#proxy, options as unknown as Target).then(
			(socket) => callback?.(null, socket),
			(error: Error) => callback?.(error, none),
		);
		return null;
	}
}

class TunnelledTls extends HttpsAgent {
	readonly #proxy: URL;
	constructor(proxy: URL) {
		super({ keepAlive: true });
		this.#proxy = proxy;
	}

	override createConnection(options: object, callback?: Connected): null {
		tunnel(this.#proxy, options as unknown as Target).then(
			(socket) => {
				const secure = tlsConnect({ ...(options as object), socket, ALPNProtocols: ['http/1.1'] });
				secure.once('error', (error: Error) => callback?.(error, none));
				secure.once('secureConnect', () => callback?.(null, secure));
			},
			(error: Error) => callback?.(error, none),
		);
		return null;
	}
}

function tunnel(proxy: URL, target: Target): Promise<Duplex> {
	return proxy.protocol.startsWith('socks') ? socksTunnel(proxy, target) : connectTunnel(proxy, target);
}

/** A byte stream to the target, through an HTTP proxy's CONNECT (RFC 9110 §9.3.6). */
function connectTunnel(proxy: URL, target: Target): Promise<Duplex> {
	const host = target.host.includes(':') ? `[${target.host}]` : target.host;
	const path = `${host}:${target.port}`;
	return new Promise((resolve, reject) => {
		const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
		const outgoing = send({
			host: proxy.hostname.replace(/^\[|\]$/g, ''),
			port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
			method: 'CONNECT',
			path,
			headers: { Host: path, ...proxyAuthorization(proxy) },
			agent: false,
			...(proxy.protocol === 'https:' && { ca: proxyAuthorities(target.ca) }),
		});
		outgoing.once('connect', (answer, socket) => {
			if (answer.statusCode === 200) return resolve(socket);
			socket.destroy();
			reject(new ProxyRefused(answer.statusCode, 'the proxy refused the tunnel'));
		});
		outgoing.once('response', (answer) => {
			answer.destroy();
			reject(new ProxyRefused(answer.statusCode, 'the proxy refused the tunnel'));
		});
		outgoing.once('error', reject);
		outgoing.end();
	});
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
	if (username === '' && password === '') return {};
	const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
	return { 'Proxy-Authorization': `Basic ${Buffer.from(plain).toString('base64')}` };
}

/** A proxy with TLS is trusted by the machine's authorities, or the cluster's own, as in Go. */
function proxyAuthorities(ca: string | string[] = []): string[] {
	return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...[ca].flat()])];
}
