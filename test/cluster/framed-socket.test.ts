import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FramedSocket } from '../../src/cluster/framed-socket.ts';

/** A server's frame: whole, or a part of a message. */
function frame(opcode: number, content: Buffer, isLast = true): Buffer {
	const head = Buffer.alloc(content.length > 65535 ? 10 : content.length > 125 ? 4 : 2);
	head[0] = (isLast ? 0x80 : 0) | opcode;
	head[1] = head.length === 10 ? 127 : head.length === 4 ? 126 : content.length;
	if (head.length === 4) head.writeUInt16BE(content.length, 2);
	if (head.length === 10) head.writeBigUInt64BE(BigInt(content.length), 2);
	return Buffer.concat([head, content]);
}

const CONTENTS = [0, 1, 125, 126, 300, 65_535, 65_536, 70_000].map((size, i) => Buffer.alloc(size, `${i}abc`));
const streamOf = (contents: Buffer[]): Buffer =>
	Buffer.concat([
		...contents.map((content) => frame(2, content)),
		frame(9, Buffer.from('ping')),
		frame(2, Buffer.from('in '), false),
		frame(0, Buffer.from('two')),
		frame(8, Buffer.from([0x03, 0xe8])),
	]);

/** Its messages and close code, with the stream cut into pieces of so many bytes. */
async function received(
	contents: Buffer[],
	pieces: number,
): Promise<{ messages: Buffer[]; code: number; pings: number }> {
	const server = createServer().on('upgrade', async (request, socket) => {
		const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
		const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${guid}`).digest('base64');
		const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
		const all = Buffer.concat([Buffer.from(head), streamOf(contents)]);
		socket
			.on('error', () => {})
			.on('end', () => socket.end())
			.resume();
		for (let at = 0; at < all.length; at += pieces) {
			socket.write(all.subarray(at, at + pieces));
			await new Promise((resolve) => setImmediate(resolve));
		}
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const socket = new FramedSocket(new URL(`http://127.0.0.1:${port}`), ['v5.channel.k8s.io'], {});
	const messages: Buffer[] = [];
	let pings = 0;
	socket.on('message', (bytes: Buffer) => messages.push(bytes));
	socket.on('ping', () => pings++);
	const [code] = await once(socket, 'close');
	server.close();
	return { messages, code, pings };
}

describe('frames of a WebSocket', () => {
	for (const pieces of [1, 3, 1000, 65_540, 10_000_000])
		it(`are read in pieces of ${pieces} bytes`, async () => {
			// Byte for byte only what is short.
			const contents = CONTENTS.filter(({ length }) => length <= 300 * pieces);
			const { messages, code, pings } = await received(contents, pieces);
			assert.deepEqual([code, pings, messages.length], [1000, 1, contents.length + 1]);
			for (const [i, content] of [...contents, Buffer.from('in two')].entries())
				assert.ok(messages[i]?.equals(content), `message ${i}`);
		});
});
