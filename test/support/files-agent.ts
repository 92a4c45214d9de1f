import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConnectionLost } from '../../src/cluster/channels.ts';
import { FilesReader } from '../../src/formats/files/reader.ts';
import type { FilesRecord } from '../../src/formats/files/records.ts';
import type { AgentRun, OpenAgent } from '../../src/session/transfer/agent.ts';

const inside = fileURLToPath(new URL('../../src/inside/', import.meta.url));
const main = fileURLToPath(new URL('../inside/files-main.c', import.meta.url));
const SOURCES = ['files.c', 'files_send.c', 'files_list.c', 'files_receive.c', 'files_part.c', 'sha256.c', 'in_root.c'];

let built: string | undefined;

/**
 * The files agent alone, built from its source for this test run: `PROGRAM ROOT VERB …`.
 * @throws Error where there is no musl-gcc
 */
export function buildFilesAgent(): string {
	if (built === undefined) {
		const folder = mkdtempSync(join(tmpdir(), 'ke-agent-'));
		process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
		built = compile(
			'musl-gcc',
			['-std=c11', '-Os', '-s', '-static', '-Wall', '-Wextra', '-Werror'],
			join(folder, 'files'),
		);
	}
	return built;
}

/** Compiles it otherwise, to `out`. */
export function compile(compiler: string, flags: string[], out: string): string {
	execFileSync(compiler, [...flags, `-I${inside}`, main, ...SOURCES.map((name) => inside + name), '-o', out], {
		stdio: 'pipe',
	});
	return out;
}

/** A run of the agent to its end, with everything that it said, the pieces of data joined. */
export async function runAgent(
	root: string,
	words: string[],
	input: Buffer | undefined = undefined,
	env: NodeJS.ProcessEnv = {},
	program = buildFilesAgent(),
): Promise<{ records: FilesRecord[]; code: number; stderr: string; ended: boolean }> {
	const child = spawn(program, [root, ...words], { env: { ...process.env, ...env } });
	child.stdin.on('error', () => {});
	child.stdin.end(input);
	let stderr = '';
	child.stderr.on('data', (bytes: Buffer) => {
		stderr += bytes;
	});
	const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
	const reader = new FilesReader(words[0] === 'list');
	const records: FilesRecord[] = [];
	for await (const chunk of child.stdout) {
		for (const record of reader.push(chunk as Buffer)) {
			const last = records.at(-1);
			if (record.type === 'data' && last?.type === 'data') last.bytes = Buffer.concat([last.bytes, record.bytes]);
			else records.push(record);
		}
	}
	return { records, code: await closed, stderr, ended: reader.ended };
}

/** What happens to the connections of an agent. */
export interface Cuts {
	/**
	 * Bytes, of both directions together, after which the next connection is cut; undefined: it is not. Asked once for each
	 * connection.
	 */
	next(): number | undefined;
}

/** The agent as a local process, its connections cut as told. The filter is the real program behind it. */
export function localAgent(root: string, cuts: Cuts = { next: () => undefined }): OpenAgent & { opened: string[][] } {
	const program = buildFilesAgent();
	const opened: string[][] = [];
	const open: OpenAgent = async (words, { stdin, filter }) => {
		opened.push(words);
		return start(program, [root, ...words], stdin, filter, cuts.next());
	};
	return Object.assign(open, { opened });
}

/** An agent of a hostile pod: whatever it is asked, a process answers these bytes. */
export function hostileAgent(file: string): OpenAgent {
	return async () => start('cat', [file], false, undefined, undefined);
}

function start(
	program: string,
	words: string[],
	stdin: boolean,
	filter: string | undefined,
	limit: number | undefined,
): AgentRun {
	const [command, ...rest] =
		filter === undefined ? [program, ...words] : ['sh', '-c', `"$@" | ${filter} -1`, 'sh', program, ...words];
	const child = spawn(command ?? '', rest, { stdio: 'pipe' });
	if (!stdin) child.stdin.end();
	let said = '';
	child.stderr.on('data', (bytes: Buffer) => {
		said += bytes;
	});
	child.stdin.on('error', () => {});
	let left = limit ?? Number.POSITIVE_INFINITY;
	let lost = false;
	/** Takes so many bytes from what the connection still carries. The number that gets through. */
	const carry = (bytes: number): number => {
		const through = Math.min(bytes, left);
		left -= through;
		if (left === 0 && !lost) {
			lost = true;
			// As a runtime does: the input ends, nobody reads the output.
			child.stdin.end();
			child.stdout.destroy();
		}
		return through;
	};
	const cut = (): ConnectionLost => new ConnectionLost('the connection was lost (cut by the test)');
	async function* output(): AsyncGenerator<Uint8Array> {
		try {
			for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
				const through = carry(chunk.length);
				if (through > 0) yield chunk.subarray(0, through);
				if (lost) break;
			}
		} catch (error) {
			if (!lost) throw error;
		}
		if (lost) throw cut();
	}
	return {
		output: output(),
		async send(bytes) {
			if (lost) throw cut();
			const through = carry(bytes.length);
			const stream = child.stdin;
			// Until it is in the pipe: the bytes are used again.
			if (through > 0 && stream.writable) {
				await new Promise<void>((resolve) => {
					stream.write(bytes.subarray(0, through), () => resolve());
				});
			}
			if (lost) throw cut();
		},
		endInput: () => void child.stdin.end(),
		done: new Promise((resolve, reject) => {
			child.on('error', reject);
			child.on('close', (code) => resolve(code ?? -1));
		}),
		words: () => said,
		close() {
			lost = true;
			child.stdin.destroy();
			child.stdout.destroy();
		},
	};
}
