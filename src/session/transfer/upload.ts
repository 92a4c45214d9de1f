import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { ConnectionLost } from '../../cluster/channels.ts';
import { UserError } from '../../errors.ts';
import { DIGEST_DIFFERS, type Entry, type FilesRecord, type Note } from '../../formats/files/records.ts';
import { beatRecord, endRecord, entryRecord, escapeArgument, helloRecord } from '../../formats/files/writer.ts';
import { type AgentRun, agentRecords, type OpenAgent } from './agent.ts';
import { Batched } from './batched.ts';
import { type SendRecord, type Sent, sendFile, sendStream } from './file-sender.ts';
import { isStream, type LocalItem, localItems } from './local-source.ts';
import type { Meter } from './meter.ts';
import { emptyOutcome, keep, sayPath, type TransferOutcome } from './outcome.ts';
import { interrupted, whileCut } from './retry.ts';

/** What is sent, and how. */
export interface UploadRequest {
	/** A local path, or `-`. */
	local: string;
	/** The name it has in a folder of the pod; empty for `-`. */
	name: Buffer;
	/** The path in the pod. */
	dest: Buffer;
	/** Keep permissions and times. */
	preserve: boolean;
	/** Cuts in a row without progress that are put up with; negative: any number. */
	retries: number;
	stop?: AbortSignal;
	/** Standard input, for `-`. */
	input: AsyncIterable<Uint8Array>;
}

/** Milliseconds between two signs of life; the agent takes 15 s of silence for a cut. */
const BEAT = 4000;
/** Times that a file is sent again because its digest was another at the other end. */
const FRESH_STARTS = 3;
/** Items that may wait for their answer. */
const IN_FLIGHT = 2000;

/** An item on its way: what was sent and is not answered yet. */
interface Pending {
	item: LocalItem & { type: 'entry' | 'folder-end' };
	tries: number;
	sent?: Sent;
}

/** Sends a file or a folder into a pod. Each file appears there when it is whole, under the same SHA-256, or not at all. */
export class Upload {
	readonly #open: OpenAgent;
	readonly #request: UploadRequest;
	readonly #meter: Meter;
	readonly #id = randomBytes(8).toString('hex');
	readonly outcome: TransferOutcome = emptyOutcome();
	readonly #items: Iterator<LocalItem>;
	/** Not yet answered, in the order of sending; sent again after a cut. */
	#pending: Pending[] = [];
	/** To be sent next, before what `#items` still gives. */
	#again: Pending[] = [];
	/** The path that the agent writes to, once it has said so. */
	#base: Buffer | undefined;
	#attempts = 0;
	#progressed = false;
	#run: AgentRun | undefined;
	#batched: Batched | undefined;
	/** Wakes the sender: an answer came, or the end. */
	#wake: () => void = () => {};
	#offset: number | undefined;
	/** The most that has arrived of a file that was cut. */
	#furthest = 0;

	constructor(open: OpenAgent, request: UploadRequest, meter: Meter) {
		this.#open = open;
		this.#request = request;
		this.#meter = meter;
		this.#items = localItems(request.local);
	}

	/**
	 * @throws UserError when the local path is not there or cannot be read again after a cut, ConnectionLost after too many
	 * cuts, FilesFormatError when what answers is not the agent
	 */
	async run(): Promise<TransferOutcome> {
		const stop = (): void => this.#run?.close();
		this.#request.stop?.addEventListener('abort', stop);
		// Whether there is anything to send is known before anything is asked of the pod.
		const first = this.#next();
		if (first !== undefined) this.#again.push(first);
		try {
			await whileCut(
				this.#request.retries,
				() => this.#attempt(),
				() => {
					const progressed = this.#progressed;
					this.#progressed = false;
					return progressed;
				},
				(error, last) => {
					if (this.#request.stop?.aborted) throw interrupted();
					if (this.#pending.some(({ item }) => isStream(item.entry))) {
						throw new UserError(
							`${error.message}, and what was read from a pipe cannot be read again`,
							'Send a file: that goes on by itself.',
						);
					}
					if (last) return;
					this.outcome.resumed++;
					this.#again = [...this.#pending, ...this.#again];
					this.#pending = [];
					this.#meter.say(`${error.message}; going on`);
				},
			);
			return this.outcome;
		} finally {
			this.#request.stop?.removeEventListener('abort', stop);
			this.#run?.close();
		}
	}

	async #attempt(): Promise<void> {
		const again = this.#base;
		const words = [
			'receive',
			`${this.#id}.${this.#attempts++}`,
			escapeArgument(this.#request.name),
			escapeArgument(this.#request.dest),
		];
		if (again !== undefined) words.push('--again', escapeArgument(again));
		if (!this.#request.preserve) words.push('--no-preserve');
		const run = await this.#open(words, { stdin: true });
		this.#run = run;
		this.#offset = undefined;
		let failed: unknown;
		let over = false;
		const answers = this.#answers(run)
			.then(
				() => {},
				(error: unknown) => {
					failed ??= error;
				},
			)
			.finally(() => {
				over = true;
				this.#wake();
			});
		const batched = new Batched(async (bytes) => {
			if (over) throw new ConnectionLost('the files agent has ended');
			await run.send(bytes);
		});
		this.#batched = batched;
		const beat = setInterval(() => {
			void batched.send(beatRecord());
			batched.flush().catch(() => {});
		}, BEAT);
		const send: SendRecord = (record) => batched.send(record);
		try {
			await send(helloRecord());
			// Nothing goes before it is known where to: that is also where it is gone on with after a cut.
			await this.#woken(() => this.#base !== undefined || over);
			await this.#sendAll(send, again !== undefined, () => over);
			await batched.flush();
			run.endInput();
		} catch (error) {
			// Why the agent ended matters more than that it did.
			if (!(error instanceof ConnectionLost)) failed ??= error;
			run.close();
			await answers;
			throw failed ?? error;
		} finally {
			clearInterval(beat);
		}
		await answers;
		if (failed !== undefined) throw failed;
	}

	async #sendAll(send: SendRecord, again: boolean, over: () => boolean): Promise<void> {
		let asks = again;
		for (;;) {
			const next = this.#again.shift() ?? this.#next();
			if (next === undefined) {
				// Answers may bring something to be sent again.
				if (this.#pending.length === 0) break;
				await this.#woken(() => this.#again.length > 0 || this.#pending.length === 0 || over());
				if (over()) throw new ConnectionLost('the files agent has ended');
				continue;
			}
			if (this.#pending.length >= IN_FLIGHT) await this.#woken(() => this.#pending.length < IN_FLIGHT || over());
			this.#pending.push(next);
			const { item } = next;
			await send(
				entryRecord({ ...item.entry, allocated: Math.max(item.entry.allocated, 0) }, item.type === 'folder-end'),
			);
			if (item.type !== 'entry' || item.entry.kind !== 'f') continue;
			let offset = 0;
			if (asks) {
				// The agent says how much of this file is there already.
				asks = false;
				await this.#woken(() => this.#offset !== undefined || over());
				offset = this.#offset ?? 0;
				// A connection that brings nothing new may not be tried for ever.
				if (offset > this.#furthest) this.#progressed = true;
				this.#furthest = Math.max(this.#furthest, offset);
			}
			await this.#sendContent(next, item.entry, item.local, offset, send);
		}
		await send(endRecord(this.outcome.files, this.outcome.bytes, this.outcome.skipped.length));
	}

	async #sendContent(pending: Pending, entry: Entry, local: Buffer, offset: number, send: SendRecord): Promise<void> {
		this.#meter.name = sayPath(entry.path.length > 0 ? entry.path : local);
		const watch = {
			bytes: (count: number): void => this.#meter.add(count),
			refused: (): boolean => !this.#pending.includes(pending),
			end: (sent: Sent): void => {
				pending.sent = sent;
			},
		};
		if (isStream(entry)) {
			const source = local.toString() === '-' ? this.#request.input : fs.createReadStream(local);
			await sendStream(source, send, watch);
			return;
		}
		// It is counted from its start again.
		if (entry.path.length === 0) {
			this.#meter.total = entry.size;
			this.#meter.add(-this.#meter.bytes);
		}
		const flags = fs.constants.O_RDONLY | (entry.path.length > 0 ? (fs.constants.O_NOFOLLOW ?? 0) : 0);
		const descriptor = fs.openSync(local, flags);
		try {
			await sendFile(descriptor, entry, offset, send, watch);
		} finally {
			fs.closeSync(descriptor);
		}
	}

	#next(): Pending | undefined {
		for (;;) {
			const { value, done } = this.#items.next() as IteratorResult<LocalItem, undefined>;
			if (done || value === undefined) return undefined;
			if (value.type !== 'skipped') return { item: value, tries: 0 };
			keep(this.outcome.skipped, { path: sayPath(value.local), reason: value.reason, failed: value.failed });
		}
	}

	/** Reads the answers of one connection, up to the agent's end. */
	async #answers(run: AgentRun): Promise<void> {
		for await (const record of agentRecords(run, undefined)) {
			this.#take(record);
			this.#wake();
		}
	}

	#take(record: FilesRecord): void {
		if (record.type === 'hello') this.#base ??= record.base.length > 0 ? record.base : undefined;
		else if (record.type === 'offset') this.#offset = record.bytes;
		else if (record.type === 'note') this.#note(record.note);
		else if (record.type === 'done') {
			const done = this.#answered();
			if (done.sent === undefined) return;
			this.outcome.files++;
			this.outcome.bytes += done.sent.size;
			if (done.item.entry.path.length === 0) this.outcome.sha256 = done.sent.sha256.toString('hex');
			if (done.sent.changed) {
				keep(this.outcome.remarks, {
					path: sayPath(done.item.entry.path),
					reason: 'it changed while it was read',
					failed: false,
				});
			}
		}
	}

	#answered(): Pending {
		const done = this.#pending.shift();
		if (done === undefined) throw new UserError('the files agent answers what was not asked');
		this.#progressed = true;
		this.#furthest = 0;
		return done;
	}

	#note(note: Note): void {
		const path = sayPath(this.#base ?? this.#request.dest, note.path);
		if (note.kind === 'remark') {
			keep(this.outcome.remarks, { path, reason: note.sentence, failed: false });
			return;
		}
		// Before the greeting nothing was sent: the destination itself cannot be.
		if (this.#base === undefined) throw new UserError(`${path}: ${note.sentence}`);
		const refused = this.#answered();
		if (note.errno === DIGEST_DIFFERS && refused.tries < FRESH_STARTS && !isStream(refused.item.entry)) {
			this.#again.push({ item: refused.item, tries: refused.tries + 1 });
			return;
		}
		keep(this.outcome.skipped, { path, reason: note.sentence, failed: true });
	}

	async #woken(condition: () => boolean): Promise<void> {
		if (!condition()) await this.#batched?.flush();
		while (!condition()) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}
}
