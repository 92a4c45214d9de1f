import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

export type Headers = Record<string, string>;

/** Packs and unpacks SPDY/3 header blocks; each direction is one compressed stream for the whole connection. */
export class HeaderCodec {
	readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary() });
	readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary() });

	async unpack(block: Buffer): Promise<Headers> {
		await new Promise<void>((resolve, reject) => {
			this.#inflate.once('error', reject);
			this.#inflate.write(block, () => {
				this.#inflate.off('error', reject);
				resolve();
			});
		});
		return parse((this.#inflate.read() as Buffer | null) ?? Buffer.alloc(4));
	}

	async pack(headers: Headers): Promise<Buffer> {
		this.#deflate.write(serialize(headers));
		await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve));
		return this.#deflate.read() as Buffer;
	}
}

function parse(block: Buffer): Headers {
	const headers: Headers = {};
	let at = 4;
	const text = () => {
		const length = block.readUInt32BE(at);
		at += 4 + length;
		return block.toString('latin1', at - length, at);
	};
	for (let left = block.readUInt32BE(0); left > 0; left -= 1) {
		const name = text();
		headers[name] = text();
	}
	return headers;
}

function serialize(headers: Headers): Buffer {
	const number = (value: number) => {
		const bytes = Buffer.alloc(4);
		bytes.writeUInt32BE(value);
		return bytes;
	};
	const entries = Object.entries(headers);
	const texts = entries.flat().flatMap((text) => [number(text.length), Buffer.from(text, 'latin1')]);
	return Buffer.concat([number(entries.length), ...texts]);
}
