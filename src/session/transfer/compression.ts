import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** A program that compresses its input to its output. */
export type Compressor = 'gzip' | 'zstd';

/** What `--compress` can be. */
export type Compression = 'auto' | 'none' | Compressor;

/** Bytes per second below which compressing is faster than the link: a slow processor compresses 30 MB/s and more. */
const SLOW_LINK = 8_000_000;
/** Milliseconds of transfer after which the link's speed is judged. */
const JUDGE_AFTER = 3000;
/** Bytes still to come below which a change is not worth the new start. */
const WORTH = 4_000_000;

/** What this program can undo, best first; Node has zstd since 22.15. */
export function knownCompressors(): Compressor[] {
	return 'createZstdDecompress' in zlib ? ['zstd', 'gzip'] : ['gzip'];
}

/** The bytes behind a compressed stream. Errors of `source` are passed on; broken data throws zlib's. */
export async function* decompressed(source: AsyncIterable<Uint8Array>, by: Compressor): AsyncGenerator<Uint8Array> {
	const transform: Transform = by === 'zstd' ? zlib.createZstdDecompress() : zlib.createGunzip();
	const input = Readable.from(source, { objectMode: false });
	// What arrived before a cut is still good, so it is read first, and the cut is said after it.
	let cut: Error | undefined;
	input.on('error', (error) => {
		cut = error;
		transform.end();
	});
	input.pipe(transform);
	try {
		yield* transform as AsyncIterable<Uint8Array>;
	} catch (error) {
		throw cut ?? error;
	} finally {
		input.destroy();
	}
	if (cut !== undefined) throw cut;
}

/** Which compressor is used next, for `--compress auto` judged by the speed of the link. */
export class CompressionChoice {
	/** What the agent's output is piped through now. */
	current: Compressor | undefined;
	readonly #untried: Compressor[];
	readonly #auto: boolean;
	#started = performance.now();
	#bytes = 0;

	constructor(wanted: Compression) {
		this.#auto = wanted === 'auto';
		this.#untried = knownCompressors();
		if (wanted !== 'auto' && wanted !== 'none') this.current = wanted;
	}

	/** A new connection begins: the speed is measured anew. */
	restart(): void {
		this.#started = performance.now();
		this.#bytes = 0;
	}

	/**
	 * More has arrived: `bytes` of it, and `left` of what is known to come (undefined: unknown). True: the link is slow, start
	 * again with a compressor, which is now `current`.
	 */
	shouldChange(bytes: number, left: number | undefined): boolean {
		if (!this.#auto || this.current !== undefined) return false;
		this.#bytes += bytes;
		const elapsed = performance.now() - this.#started;
		if (elapsed < JUDGE_AFTER || (this.#bytes / elapsed) * 1000 > SLOW_LINK) return false;
		if (left !== undefined && left < WORTH) return false;
		this.current = this.#untried.shift();
		return this.current !== undefined;
	}

	/** The current one does not work there. False: the user asked for it, so that is an error. */
	giveUp(): boolean {
		this.current = this.#auto ? this.#untried.shift() : undefined;
		return this.#auto;
	}
}
