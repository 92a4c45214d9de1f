import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificates } from './certificates.ts';

/** A proxy whose every tunnel ends at one port of loopback, whatever name was asked for. */
export interface ConnectProxy {
	port: number;
	/** `HOST:PORT` as asked for, in order. */
	asked: string[];
	/** Proxy-Authorization as sent, decoded. */
	logins: string[];
	close(): Promise<void>;
}

/** An HTTP or, with certificates, HTTPS proxy; hosts called `refused.test` get a 403, and `login.test` a 407. */
export async function startConnectProxy(target: number, certificates?: Certificates): Promise<ConnectProxy> {
	const asked: string[] = [];
	const logins: string[] = [];
	const server: Server = certificates
		? createHttps({ key: certificates.pem('server.key'), cert: certificates.pem('server.crt') })
		: createHttp();
	// What an http:// server is reached by: the whole URL in the request line.
	server.on('request', (request: IncomingMessage, response) => {
		asked.push(request.url ?? '');
		response.end('{}');
	});
	server.on('connect', (request: IncomingMessage, socket: Duplex) => {
		asked.push(request.url ?? '');
		logins.push(Buffer.from((request.headers['proxy-authorization'] ?? '').slice(6), 'base64').toString());
		socket.on('error', () => {});
		const refusal = refusals[request.url?.split(':')[0] ?? ''];
		if (refusal !== undefined) {
			socket.end(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`);
			return;
		}
		socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
		join(socket, connect(target, '127.0.0.1'));
	});
	return listen(server, asked, logins);
}

const refusals: Record<string, string> = {
	'refused.test': '403 Forbidden',
	'login.test': '407 Proxy Authentication Required',
};

/** A SOCKS5 proxy (RFC 1928, RFC 1929); a login is asked for where the client offers one. */
export async function startSocksProxy(target: number): Promise<ConnectProxy> {
	const asked: string[] = [];
	const logins: string[] = [];
	const server = createTcp((socket) => {
		void serveSocks(socket, target, asked, logins).catch(() => socket.destroy());
	});
	return listen(server, asked, logins);
}

async function serveSocks(socket: Socket, target: number, asked: string[], logins: string[]): Promise<void> {
	socket.on('error', () => {});
	const greeting = await packet(socket);
	if (greeting.subarray(2).includes(2)) {
		socket.write(Buffer.of(5, 2));
		const login = await packet(socket);
		const userEnd = 2 + (login[1] ?? 0);
		logins.push(`${login.subarray(2, userEnd)}:${login.subarray(userEnd + 1)}`);
		socket.write(Buffer.of(1, 0));
	} else socket.write(Buffer.of(5, 0));
	const wanted = await packet(socket);
	const end = 5 + (wanted[4] ?? 0);
	asked.push(`${wanted[3] === 3 ? wanted.subarray(5, end) : 'address'}:${wanted.readUInt16BE(wanted.length - 2)}`);
	socket.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
	join(socket, connect(target, '127.0.0.1'));
}

function packet(socket: Socket): Promise<Buffer> {
	return new Promise((resolve) => socket.once('data', (data: Buffer) => resolve(data)));
}

function join(client: Duplex, server: Socket): void {
	server.on('error', () => client.destroy());
	client.on('error', () => server.destroy());
	client.pipe(server).pipe(client);
}

async function listen(server: TcpServer, asked: string[], logins: string[]): Promise<ConnectProxy> {
	const sockets = new Set<Socket>();
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
	return {
		port: (server.address() as AddressInfo).port,
		asked,
		logins,
		close: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
