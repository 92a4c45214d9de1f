import { once } from 'node:events';

/** Where a command's output goes. A returned promise holds the sender back. */
export interface Sink {
	stdout(bytes: Uint8Array): Promise<void> | undefined;
	stderr(bytes: Uint8Array): Promise<void> | undefined;
}

/** Our own standard output and error, byte for byte. */
export function standardSink(): Sink {
	return { stdout: (bytes) => write(process.stdout, bytes), stderr: (bytes) => write(process.stderr, bytes) };
}

/** Bytes kept for `-o json`, at most `limit` of each stream. */
export interface Capture extends Sink {
	/** What was kept: as text, or in base64 where it is not UTF-8. */
	read(stream: 'stdout' | 'stderr'): { text: string; base64: boolean; truncated: boolean };
}

/** @param limit bytes of each stream that are kept; what is beyond is read and dropped */
export function captureSink(limit: number): Capture {
	const kept = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
	const size = { stdout: 0, stderr: 0 };
	const take = (stream: 'stdout' | 'stderr', bytes: Uint8Array): undefined => {
		const room = limit - size[stream];
		if (room > 0) kept[stream].push(Uint8Array.from(bytes.subarray(0, room)));
		size[stream] += bytes.length;
	};
	return {
		stdout: (bytes) => take('stdout', bytes),
		stderr: (bytes) => take('stderr', bytes),
		read(stream) {
			const bytes = Buffer.concat(kept[stream]);
			const truncated = size[stream] > limit;
			try {
				const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: truncated });
				return { text, base64: false, truncated };
			} catch {
				return { text: bytes.toString('base64'), base64: true, truncated };
			}
		},
	};
}

/**
 * Lines of one of several pods, each behind a prefix, as `kubectl logs --prefix` has them; a line that is not ended waits
 * for its end, so that no other pod's comes in between.
 */
export function prefixedSink(base: Sink, prefix: string): Sink & { rest(): Promise<void> } {
	const held = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
	const take = (stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> | undefined => {
		const all = Buffer.concat([held[stream], bytes]);
		const end = all.lastIndexOf(0x0a) + 1;
		const cut = end === 0 && all.length > LONGEST_LINE ? all.length : end;
		held[stream] = all.subarray(cut);
		return cut === 0 ? undefined : base[stream](withPrefix(all.subarray(0, cut), prefix));
	};
	return {
		stdout: (bytes) => take('stdout', bytes),
		stderr: (bytes) => take('stderr', bytes),
		async rest() {
			for (const stream of ['stdout', 'stderr'] as const) {
				if (held[stream].length > 0) await base[stream](withPrefix(held[stream], prefix));
				held[stream] = Buffer.alloc(0);
			}
		},
	};
}

/** Bytes of a line without an end that are held back. */
const LONGEST_LINE = 64 * 1024;

function withPrefix(lines: Buffer, prefix: string): Buffer {
	const text = lines.toString('latin1').replace(/\n$/, '');
	const before = Buffer.from(prefix).toString('latin1');
	return Buffer.from(
		`${text
			.split('\n')
			.map((line) => `${before}${line}`)
			.join('\n')}\n`,
		'latin1',
	);
}

function write(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> | undefined {
	if (stream.write(bytes)) return undefined;
	return once(stream, 'drain').then(() => {});
}
