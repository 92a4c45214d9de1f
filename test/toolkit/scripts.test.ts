import assert from 'node:assert/strict';
import { LARGEST_TEXT, readScript, readText, scriptPaths } from '../../src/toolkit/scripts.ts';

describe('readScript', () => {
	for (const text of [
		'#!/bin/sh\necho\n',
		'#!/bin/sh',
		'#! /bin/sh\n',
		'#!/bin/sh \n',
		'#!/usr/bin/env sh\necho\n',
		'#!/bin/sh\necho "\r"\n',
		`#!/bin/sh\n#${'x'.repeat(LARGEST_TEXT - 12)}\n`,
	]) {
		it(`takes ${JSON.stringify(text.slice(0, 40))}`, () => assert.deepEqual(readScript(text), { text }));
	}
	for (const [text, line, says] of [
		['', 1, /must begin with the line #!\/bin\/sh/],
		['echo\n#!/bin/sh\n', 1, /must begin/],
		['\n#!/bin/sh\n', 1, /must begin/],
		['\ufeff#!/bin/sh\n', 1, /must begin/],
		['#!/bin/bash\n', 1, /must begin/],
		['#!/bin/shx\n', 1, /must begin/],
		['#!/usr/bin/env bash\n', 1, /must begin/],
		['#!/bin/sh -e\n', 1, /write set -e/],
		['#!/usr/bin/env sh -e\n', 1, /write set -e/],
		['#!/bin/sh\r\necho\r\n', 1, /CRLF/],
		['#!/bin/sh\necho\n\necho\r\n', 4, /CRLF/],
		['#!/bin/sh\necho \0\n', 2, /NUL/],
		[`#!/bin/sh\n#${'x'.repeat(LARGEST_TEXT)}\n`, undefined, /too large/],
	] as const) {
		it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
			const read = readScript(text);
			assert.ok('wrong' in read);
			assert.match(read.wrong, says);
			assert.equal(read.line, line);
		});
	}
});

describe('readText', () => {
	it('takes UTF-8, with its byte order mark', () =>
		assert.deepEqual(readText(Buffer.from('\ufeffgrüß')), { text: '\ufeffgrüß' }));
	for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]])
		it(`refuses ${bytes.map((byte) => byte.toString(16))}`, () =>
			assert.ok('wrong' in readText(Uint8Array.from(bytes))));
});

describe('scriptPaths', () => {
	const base = {
		description: '',
		inputs: [],
		needs: [],
		wants: [],
		control: false,
		output: { kind: 'text' as const },
		pods: 'never' as const,
	};
	it('names each script once: helpers, recipes, preflights', () =>
		assert.deepEqual(
			scriptPaths({
				helpers: [{ name: 'h', script: 'h.sh' }],
				recipes: [
					{ ...base, name: 'a', body: { script: 'a.sh' }, preflight: 'p.sh' },
					{ ...base, name: 'b', body: { script: 'a.sh' }, preflight: 'h.sh' },
					{ ...base, name: 'c', body: { run: 'x.sh' } },
				],
			}),
			['h.sh', 'a.sh', 'p.sh'],
		));
});
