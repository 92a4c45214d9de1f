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

function write(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> | undefined {
	if (stream.write(bytes)) return undefined;
	return once(stream, 'drain').then(() => {});
}
