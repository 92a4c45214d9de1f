import { createSocket } from 'node:dgram';
import { pathToFileURL } from 'node:url';

/**
 * A small DNS server over UDP, for tests: it knows what its one argument says, as JSON, and answers NXDOMAIN for the rest.
 * It prints `ready` when it listens.
 *
 *   node name-server.ts 127.0.0.1 '{"web.test": {"A": ["10.0.0.1"]}, "broken.test": "SERVFAIL", "silent.test": "silence"}'
 */

/** What is known of a name: its data by type, an error, or nothing but silence. A CNAME answers every type. */
export type Known = Record<string, string[]> | 'SERVFAIL' | 'REFUSED' | 'silence';

const TYPES: Record<string, number> = { A: 1, CNAME: 5, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 };
const CODES: Record<string, number> = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** The answer to a query, or undefined where there is to be none. */
export function answer(query: Buffer, names: Record<string, Known>): Buffer | undefined {
	const { name, end } = readName(query, 12);
	const type = query.readUInt16BE(end);
	const known = names[name.toLowerCase()];
	if (known === 'silence') return undefined;
	const records = typeof known === 'object' ? recordsOf(known, type) : [];
	const code = typeof known === 'string' ? (CODES[known] ?? 0) : known === undefined ? 3 : 0;
	const header = Buffer.alloc(12);
	query.copy(header, 0, 0, 2);
	header.writeUInt16BE(0x8180 | code, 2);
	header.writeUInt16BE(1, 4);
	header.writeUInt16BE(records.length, 6);
	return Buffer.concat([header, query.subarray(12, end + 4), ...records]);
}

function recordsOf(known: Record<string, string[]>, type: number): Buffer[] {
	return Object.entries(known).flatMap(([word, data]) => {
		const number = TYPES[word] ?? 0;
		if (number !== type && word !== 'CNAME') return [];
		return data.map((value) => {
			const bytes = dataOf(word, value);
			const record = Buffer.alloc(12);
			record.writeUInt16BE(0xc00c, 0);
			record.writeUInt16BE(number, 2);
			record.writeUInt16BE(1, 4);
			record.writeUInt32BE(30, 6);
			record.writeUInt16BE(bytes.length, 10);
			return Buffer.concat([record, bytes]);
		});
	});
}

function dataOf(type: string, value: string): Buffer {
	if (type === 'A') return Buffer.from(value.split('.').map(Number));
	if (type === 'AAAA') return Buffer.from(value.replaceAll(':', ''), 'hex');
	if (type === 'TXT') return Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);
	return nameBytes(value);
}

function nameBytes(name: string): Buffer {
	const labels = name.split('.').filter(Boolean);
	return Buffer.concat([
		...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
		Buffer.alloc(1),
	]);
}

function readName(message: Buffer, start: number): { name: string; end: number } {
	const labels: string[] = [];
	let at = start;
	for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
		labels.push(message.toString('latin1', at + 1, at + 1 + length));
		at += 1 + length;
	}
	return { name: labels.join('.'), end: at + 1 };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const [, , address = '', names = '{}'] = process.argv;
	const zone = JSON.parse(names) as Record<string, Known>;
	const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
	socket.on('message', (query, { port, address: from }) => {
		const reply = answer(query, zone);
		if (reply) socket.send(reply, port, from);
	});
	socket.bind(53, address, () => console.log('ready'));
}
