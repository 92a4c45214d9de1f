import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { beginsAs } from '../../src/formats/artefact.ts';
import { FORMATS } from '../../src/toolkit/formats.ts';

describe('what artefacts begin with', () => {
	it('tells a file of each format from any other', () => {
		const samples: Record<string, Buffer> = {
			gzip: gzipSync('x'),
			pprof: gzipSync('x'),
			hprof: Buffer.from('JAVA PROFILE 1.0.2\0'),
			jfr: Buffer.from('FLR\0\0\x02'),
			pcap: Buffer.from('d4c3b2a1020004', 'hex'),
			pcapng: Buffer.from('0a0d0d0a1c000000', 'hex'),
			tar: execFileSync('tar', ['-cf', '-', '/etc/hostname'], { stdio: ['ignore', 'pipe', 'ignore'] }),
			zip: Buffer.from('504b0304', 'hex'),
		};
		assert.deepEqual(Object.keys(samples).sort(), [...FORMATS].sort());
		for (const [format, sample] of Object.entries(samples)) {
			assert.equal(beginsAs(format, sample), true, format);
			assert.equal(beginsAs(format, Buffer.from('#!/bin/sh: not found\n')), false, format);
			assert.equal(beginsAs(format, Buffer.alloc(0)), false, format);
		}
	});
});
