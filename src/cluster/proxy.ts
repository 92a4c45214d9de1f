import { UserError } from '../errors.ts';

/**
 * The proxy between us and the server, or undefined: the cluster's proxy-url, else HTTPS_PROXY or HTTP_PROXY by the
 * server's scheme, upper case before lower case, unless NO_PROXY or a loopback address says otherwise (the rules of Go's
 * httpproxy, which kubectl follows).
 *
 * @throws UserError for a proxy that is no URL or of an unknown kind; its password is not shown
 */
export async function proxyFor(
	server: URL,
	proxyUrl: string | undefined,
	env: NodeJS.ProcessEnv,
): Promise<URL | undefined> {
	if (proxyUrl) return parseProxy(proxyUrl, 'proxy-url');
	const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
	const value = env[name] || env[name.toLowerCase()];
	if (!value || (await isDirect(server, env.NO_PROXY || env.no_proxy || ''))) return undefined;
	return parseProxy(value, name);
}

function parseProxy(text: string, source: string): URL {
	const url = URL.parse(text.includes('://') ? text : `http://${text}`);
	if (url === null) throw new UserError(`${source} is no URL`);
	if (
		url.protocol === 'socks5h:' ||
		url.protocol === 'socks5:' ||
		url.protocol === 'http:' ||
		url.protocol === 'https:'
	) {
		return url;
	}
	throw new UserError(
		`${source} names a proxy of the kind ${url.protocol}//, which is not supported`,
		'http, https and socks5 are',
	);
}

async function isDirect(server: URL, noProxy: string): Promise<boolean> {
	const host = bare(server.hostname);
	const port = server.port || (server.protocol === 'https:' ? '443' : '80');
	if (host === 'localhost') return true;
	const { BlockList, isIP } = await import('node:net');
	const family = isIP(host);
	if (family === 4 && host.startsWith('127.')) return true;
	if (family === 6 && host === '::1') return true;

	const within = (network: string, bits: number): boolean => {
		const list = new BlockList();
		list.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4');
		return list.check(host, family === 6 ? 'ipv6' : 'ipv4');
	};
	return noProxy
		.split(',')
		.map((entry) => entry.trim().toLowerCase())
		.filter((entry) => entry !== '')
		.some((entry) => {
			if (entry === '*') return true;
			const [network = '', bits] = entry.split('/');
			if (bits !== undefined)
				return family !== 0 && isIP(network) !== 0 && /^\d+$/.test(bits) && safely(() => within(network, Number(bits)));
			const { name, onlyPort } = splitPort(entry);
			if (onlyPort !== undefined && onlyPort !== port) return false;
			if (isIP(name) !== 0) return family !== 0 && within(name, isIP(name) === 6 ? 128 : 32);
			const domain = name.startsWith('*.') ? name.slice(1) : name;
			return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
		});
}

/** `host:port`, `[v6]:port`, or a bare host or address. */
function splitPort(entry: string): { name: string; onlyPort: string | undefined } {
	const match = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
	return match ? { name: bare(match[1] ?? ''), onlyPort: match[2] } : { name: bare(entry), onlyPort: undefined };
}

function bare(host: string): string {
	return host
		.replace(/^\[|\]$/g, '')
		.replace(/\.$/, '')
		.toLowerCase();
}

/** A prefix length out of range means an entry that matches nothing. */
function safely(check: () => boolean): boolean {
	try {
		return check();
	} catch {
		return false;
	}
}
