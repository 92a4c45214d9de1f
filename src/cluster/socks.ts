import { connect, isIPv4, type Socket } from 'node:net';

/**
 * A byte stream to the target through a SOCKS5 proxy (RFC 1928), with user and password if the URL has them (RFC 1929).
 * Names are looked up by the proxy.
 *
 * @throws Error with the code ERR_PROXY_TUNNEL when the proxy refuses, else the socket's own
 */
export async function socksTunnel(proxy: URL, target: { host: string; port: number | string }): Promise<Socket> {
	const socket = connect(Number(proxy.port || 1080), proxy.hostname.replace(/^\[|\]$/g, ''));
	const failed = new Promise<never>((_, reject) => {
		socket.once('error', reject);
		socket.once('end', () => reject(refused('it hung up')));
	});
	failed.catch(() => {});
	try {
		await Promise.race([negotiate(socket, proxy, target), failed]);
	} catch (error) {
		socket.destroy();
		throw error;
	}
	return socket;
}

async function negotiate(
	socket: Socket,
	proxy: URL,
	{ host, port }: { host: string; port: number | string },
): Promise<void> {
	const user = Buffer.from(decodeURIComponent(proxy.username));
	const password = Buffer.from(decodeURIComponent(proxy.password));
	const hasLogin = user.length > 0;
	socket.write(Buffer.from(hasLogin ? [5, 2, 0, 2] : [5, 1, 0]));
	const [, method] = await take(socket, 2);
	if (method === 2) {
		socket.write(Buffer.concat([Buffer.of(1, user.length), user, Buffer.of(password.length), password]));
		const [, verdict] = await take(socket, 2);
		if (verdict !== 0) throw refused('wrong user or password');
	} else if (method !== 0) throw refused('it wants another kind of login');

	const address = isIPv4(host)
		? Buffer.of(1, ...host.split('.').map(Number))
		: Buffer.concat([Buffer.of(3, Buffer.byteLength(host)), Buffer.from(host)]);
	socket.write(Buffer.concat([Buffer.of(5, 1, 0), address, Buffer.of(Number(port) >> 8, Number(port) & 255)]));
	const [, reply, , kind, first = 0] = await take(socket, 5);
	if (reply !== 0) throw refused(`SOCKS reply ${reply}`);
	// The rest of the address it connected from, and the port: of no use here.
	await take(socket, (kind === 1 ? 3 : kind === 4 ? 15 : first) + 2);
}

/** Exactly so many bytes; what follows stays in the socket. */
async function take(socket: Socket, count: number): Promise<Buffer> {
	for (;;) {
		const bytes = socket.read(count) as Buffer | null;
		if (bytes !== null) return bytes;
		await new Promise<void>((resolve) => socket.once('readable', resolve));
	}
}

function refused(why: string): Error {
	return Object.assign(new Error(`the proxy refused: ${why}`), { code: 'ERR_PROXY_TUNNEL' });
}
