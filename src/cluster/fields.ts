import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.ts';

/** A map of a kubeconfig, not looked at yet. */
export type Fields = Record<string, unknown>;

/**
 * Takes values out of a kubeconfig's maps as what they must be.
 *
 * Every method throws a UserError that names the file and the key, never the value, for what is something else.
 */
export class FieldReader {
	readonly #file: string;

	constructor(file: string) {
		this.#file = resolve(file);
	}

	/** A list of maps; none if the key is missing or null. */
	list(fields: Fields, key: string): Fields[] {
		const value = fields[key];
		if (isEmpty(value)) return [];
		if (!Array.isArray(value)) throw this.#fault(key, 'a list');
		return value.map((item, index) => this.map(item, `${key}[${index}]`));
	}

	strings(fields: Fields, key: string): string[] | undefined {
		const value = fields[key];
		if (isEmpty(value)) return undefined;
		if (!Array.isArray(value)) throw this.#fault(key, 'a list');
		return value.map((item) => {
			if (typeof item === 'object' && item !== null) throw this.#fault(key, 'a list of texts');
			return String(item ?? '');
		});
	}

	/** A scalar as text; undefined for a missing, null or empty one. */
	string(fields: Fields, key: string): string | undefined {
		const value = fields[key];
		if (isEmpty(value) || value === '') return undefined;
		if (typeof value === 'object') throw this.#fault(key, 'a text');
		return String(value);
	}

	/** A path, taken from the file's own folder. */
	path(fields: Fields, key: string): string | undefined {
		const value = this.string(fields, key);
		return value === undefined ? undefined : resolve(dirname(this.#file), value);
	}

	/** YAML 1.1's words for it too, since kubectl's parser knows them. */
	boolean(fields: Fields, key: string): boolean | undefined {
		const value = this.string(fields, key)?.toLowerCase();
		if (value === undefined) return undefined;
		if (['true', 'yes', 'on', 'y'].includes(value)) return true;
		if (['false', 'no', 'off', 'n'].includes(value)) return false;
		throw this.#fault(key, 'true or false');
	}

	/** @param path of the value, for the error */
	map(value: unknown, path: string): Fields {
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
		throw this.#fault(path, 'a map of keys and values');
	}

	#fault(path: string, wanted: string): UserError {
		return new UserError(`the kubeconfig ${this.#file} is not one: ${path} must be ${wanted}`);
	}
}

export function isEmpty(value: unknown): value is null | undefined {
	return value === null || value === undefined;
}
