import assert from 'node:assert/strict';
import { ScriptWords } from '../../../src/session/recipe/script-words.ts';

const NONCE = '0123456789abcdef';
const mark = (folder: string, nonce = NONCE): string =>
	`\x1b]ke;out ${nonce} ${[...Buffer.from(folder)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')}\x07`;

/** What is heard and what is passed on, with the bytes cut into pieces of a size. */
function hear(text: string, size: number): { heard: unknown[]; people: string } {
	const heard: unknown[] = [];
	const words = new ScriptWords(NONCE, {
		progress: (percent, said) => heard.push([percent, said]),
		end: () => heard.push('end'),
		left: (folder) => heard.push(folder.toString()),
	});
	const out: Uint8Array[] = [];
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) out.push(words.pass(bytes.subarray(at, at + size)));
	out.push(words.rest());
	return { heard, people: Buffer.concat(out).toString() };
}

describe('what a script says on stderr', () => {
	const text = `hello\nke-progress 40% half of it: ä\nworld\nke-progress 100%\nke-end\nbye ke-end\n${mark('/tmp/.ke-out-x/ü')}tail`;
	for (const size of [1, 2, 3, 7, 64, 10_000]) {
		it(`is taken apart in pieces of ${size}`, () => {
			const { heard, people } = hear(text, size);
			assert.deepEqual(heard, [[40, 'half of it: ä'], [100, ''], 'end', '/tmp/.ke-out-x/ü']);
			assert.equal(people, 'hello\nworld\nbye ke-end\ntail');
		});
	}

	for (const line of [
		'ke-progress 101% too much\n',
		'ke-progress forty% x\n',
		'ke-progress 4\n',
		' ke-progress 40% indented\n',
		'ke-ending\n',
		'ke-endke-end\n',
		'ke-progress 40% no end of line',
		`ke-progress 40% ${'x'.repeat(2000)}`,
	]) {
		it(`is for people where it only looks like ours: ${line.slice(0, 30).trim()}`, () => {
			for (const size of [1, 100_000]) assert.deepEqual(hear(line, size), { heard: [], people: line });
		});
	}

	it('shows at once what cannot be ours, without waiting for the end of the line', () => {
		const words = new ScriptWords(NONCE, { progress: () => {}, end: () => {}, left: () => {} });
		assert.equal(Buffer.from(words.pass(Buffer.from('Password: '))).toString(), 'Password: ');
	});

	it('takes a folder from nobody who does not know the nonce', () => {
		const { heard } = hear(mark('/etc', 'ffff'), 5);
		assert.deepEqual(heard, []);
	});
});
