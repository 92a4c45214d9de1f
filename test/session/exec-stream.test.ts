import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { WebSocketServer } from 'ws';
import { connect } from '../../src/cluster/connect.ts';
import { helloRecord } from '../../src/formats/files/writer.ts';
import { PLAIN_ENTRY } from '../../src/plan/entry.ts';
import { openStream } from '../../src/session/exec-stream.ts';
import { Meter } from '../../src/session/transfer/meter.ts';
import { Upload } from '../../src/session/transfer/upload.ts';

/** What the agent says of a place that is none. */
function noteRecord(sentence: string): Buffer {
	const body = Buffer.concat([Buffer.from('e'), Buffer.alloc(10), Buffer.from(sentence)]);
	const head = Buffer.from('N\0\0\0\0');
	head.writeUInt32LE(body.length, 1);
	return Buffer.concat([head, body]);
}

describe('the stream of an agent', () => {
	it('ends with what the agent said, also where its output overtakes the greeting on stderr', async () => {
		const server = createServer();
		new WebSocketServer({ server, handleProtocols: () => 'v5.channel.k8s.io' }).on('connection', (socket) => {
			const put = (channel: number, bytes: Buffer): void => socket.send(Buffer.concat([Buffer.of(channel), bytes]));
			put(1, Buffer.concat([helloRecord(), noteRecord('there is no such folder')]));
			put(1, Buffer.from('what nobody reads any more'));
			put(2, Buffer.from('\x1b]ke;ok\x07'));
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		try {
			const { port } = server.address() as AddressInfo;
			const connection = await connect({ server: `http://127.0.0.1:${port}` }, { KUBECONFIG: '/dev/null' });
			const place = { namespace: 'default', pod: 'web-0', container: 'ke-net' };
			const work = {
				...{ words: ['receive'], shell: false, stdin: true, tty: false, env: [], path: [], targetId: '', prompt: '' },
				...{ entry: PLAIN_ENTRY, quiet: true, files: { filter: undefined } },
			};
			const request = {
				...{ local: '-', name: Buffer.alloc(0), dest: Buffer.from('/absent/'), preserve: true, retries: 0 },
				input: Readable.from([]),
			};
			const meter = new Meter({ show: () => {}, end: async () => {} });
			const upload = new Upload(() => openStream(connection, place, work), request, meter);
			await assert.rejects(upload.run(), { message: '/absent/: there is no such folder' });
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});
});
