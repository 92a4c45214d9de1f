/** How each format that a recipe may name begins (toolkit/formats.ts): offset, and the bytes that may stand there. */
const BEGINNINGS: Readonly<Record<string, { at: number; any: readonly Buffer[] }>> = {
	gzip: { at: 0, any: [Buffer.of(0x1f, 0x8b)] },
	hprof: { at: 0, any: [Buffer.from('JAVA PROFILE 1.0.')] },
	jfr: { at: 0, any: [Buffer.from('FLR\0')] },
	// Both byte orders, times in micro- and nanoseconds (pcap-savefile(5)).
	pcap: { at: 0, any: ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1'].map((hex) => Buffer.from(hex, 'hex')) },
	pcapng: { at: 0, any: [Buffer.from('0a0d0d0a', 'hex')] },
	// The profile.proto of pprof is always compressed when it is written.
	pprof: { at: 0, any: [Buffer.of(0x1f, 0x8b)] },
	tar: { at: 257, any: [Buffer.from('ustar')] },
	zip: { at: 0, any: [Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06')] },
};

/** Bytes from the start of an artefact that tell whether it is what it should be. */
export const HEAD = 512;

/** Whether an artefact begins as its format does; a format that is not known is not judged. */
export function beginsAs(format: string, head: Buffer): boolean {
	const beginning = BEGINNINGS[format];
	if (!beginning) return true;
	const { at, any } = beginning;
	return any.some((bytes) => head.subarray(at, at + bytes.length).equals(bytes));
}
