import type { Channels } from '../cluster/channels.ts';
import { LAUNCHERS } from '../inside/launcher.ts';
import { TEXTS } from '../inside/texts.ts';
import type { Entry } from '../plan/entry.ts';
import { specHash } from '../plan/names.ts';
import { type EnvEntry, encodeHeader, encodePart, type StdinKind } from './header.ts';
import { type Mark, Marks } from './marks.ts';

/** What is run by exec in a container of ours. */
export interface Work {
	/** The command; or, for a shell, the shells to try in this order. */
	words: string[];
	shell: boolean;
	stdin: boolean;
	tty: boolean;
	env: EnvEntry[];
	/** Folders before the PATH of the image. */
	path: string[];
	/** The id of the target container without its scheme; empty: none is known. */
	targetId: string;
	/** What stands in the prompt. */
	prompt: string;
	/** As whom, in which root, with which environment. */
	entry: Entry;
	/** Say nothing but errors there either. */
	quiet: boolean;
	/** What the launcher is given beside the environment: scripts and what belongs to them (src/inside/request.c). */
	special?: readonly EnvEntry[];
	/** The work reads control lines from its stdin. */
	control?: boolean;
	/** Names the folder for files, `$OUT`, in what is said to us; undefined: there is none. */
	nonce?: string;
	/** The words are the files agent's (src/inside/files.c); its output goes through the compressor, if one is named. */
	files?: { filter: string | undefined; ofDebugImage?: boolean };
}

/** The argv that runs a work through `src/inside/bootstrap.sh` and the launcher. */
export function enterCommand(work: Work): string[] {
	const { entry } = work;
	const term = work.tty && /^[\w.+-]+$/.test(process.env.TERM ?? '') ? (process.env.TERM ?? '') : '';
	const letters = [
		'x',
		work.shell && 's',
		work.tty && 't',
		entry.keepsRights && 'k',
		work.quiet && 'q',
		work.files && 'f',
	].filter(Boolean);
	const keys = {
		target: work.targetId,
		pid: entry.pid === undefined ? '' : String(entry.pid),
		root: entry.root === 'debug' ? '' : entry.root,
		as: typeof entry.as === 'object' ? `${entry.as.uid}:${entry.as.gid}` : (entry.as ?? ''),
		env: entry.targetEnv ? 'target' : '',
		first: entry.targetPathFirst ? 'target' : '',
		term,
		prompt: work.shell ? work.prompt : '',
		path: work.path.join(':'),
		filter: work.files?.filter ?? '',
		files: work.files?.ofDebugImage ? 'debug' : '',
	};
	const said = Object.entries(keys).flatMap(([key, value]) => (value === '' ? [] : [`${key}=${value}`]));
	const sums = LAUNCHERS.map(({ sha256 }) => sha256).join(' ');
	return [
		'sh',
		'-c',
		TEXTS.bootstrap,
		'ke',
		sums || '-',
		folder(work.path),
		letters.join(''),
		...said,
		'--',
		...work.words,
	];
}

/** The launcher's folder in the debug container: another for each build of it, and for other folders with tools. */
function folder(path: string[]): string {
	const tools = path.length === 0 ? '' : `-${specHash(path)}`;
	return `.ke-${LAUNCHERS.map(({ sha256 }) => sha256.slice(0, 6)).join('')}${tools}`;
}

/**
 * Our side of the beginning of a work: answers the marks by which the bootstrap and the launcher ask for the launcher, the
 * header, or the script that stands in for the launcher.
 */
export class Greeting {
	/** For the stream that the marks come on: stdout of a terminal, else stderr. */
	readonly marks: Marks;
	/** Resolves when the command begins; until then stdin is ours. */
	readonly done: Promise<void>;
	readonly #answered = new Set<Mark>();
	readonly #work: Work;
	#kind: StdinKind = 'n';
	#resolve: () => void = () => {};
	#channels: Pick<Channels, 'send'> | undefined;
	/** What was heard before there was anybody to answer to. */
	#early: Mark[] = [];

	constructor(work: Work) {
		this.#work = work;
		this.done = new Promise((resolve) => {
			this.#resolve = resolve;
		});
		this.marks = new Marks((mark) => this.#heard(mark));
	}

	/** The stream is open. Without a terminal the header is sent unasked: most often the launcher is there. */
	begin(channels: Pick<Channels, 'send' | 'protocol'>): void {
		this.#channels = channels;
		const { tty, stdin } = this.#work;
		// A v4 server cannot end a stream, so the end is told in frames.
		this.#kind = tty ? 'n' : this.#work.control ? 'a' : !stdin ? 'c' : channels.protocol === 'v4' ? 'f' : 'n';
		if (!this.#work.tty) this.#send(this.#header());
		for (const mark of this.#early.splice(0)) this.#heard(mark);
	}

	#heard(mark: Mark): void {
		if (!this.#channels) {
			this.#early.push(mark);
			return;
		}
		const [word = '', machine = ''] = mark.split(' ');
		// What the command writes is nothing that is asked of us.
		if (this.#answered.has(word) || this.#answered.has('ok')) return;
		this.#answered.add(word);
		if (word === 'carry') this.#carry(machine).catch(() => this.#send(encodePart(new Uint8Array(0))));
		else if (word === 'header') this.#send(this.#header());
		else if (word === 'script') {
			this.#send(Buffer.concat([encodePart(Buffer.from(TEXTS.enter)), this.#header()]));
			if (this.#work.tty) this.#resolve();
		} else if (word === 'ok') {
			if (this.#work.tty) this.#send(this.#header());
			this.#resolve();
		}
	}

	async #carry(machine: string): Promise<void> {
		const known = LAUNCHERS.some((one) => one.machine === machine);
		const { launcherBytes } = await import('../inside/launcher-bytes.ts');
		this.#send(encodePart(known ? launcherBytes(machine) : new Uint8Array(0)));
	}

	#header(): Uint8Array {
		const { env, special = [], nonce } = this.#work;
		const out = nonce === undefined ? [] : [{ name: '=out', value: nonce }];
		return encodeHeader(env, this.#kind, [...special, ...out]);
	}

	/** What ends the stream is told by its status: a failure to send is of no interest. */
	#send(bytes: Uint8Array): void {
		this.#channels?.send(bytes).catch(() => {});
	}
}
