/**
 * Carries out one job over the transport in the runtime that runs this file, and prints what came of it as one JSON line:
 * `node driver.ts JOB` or `bun driver.ts JOB`, the job as JSON.
 */
import { createHash } from 'node:crypto';
import { ApiError } from '../../src/cluster/api-error.ts';
import { openChannels } from '../../src/cluster/channels.ts';
import { type Connection, type ConnectionFlags, connect } from '../../src/cluster/connect.ts';
import { type ApiRequest, request } from '../../src/cluster/request.ts';
import { UserError } from '../../src/errors.ts';

export interface Job {
	flags?: ConnectionFlags;
	serviceAccount?: string;
	steps?: Step[];
	/** Collects the request log up to this level. */
	log?: number;
}

export type Step =
	| { request: Omit<ApiRequest, 'signal'>; read?: 'text' | 'lines' | 'some' | 'nothing'; abortAfter?: number }
	| { pause: number }
	| {
			exec: string[];
			path?: string;
			/** Texts to be sent one after the other; a number: so many bytes in pieces of 64 KiB. */
			stdin?: (string | number)[];
			closeStdin?: boolean;
			resize?: [number, number];
			/** Milliseconds that the reader takes for every 4 MB of output. */
			slow?: number;
			pingInterval?: number;
			abortAfter?: number;
	  };

export interface StepResult {
	status?: number;
	text?: string;
	lines?: string[];
	warnings?: string[];
	protocol?: string;
	stdout?: string;
	stderr?: string;
	/** Bytes and sha256 of stdout; its text is kept up to 10 kB. */
	count?: number;
	digest?: string;
	/** What of stdin was sent. */
	sent?: { digest: string; milliseconds: number };
	closedStdin?: boolean;
	ended?: unknown;
	milliseconds?: number;
	error?: Failure;
}

export interface Failure {
	name: string;
	message: string;
	hint?: string | undefined;
	status?: number;
	reason?: string | undefined;
	isUserError: boolean;
}

export interface Result {
	runtime: 'node' | 'bun';
	connection?: Pick<Connection, 'namespace' | 'userName' | 'contextName'> & {
		server: string;
		proxy?: string | undefined;
	};
	steps: StepResult[];
	error?: Failure;
	log: string[];
	/** Megabytes resident: at the start, and the most since then. */
	memory: { start: number; peak: number };
}

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const result: Result = {
	runtime: process.versions.bun === undefined ? 'node' : 'bun',
	steps: [],
	log: [],
	memory: { start: megabytes(), peak: 0 },
};
const sampling = setInterval(() => {
	result.memory.peak = Math.max(result.memory.peak, megabytes());
}, 20);
try {
	const connection = await connect(job.flags ?? {}, process.env, job.serviceAccount);
	const { namespace, userName, contextName, server, proxy } = connection;
	result.connection = { namespace, userName, contextName, server: server.href, proxy: proxy?.host };
	const { log } = job;
	if (log !== undefined) connection.log = (level, line) => level <= log && result.log.push(line);
	for (const step of job.steps ?? []) {
		const start = performance.now();
		const one = await carryOut(connection, step).catch((error: unknown) => ({ error: failure(error) }));
		result.steps.push({ ...one, milliseconds: performance.now() - start });
	}
} catch (error) {
	result.error = failure(error);
}
clearInterval(sampling);
result.memory.peak = Math.max(result.memory.peak, megabytes());
process.stdout.write(`${JSON.stringify(result)}\n`);

async function carryOut(connection: Connection, step: Step): Promise<StepResult> {
	if ('pause' in step) {
		await new Promise((resolve) => setTimeout(resolve, step.pause));
		return {};
	}
	const signal = step.abortAfter === undefined ? {} : { signal: abortAfter(step.abortAfter) };
	if ('exec' in step) return exec(connection, step, signal);
	const response = await request(connection, { ...step.request, ...signal });
	const { status, warnings } = response;
	if (step.read === 'nothing') return { status, warnings };
	if (step.read === 'lines') return { status, warnings, lines: await Array.fromAsync(response.lines()) };
	if (step.read === 'some') {
		let count = 0;
		for await (const chunk of response.bytes()) {
			count += chunk.length;
			if (count > 1e6) break;
		}
		return { status, count };
	}
	return { status, warnings, text: await response.text() };
}

async function exec(
	connection: Connection,
	step: Extract<Step, { exec: string[] }>,
	signal: { signal?: AbortSignal },
): Promise<StepResult> {
	const digest = createHash('sha256');
	const got: StepResult = { stdout: '', stderr: '', count: 0 };
	let next = 4e6;
	const channels = await openChannels(
		connection,
		step.path ?? '/api/v1/namespaces/n/pods/p/exec',
		{ command: step.exec, stdin: 'true', stdout: 'true', stderr: 'true' },
		{
			stdout(bytes) {
				const before = got.count ?? 0;
				got.count = before + bytes.length;
				digest.update(bytes);
				if (before < 10_000) got.stdout += Buffer.from(bytes).toString();
				if (step.slow === undefined || got.count < next) return;
				next += 4e6;
				return new Promise((resolve) => setTimeout(resolve, step.slow));
			},
			stderr(bytes) {
				got.stderr += Buffer.from(bytes).toString();
			},
		},
		{ ...signal, ...(step.pingInterval !== undefined && { pingInterval: step.pingInterval }) },
	);
	got.protocol = channels.protocol;
	try {
		if (step.resize) channels.resize(...step.resize);
		if (step.stdin) got.sent = await feed(channels, step.stdin);
		if (step.closeStdin) got.closedStdin = channels.closeStdin();
		got.ended = await channels.status;
	} catch (error) {
		got.error = failure(error);
		channels.close();
	}
	got.digest = digest.digest('hex');
	return got;
}

async function feed(
	channels: { send(bytes: Uint8Array): Promise<void> },
	parts: (string | number)[],
): Promise<{ digest: string; milliseconds: number }> {
	const digest = createHash('sha256');
	const start = performance.now();
	const block = Buffer.alloc(65536, 'stdin ');
	for (const part of parts) {
		if (typeof part === 'string') {
			digest.update(part);
			await channels.send(Buffer.from(part));
			continue;
		}
		for (let left = part; left > 0; left -= block.length) {
			const piece = block.subarray(0, Math.min(left, block.length));
			digest.update(piece);
			await channels.send(piece);
		}
	}
	return { digest: digest.digest('hex'), milliseconds: performance.now() - start };
}

function abortAfter(milliseconds: number): AbortSignal {
	const controller = new AbortController();
	setTimeout(() => controller.abort(new Error('ended by us')), milliseconds);
	return controller.signal;
}

function failure(error: unknown): Failure {
	const { name, message } = error as Error;
	return {
		name,
		message,
		isUserError: error instanceof UserError,
		...(error instanceof UserError && { hint: error.hint }),
		...(error instanceof ApiError && { status: error.status, reason: error.reason }),
	};
}

function megabytes(): number {
	return Math.round(process.memoryUsage().rss / 1e6);
}
