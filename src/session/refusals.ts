import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Milliseconds for which a refusal is remembered: labels of namespaces change seldom, but they change. */
const MEMORY = 10 * 60 * 1000;

/**
 * Which kinds of container a namespace has refused lately, so that the next command does not try them again. A cache:
 * losing it costs a round trip, so nothing here ever fails.
 */
export interface Refusals {
	refused(candidate: string): boolean;
	remember(candidate: string): void;
}

/**
 * @param file where it is kept
 * @param place the server and namespace, and what else decides (the toolkit): what was refused there
 */
export function openRefusals(file: string, place: string): Refusals {
	const read = (): Record<string, number> => {
		try {
			const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
			return Object.fromEntries(Object.entries(all).filter(([, at]) => Date.now() - at < MEMORY));
		} catch {
			return {};
		}
	};
	return {
		refused: (candidate) => read()[`${place} ${candidate}`] !== undefined,
		remember(candidate) {
			try {
				mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
				const next = `${file}.${process.pid}`;
				writeFileSync(next, JSON.stringify({ ...read(), [`${place} ${candidate}`]: Date.now() }), { mode: 0o600 });
				renameSync(next, file);
			} catch {
				// A cache.
			}
		},
	};
}
