import { connect, createServer, isIP, type Socket } from 'node:net';

/** A way to the API server that breaks, on loopback. */
export interface CuttingProxy {
	/** `--server`, and `--tls-server-name` where the certificate has a name. */
	flags: string[];
	/** Cut the next connections that carry so many bytes, each after its number, in this order; then none. */
	cutAfter(bytes: number[]): void;
	/** How many of them have not been cut. */
	left(): number;
	close(): void;
}

/** Connections that carry less are requests; streams are what is to be cut. */
export const REQUEST = 60_000;

/**
 * Pass connections on to a server, byte for byte, and cut them in the middle as told.
 * @param server its address, `https://HOST:PORT`
 */
export async function openCuttingProxy(server: string): Promise<CuttingProxy> {
	const { hostname, port } = new URL(server);
	let cuts: number[] = [];
	const open = new Set<Socket>();
	const proxy = createServer((client) => {
		const upstream = connect(Number(port), hostname);
		let carried = 0;
		const end = (): void => {
			client.destroy();
			upstream.destroy();
		};
		const carry = (to: Socket) => (bytes: Buffer) => {
			carried += bytes.length;
			const [limit] = cuts;
			if (limit !== undefined && carried >= limit) {
				cuts.shift();
				end();
			} else if (!to.write(bytes)) {
				const from = to === client ? upstream : client;
				from.pause();
				to.once('drain', () => from.resume());
			}
		};
		for (const [from, to] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			open.add(from);
			from.on('data', carry(to));
			from.on('end', () => to.end());
			from.on('error', end);
			from.on('close', () => {
				open.delete(from);
				to.destroySoon();
			});
		}
	});
	await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	const address = proxy.address();
	const own = typeof address === 'object' ? address?.port : undefined;
	return {
		flags: ['--server', `https://127.0.0.1:${own}`, ...(isIP(hostname) ? [] : ['--tls-server-name', hostname])],
		cutAfter(bytes) {
			cuts = [...bytes];
		},
		left: () => cuts.length,
		close() {
			proxy.close();
			for (const socket of open) socket.destroy();
		},
	};
}
