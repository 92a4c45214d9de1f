import { printable } from '../../text/printable.ts';
import type { Sink } from '../sink.ts';

/** What a recipe says, for a terminal: its control characters made visible. */
export function safeSink(base: Sink): Sink & {
	/** The stream has ended: what was cut in the middle of a character. */
	rest(): Promise<void>;
} {
	const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
	const write = (stream: 'stdout' | 'stderr', text: string): Promise<void> | undefined =>
		text === '' ? undefined : base[stream](Buffer.from(printable(text)));
	const pass = (stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> | undefined =>
		write(stream, decoders[stream].decode(bytes, { stream: true }));
	return {
		stdout: (bytes) => pass('stdout', bytes),
		stderr: (bytes) => pass('stderr', bytes),
		async rest() {
			for (const stream of ['stdout', 'stderr'] as const) await write(stream, decoders[stream].decode());
		},
	};
}
