import assert from 'node:assert/strict';
import { printable, printableLine } from '../../src/text/printable.ts';

describe('printable', () => {
	it('shows every C0 control character but tab and newline as its picture', () => {
		for (let code = 0; code < 0x20; code++) {
			if (code === 9 || code === 10) assert.equal(printable(String.fromCharCode(code)), String.fromCharCode(code));
			else assert.equal(printable(String.fromCharCode(code)), String.fromCharCode(0x2400 + code));
		}
		assert.equal(printable('\x7f'), '␡');
		assert.equal(printable('\x1b]0;title\x07\x1b[2J'), '␛]0;title␇␛[2J');
	});

	it('marks C1, bidirectional and separating characters', () => {
		for (let code = 0x80; code < 0xa0; code++) assert.equal(printable(String.fromCharCode(code)), '\ufffd');
		for (const code of [
			0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2028, 0x2029, 0x2066, 0x2067, 0x2068, 0x2069,
		]) {
			assert.equal(printable(`a${String.fromCharCode(code)}b`), 'a\ufffdb', code.toString(16));
		}
	});

	it('marks half a surrogate pair, wherever it stands', () => {
		for (const text of ['\ud83d', '\ude00', 'a\ud83d', '\ud83da', '\ude00\ud83d', '\ud83d\ud83d\ude00']) {
			assert.ok(printable(text).isWellFormed(), JSON.stringify(text));
		}
		assert.equal(printable('\ud83d\ud83d\ude00'), '\ufffd😀');
	});

	for (const text of [
		'',
		'plain',
		'ä ß é e\u0301',
		'漢字 かな 한글',
		'😀👩‍👩‍👧🇪🇺',
		'العربية עברית',
		'␛',
		'a\tb\nc',
		'\u00a0',
		'x\u200dy',
	]) {
		it(`leaves ${JSON.stringify(text)} alone`, () => assert.equal(printable(text), text));
	}
});

describe('printableLine', () => {
	for (const [text, line] of [
		['a\nb', 'a b'],
		[' a \t\r\n b ', 'a b'],
		['a\x1b[1mb\n', 'a␛[1mb'],
		['\u2028a\u2029b', 'a b'],
	] as const) {
		it(`makes one line of ${JSON.stringify(text)}`, () => assert.equal(printableLine(text), line));
	}
});
