import { createSocket } from 'node:dgram';

/**
 * What stands in for dig and drill where this machine has neither: it asks a server over UDP, as they do, and prints what
 * they print. Arguments: `dig` or `drill`, then theirs, as far as scripts use them.
 */

const TYPES: Record<string, number> = { A: 1, CNAME: 5, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 };
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

const [, , tool = '', ...words] = process.argv;
let [server, name, type, seconds] = ['', '', 'A', 5];
for (let i = 0; i < words.length; i++) {
	const word = words[i] ?? '';
	if (word.startsWith('@')) server = word.slice(1);
	else if (word.startsWith('+time=')) seconds = Number(word.slice(6));
	else if (word === '-t') type = words[++i] ?? '';
	else if (word === '-q') name = words[++i] ?? '';
	else if (word === '-x') [name, type] = [`${words[++i]?.split('.').reverse().join('.')}.in-addr.arpa.`, 'PTR'];
	else if (word in TYPES && name !== '') type = word;
	else if (!word.startsWith('+')) name = word;
}

const began = Date.now();
const socket = createSocket('udp4');
socket.connect(53, server);
socket.on('connect', () => socket.send(query()));
socket.on('message', (reply) => {
	const code = CODES[reply.readUInt16BE(2) & 15];
	const id = `${tool === 'dig' ? 'status' : 'rcode'}: ${code}, id: ${reply.readUInt16BE(0)}`;
	console.log(`;; ->>HEADER<<- opcode: QUERY, ${id}\n;; flags: qr rd ra; QUERY: 1, ANSWER: ${reply.readUInt16BE(6)}\n`);
	console.log(`;; QUESTION SECTION:\n;${tool === 'dig' ? '' : '; '}${name}\t\tIN\t${type}\n`);
	const records = answers(reply);
	if (records.length > 0 || tool === 'drill')
		console.log(`;; ANSWER SECTION:\n${records.map((one) => `${one}\n`).join('')}`);
	if (tool === 'drill') console.log(';; AUTHORITY SECTION:\n\n;; ADDITIONAL SECTION:\n');
	console.log(
		`;; Query time: ${Date.now() - began} msec\n;; SERVER: ${server}\n;; WHEN: now\n;; MSG SIZE  rcvd: ${reply.length}`,
	);
	process.exit();
});
socket.on('error', ({ message }) => {
	// drill keeps on waiting.
	if (tool === 'dig') failed(/REFUSED/.test(message) ? 'connection refused' : 'timed out');
});
setTimeout(() => failed('timed out'), seconds * 1000);

function failed(why: string): never {
	console.log(`;; communications error to ${server}#53: ${why}\n\n;; no servers could be reached`);
	process.exit(9);
}

function query(): Buffer {
	const labels = name.split('.').filter(Boolean);
	const bytes = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
	const end = Buffer.from([0, 0, TYPES[type] ?? 0, 0, 1]);
	return Buffer.concat([Buffer.from([7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...bytes, end]);
}

/** The records, all of the name that was asked for, as name-server.ts gives them. */
function answers(reply: Buffer): string[] {
	let at = 12;
	while (reply[at]) at += 1 + (reply[at] ?? 0);
	at += 5;
	return Array.from({ length: reply.readUInt16BE(6) }, () => {
		const [kind, ttl, length] = [reply.readUInt16BE(at + 2), reply.readUInt32BE(at + 6), reply.readUInt16BE(at + 10)];
		const data = reply.subarray(at + 12, at + 12 + length);
		at += 12 + length;
		const word = Object.keys(TYPES).find((one) => TYPES[one] === kind) ?? `TYPE${kind}`;
		return `${name}\t${ttl}\tIN\t${word}\t${dataText(word, data)}`;
	});
}

function dataText(kind: string, data: Buffer): string {
	if (kind === 'A') return [...data].join('.');
	if (kind === 'AAAA')
		return (data.toString('hex').match(/.{4}/g) ?? []).map((part) => part.replace(/^0+(?=.)/, '')).join(':');
	if (kind === 'TXT') {
		const text = [...data.subarray(1)].map((byte) =>
			byte < 32 || byte > 126
				? `\\${String(byte).padStart(3, '0')}`
				: String.fromCharCode(byte).replace(/["\\]/, '\\$&'),
		);
		return `"${text.join('')}"`;
	}
	let text = '';
	for (let at = 0; data[at]; at += 1 + (data[at] ?? 0))
		text += `${data.toString('latin1', at + 1, at + 1 + (data[at] ?? 0))}.`;
	return text;
}
