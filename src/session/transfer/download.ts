import { ConnectionLost } from '../../cluster/channels.ts';
import { UserError } from '../../errors.ts';
import type { Entry, FilesRecord, Note } from '../../formats/files/records.ts';
import { escapeArgument } from '../../formats/files/writer.ts';
import { type AgentRun, agentRecords, NoCompressor, type OpenAgent } from './agent.ts';
import { type Compression, CompressionChoice } from './compression.ts';
import type { Destination } from './destination.ts';
import { Refused } from './local-tree.ts';
import type { Meter } from './meter.ts';
import { emptyOutcome, keep, sayPath, type TransferOutcome } from './outcome.ts';
import type { Receiving } from './receiving.ts';
import { interrupted, whileCut } from './retry.ts';

/** What is fetched, and how. */
export interface DownloadRequest {
	/** Paths in the pod. */
	sources: Buffer[];
	/** Go on with what is appended to the file, until `stop`. */
	follow: boolean;
	compress: Compression;
	/** Cuts in a row without progress that are put up with; negative: any number. */
	retries: number;
	/** Ends a transfer that follows; any other is cut off by it. */
	stop?: AbortSignal;
}

/** Milliseconds that the agent has to end what it follows. */
const STOP_GRACE = 2000;
/** Times that a file whose digest differs at the end is fetched from its start again. */
const FRESH_STARTS = 3;

/** Fetches files and folders from a pod to a destination. Lossless or not at all: each file's SHA-256 is compared. */
export class Download {
	readonly #open: OpenAgent;
	readonly #request: DownloadRequest;
	readonly #to: Destination;
	readonly #meter: Meter;
	readonly #say: (line: string) => void;
	readonly #compression: CompressionChoice;
	readonly outcome: TransferOutcome = emptyOutcome();
	/** The file that is coming in; it outlives a cut. */
	#file: Receiving | undefined;
	#entry: Entry | undefined;
	/** The point to go on from when no file is half there: after this entry. */
	#last: { index: number; path: Buffer } | undefined;
	/** Fresh starts of the current file. */
	#fresh = 0;
	#progressed = false;
	#run: AgentRun | undefined;

	constructor(open: OpenAgent, request: DownloadRequest, to: Destination, meter: Meter, say: (line: string) => void) {
		this.#open = open;
		this.#request = request;
		this.#to = to;
		this.#meter = meter;
		this.#say = say;
		this.#compression = new CompressionChoice(request.follow ? 'none' : request.compress);
	}

	/**
	 * @throws UserError when nothing could be fetched at all or this machine cannot take it, ConnectionLost when the
	 * connection was cut too often, FilesFormatError when what answers is not the agent
	 */
	async run(): Promise<TransferOutcome> {
		const stop = (): void => {
			const run = this.#run;
			if (!this.#request.follow) run?.close();
			run?.endInput();
			// A server of the old protocol (v4) cannot be told that the input has ended.
			setTimeout(() => run?.close(), STOP_GRACE).unref();
		};
		this.#request.stop?.addEventListener('abort', stop);
		try {
			this.#file = await this.#to.resume();
			if (this.#file !== undefined) this.#meter.add(this.#file.at);
			await whileCut(
				this.#request.retries,
				async () => {
					while (!(await this.#attempt())) this.#run?.close();
				},
				() => {
					const progressed = this.#progressed;
					this.#progressed = false;
					return progressed;
				},
				(error, last) => {
					if (this.#request.stop?.aborted) throw this.#request.follow ? error : interrupted();
					if (last) return;
					this.outcome.resumed++;
					this.#meter.say(`${error.message}; going on from ${this.#file?.at ?? 0} bytes of this file`);
				},
			);
			this.#file?.abandon(true);
			this.#to.finish();
			return this.outcome;
		} catch (error) {
			if (this.#request.follow && this.#request.stop?.aborted && error instanceof ConnectionLost) {
				if (this.#entry !== undefined) this.#file?.finish(this.#entry);
				return this.outcome;
			}
			// An earlier part of a single file is worth keeping; whatever else is half there is not.
			this.#file?.abandon(true);
			throw error;
		} finally {
			this.#request.stop?.removeEventListener('abort', stop);
			this.#run?.close();
		}
	}

	/** One connection. False: it is to be made anew at once. */
	async #attempt(): Promise<boolean> {
		const filter = this.#compression.current;
		this.#compression.restart();
		this.#run = await this.#open(this.#words(), {
			stdin: this.#request.follow,
			...(filter !== undefined && { filter }),
		});
		if (this.#request.stop?.aborted) this.#run.endInput();
		try {
			for await (const record of agentRecords(this.#run, filter)) {
				const going = await this.#take(record);
				if (!going) return false;
				if (record.type === 'data' && this.#compression.shouldChange(record.bytes.length, this.#left())) return false;
			}
			return true;
		} catch (error) {
			if (error instanceof NoCompressor && this.#compression.giveUp()) return false;
			throw error;
		}
	}

	#left(): number | undefined {
		return this.#meter.total === undefined ? undefined : this.#meter.total - this.#meter.bytes;
	}

	/** The agent's verb and arguments, from where this transfer stands. */
	#words(): string[] {
		const from = this.#point();
		return [
			'send',
			...(from === undefined ? [] : ['--from', String(from.index), from.offset, escapeArgument(from.path)]),
			...(this.#request.follow ? ['--follow'] : []),
			'--',
			...this.#request.sources.map(escapeArgument),
		];
	}

	#point(): { index: number; path: Buffer; offset: string } | undefined {
		if (this.#entry !== undefined) {
			// What was refused here is not fetched to be refused again.
			return { ...this.#entry, offset: this.#file === undefined ? '-' : String(this.#file.at) };
		}
		if (this.#last !== undefined) return { ...this.#last, offset: '-' };
		if (this.#file !== undefined) return { index: 0, path: Buffer.alloc(0), offset: String(this.#file.at) };
		return undefined;
	}

	/** False: the current file has to be fetched from its start. */
	async #take(record: FilesRecord): Promise<boolean> {
		switch (record.type) {
			case 'entry':
				await this.#begin(record.entry);
				return true;
			case 'data':
				this.#progressed = true;
				this.#meter.add(record.bytes.length);
				await this.#file?.write(record.bytes);
				return true;
			case 'hole':
				this.#progressed = true;
				this.#meter.add(record.length);
				await this.#file?.hole(record.length);
				return true;
			case 'file-end':
				return this.#endFile(record);
			case 'anew':
				this.#say(`the file was ${record.why}; going on with its new content`);
				this.#file?.anew();
				return true;
			case 'note':
				this.#note(record.note);
				return true;
			default:
				return true;
		}
	}

	async #begin(entry: Entry): Promise<void> {
		this.#meter.name = sayPath(entry.path.length > 0 ? entry.path : (this.#request.sources[entry.index] ?? entry.path));
		const goesOn = this.#file !== undefined && entry.kind === 'f' && this.#isCurrent(entry);
		if (!goesOn && this.#file !== undefined) {
			// It is gone, or no file any more, since the cut.
			this.#file.abandon(false);
			if (this.#entry !== undefined) this.#skip(this.#entry, 'it was gone when the connection was back');
			this.#file = undefined;
		}
		this.#entry = undefined;
		try {
			if (entry.kind === 'd') this.#to.folder(entry);
			else if (entry.kind === 'l') this.#to.link(entry);
			else if (entry.kind !== 'f') throw new Refused('it is no file, folder or link');
			else if (goesOn && this.#file !== undefined) this.#goOn(this.#file, entry);
			else if (entry.offset > 0) throw new Refused('it does not begin at its start');
			else this.#file = this.#to.file(entry);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			this.#skip(entry, error.message);
		}
		if (entry.kind !== 'f') {
			this.#done(entry);
			return;
		}
		this.#entry = entry;
		if (this.#to.single) this.#meter.total = entry.size;
	}

	#isCurrent(entry: Entry): boolean {
		if (this.#entry === undefined) return entry.path.length === 0 && entry.index === 0;
		return this.#entry.index === entry.index && this.#entry.path.equals(entry.path);
	}

	#goOn(file: Receiving, entry: Entry): void {
		if (entry.offset === file.at) return;
		if (entry.offset !== 0) throw new UserError('the files agent goes on from another place than it was asked to');
		if (this.#request.follow) {
			this.#say('the file has become shorter; going on with its new content');
			file.anew();
			return;
		}
		this.#say(`${sayPath(entry.path)} has become shorter meanwhile; it is fetched from its start`.trimStart());
		this.#rewind(file);
	}

	#rewind(file: Receiving): void {
		this.#meter.add(-file.at);
		file.rewind();
	}

	#endFile(end: FilesRecord & { type: 'file-end' }): boolean {
		const [entry, file] = [this.#entry, this.#file];
		if (entry === undefined) throw new UserError('the files agent ends a file that it did not begin');
		if (file === undefined || end.outcome === 'failed') {
			// Refused here, or the note that follows says why.
			file?.abandon(false);
			this.#done(entry);
			return true;
		}
		if (!this.#request.follow && (file.at !== end.size || !file.digest().equals(end.sha256))) {
			if (++this.#fresh <= FRESH_STARTS) {
				const name = sayPath(entry.path.length > 0 ? entry.path : (this.#request.sources[entry.index] ?? entry.path));
				this.#say(`${name} is not what began to arrive: it changed meanwhile. It is fetched from its start.`);
				this.#rewind(file);
				return false;
			}
			this.#fresh = 0;
			file.abandon(false);
			this.#skip(entry, 'it changed again and again while it was fetched: its SHA-256 never was that of what arrived');
			this.#done(entry);
			return true;
		}
		if (this.#to.single && this.#request.sources.length === 1) this.outcome.sha256 = file.digest().toString('hex');
		this.#fresh = 0;
		this.outcome.files++;
		this.outcome.bytes += file.at;
		file.finish(entry);
		if (end.outcome === 'changed')
			this.#remark(entry, 'it changed while it was read: this is its content from several moments');
		this.#done(entry);
		return true;
	}

	#done(entry: Entry): void {
		this.#last = { index: entry.index, path: entry.path };
		this.#entry = undefined;
		this.#file = undefined;
		this.#progressed = true;
	}

	#note(note: Note): void {
		// A file that had begun to arrive before a cut and cannot be read any more.
		if (this.#file !== undefined && this.#entry !== undefined && note.path.equals(this.#entry.path)) {
			this.#file.abandon(false);
			this.#done(this.#entry);
		}
		keep(note.kind === 'remark' ? this.outcome.remarks : this.outcome.skipped, {
			path: this.#name(note.index, note.path),
			reason: note.sentence,
			failed: note.kind === 'failed',
		});
		// A note on a folder may come after what is in it; the point to go on from does not go back.
		const inside = Buffer.concat([note.path, Buffer.from('/')]);
		const goesBack =
			this.#last?.index === note.index && (note.path.length === 0 || this.#last.path.indexOf(inside) === 0);
		if (!goesBack) this.#last = { index: note.index, path: note.path };
	}

	#skip(entry: Entry, reason: string): void {
		keep(this.outcome.skipped, { path: this.#name(entry.index, entry.path), reason, failed: true });
	}

	#remark(entry: Entry, reason: string): void {
		keep(this.outcome.remarks, { path: this.#name(entry.index, entry.path), reason, failed: false });
	}

	#name(index: number, path: Buffer): string {
		return sayPath(this.#request.sources[index] ?? Buffer.alloc(0), path);
	}
}
