import assert from 'node:assert/strict';
import { MarkStream, Marks } from '../../src/session/marks.ts';

/** A text cut at every place → what goes on, and the marks heard, which must be the same each time. */
function everyCut(text: string): { out: string; heard: string[] } {
	const results = new Set<string>();
	for (let cut = 0; cut <= text.length; cut++) {
		const heard: string[] = [];
		const marks = new Marks((mark) => heard.push(mark));
		const parts = [text.slice(0, cut), text.slice(cut)].map((part) => marks.pass(Buffer.from(part, 'latin1')));
		const out = Buffer.concat([...parts, marks.rest()]).toString('latin1');
		results.add(JSON.stringify({ out, heard }));
	}
	assert.equal(results.size, 1, [...results].join('\n'));
	return JSON.parse([...results][0] ?? '');
}

describe('marks before a command', () => {
	for (const [text, out, heard] of [
		['\x1b]ke;ok\x07hello', 'hello', ['ok']],
		['\x1b]ke;carry x86_64\x07\x1b]ke;header\x07\x1b]ke;ok\x07', '', ['carry x86_64', 'header', 'ok']],
		['warning\r\n\x1b]ke;ok\x07out', 'warning\r\nout', ['ok']],
		['\x1b]ke;ok\x07\x1b]ke;ok\x07\x1b]ke;ok\x07x', 'x', ['ok', 'ok', 'ok']],
		// From there on it is the command's.
		['\x1b]ke;ok\x07x\x1b]ke;ok\x07y', 'x\x1b]ke;ok\x07y', ['ok']],
		['\x1b]ke;ok\x07\x1b[31mred', '\x1b[31mred', ['ok']],
		['\x1b]0;title\x07\x1b]ke;ok\x07', '\x1b]0;title\x07', ['ok']],
		['no mark at all \x1b', 'no mark at all \x1b', []],
		[`\x1b]ke;${'x'.repeat(100)}\x07`, `\x1b]ke;${'x'.repeat(100)}\x07`, []],
	] as [string, string, string[]][]) {
		it(`${JSON.stringify(text).slice(0, 60)} wherever it is cut`, () =>
			assert.deepEqual(everyCut(text), { out, heard }));
	}

	it('are found all through a stream where that is wanted', () => {
		const stream = new MarkStream(100);
		const pieces = [...stream.take(Buffer.from('a\x1b]ke;bring x\x07b\x1b]ke;bring'))];
		assert.deepEqual(
			pieces.map((piece) => (piece instanceof Uint8Array ? Buffer.from(piece).toString() : piece)),
			['a', { mark: 'bring x' }, 'b'],
		);
		assert.equal(Buffer.from(stream.rest()).toString(), '\x1b]ke;bring');
	});
});
