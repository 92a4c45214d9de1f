import type { Json, JsonObject } from '../objects.ts';
import { type Field, messageFields } from './schema.ts';

/** Start of every protobuf body of the API: `k8s` and a zero byte, then a `runtime.Unknown`. */
const MAGIC = Buffer.from('k8s\0');

/**
 * Reads a body of the type `application/vnd.kubernetes.protobuf`, which kubectl sends where it creates an object of its
 * own making (`create namespace`, `auth can-i`, `debug --copy-to`). Fields that the schema does not name are left out.
 * @throws {Error} for a kind whose message is not in the schema.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
	if (!body.subarray(0, 4).equals(MAGIC)) {
		throw new Error('the body does not begin with the magic number of Kubernetes');
	}
	const envelope = decodeMessage('Unknown', body.subarray(4));
	const { apiVersion, kind } = envelope.typeMeta as { apiVersion: string; kind: string };
	const raw = Buffer.from(envelope.raw as string, 'base64');
	return { apiVersion, kind, ...decodeMessage(kind, raw) };
}

function decodeMessage(type: string, bytes: Buffer): JsonObject {
	const fields = messageFields(type);
	const result: JsonObject = {};
	const reader = new Reader(bytes);
	while (!reader.done) {
		const { number, value } = reader.field();
		const field = fields.get(number);
		if (field) {
			store(result, field, value);
		}
	}
	return result;
}

function store(result: JsonObject, field: Field, value: bigint | Buffer): void {
	const decoded = decodeValue(field.type, value);
	if (field.type === 'map') {
		result[field.name] = { ...(result[field.name] as JsonObject | undefined), ...(decoded as JsonObject) };
	} else if (field.inline) {
		Object.assign(result, decoded);
	} else if (field.repeated) {
		result[field.name] = [...((result[field.name] as Json[] | undefined) ?? []), decoded];
	} else if (decoded !== '') {
		result[field.name] = decoded;
	}
}

function decodeValue(type: string, value: bigint | Buffer): Json {
	if (typeof value === 'bigint') {
		return type === 'bool' ? value !== 0n : Number(BigInt.asIntN(64, value));
	}
	switch (type) {
		case 'string':
			return value.toString('utf8');
		case 'bytes':
			return value.toString('base64');
		case 'map': {
			const entry = decodeMessage('MapEntry', value);
			return { [String(entry.key ?? '')]: entry.value ?? '' };
		}
		case 'Quantity':
			return decodeMessage('Quantity', value).string ?? '';
		case 'Time':
			return new Date(Number(decodeMessage('Time', value).seconds ?? 0) * 1000).toISOString();
		default:
			return decodeMessage(type, value);
	}
}

/** The wire format: numbers of seven bits a byte, and byte strings with their length. */
class Reader {
	readonly #bytes: Buffer;
	#at = 0;

	constructor(bytes: Buffer) {
		this.#bytes = bytes;
	}

	get done(): boolean {
		return this.#at >= this.#bytes.length;
	}

	field(): { number: number; value: bigint | Buffer } {
		const tag = Number(this.#varint());
		const number = tag >> 3;
		switch (tag & 7) {
			case 0:
				return { number, value: this.#varint() };
			case 1:
				return { number, value: this.#take(8) };
			case 2:
				return { number, value: this.#take(Number(this.#varint())) };
			default:
				return { number, value: this.#take(4) };
		}
	}

	#varint(): bigint {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			const byte = this.#bytes[this.#at] ?? 0;
			this.#at += 1;
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) {
				return value;
			}
		}
	}

	#take(length: number): Buffer {
		this.#at += length;
		return this.#bytes.subarray(this.#at - length, this.#at);
	}
}
