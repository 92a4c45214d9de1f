import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podYaml } from '../support/manifests.ts';
import type { Row } from './row.ts';

/** Files in 100 folders. */
const SMALL_FILES = 10_000;
/** Times kubectl cp's that ours may take: 1.2 times as fast for large files, as fast for small ones. */
const LARGE = 1 / 1.2;
const SMALL = 1;

/** Where files are copied from and to: a pod of one program for us, one that has tar for kubectl. */
export interface FilesBench {
	/** YAML of the pods `empty` and `full`. */
	pods: string;
	/** Puts the files into both pods. */
	fill(call: (words: string[]) => Promise<unknown>): Promise<void>;
	rows: Row[];
	end(): void;
}

/**
 * @param mebibytes of a large file
 * @param ours makes a command of the program's words, `theirs` one of kubectl's
 */
export function filesBench(
	namespace: string,
	mebibytes: number,
	ours: (...words: string[]) => ReturnType<Row['ours']>,
	theirs: (...words: string[]) => ReturnType<Row['theirs']>,
): FilesBench {
	const folder = mkdtempSync(join(tmpdir(), 'ke-bench-'));
	const source = (name: string): string => join(folder, name);
	const volume = (name: string, image: object): string =>
		podYaml(name, {
			...image,
			spec: 'volumes: [{name: data, emptyDir: {}}]',
			container: 'volumeMounts: [{name: data, mountPath: /data}]',
		});
	// A new place each round: some file systems are slow where names were removed a moment ago.
	const out = (name: string, target: number): Row => ({
		name: `cp of ${name} out`,
		target,
		ours: (round) => ours('cp', '-q', '-n', namespace, `empty:/data/${name}`, source(`ours-${name}-${round}`)),
		theirs: (round) => theirs('cp', '-n', namespace, `full:/data/${name}`, source(`theirs-${name}-${round}`)),
		after: (round) => {
			for (const side of ['ours', 'theirs']) {
				const got = source(`${side}-${name}-${round}`);
				// kubectl cp also ends with 0 where nothing came.
				if (statSync(got).size !== statSync(source(name)).size) throw new Error(`${got} did not arrive`);
				if (target === LARGE) rmSync(got);
			}
		},
	});
	const into = (name: string, target: number): Row => ({
		name: `cp of ${name} in`,
		target,
		ours: (round) =>
			ours('cp', '-q', '-n', namespace, source(name), `empty:/data/${name}-${target === SMALL ? round : 'in'}`),
		theirs: (round) =>
			theirs('cp', '-n', namespace, source(name), `full:/data/${name}-${target === SMALL ? round : 'in'}`),
	});
	return {
		pods: volume('empty', {}) + volume('full', { image: 'nicolaka/netshoot:v0.16', command: ['sleep', '100000'] }),
		async fill(call) {
			writeLarge(source('random'), mebibytes, () => randomBytes(1 << 20));
			writeLarge(source('text'), mebibytes, textBlock);
			for (let i = 0; i < SMALL_FILES; i++) {
				if (i < 100) mkdirSync(source(`small/${i}`), { recursive: true });
				writeFileSync(source(`small/${i % 100}/${i}`), randomBytes(randomInt(4096)));
			}
			for (const name of ['random', 'text', 'small'])
				for (const pod of ['empty', 'full'])
					await call(['cp', '-q', '-n', namespace, source(name), `${pod}:/data/${name}`]);
		},
		rows: [
			out('random', LARGE),
			out('text', LARGE),
			into('random', LARGE),
			into('text', LARGE),
			out('small', SMALL),
			into('small', SMALL),
		],
		end: () => rmSync(folder, { recursive: true, force: true }),
	};
}

function writeLarge(path: string, mebibytes: number, block: () => Buffer): void {
	const descriptor = openSync(path, 'w');
	for (let i = 0; i < mebibytes; i++) writeSync(descriptor, block());
	closeSync(descriptor);
}

/** Lines as a web server logs them: some five times smaller when compressed. */
function textBlock(): Buffer {
	let text = '';
	while (text.length < 1 << 20) {
		const path = `/api/v1/items/${randomInt(10_000)}`;
		text += `${new Date(1.7e12 + randomInt(1e9)).toISOString()} GET ${path} ${200 + randomInt(4)} ${randomInt(100_000)} bytes\n`;
	}
	return Buffer.from(text.slice(0, 1 << 20));
}
