import { basename } from 'node:path';
import { Flags } from '@oclif/core';
import { UsageError, UserError } from '../errors.ts';
import { sayRefusal } from '../session/api-words.ts';
import { type Console, openConsole } from '../session/console.ts';
import { standardSink } from '../session/sink.ts';
import type { Compression } from '../session/transfer/compression.ts';
import { openDestination } from '../session/transfer/destination.ts';
import { Download } from '../session/transfer/download.ts';
import { Meter, sayBytes } from '../session/transfer/meter.ts';
import { addOutcome, emptyOutcome, type TransferOutcome } from '../session/transfer/outcome.ts';
import { Upload } from '../session/transfer/upload.ts';
import { sayDuration } from '../text/say.ts';
import { pathBytes } from './argument-bytes.ts';
import { BaseCommand } from './base.ts';
import { FILES_FLAGS, openPodFiles, type PodFiles } from './files-request.ts';
import { CONNECTION_FLAGS, POD_FLAGS } from './flags.ts';
import { printDocument } from './print.ts';
import { type CopyWord, parseCopyWord, type RemotePath } from './remote-path.ts';

/** The flags of cp. */
export const CP_FLAGS = {
	...CONNECTION_FLAGS,
	...POD_FLAGS,
	...FILES_FLAGS,
	follow: Flags.boolean({ char: 'f', description: 'Go on with what is appended to the file, until Ctrl-C' }),
	compress: Flags.string({
		description: 'auto (where the link is slow), none, gzip or zstd; downloads only',
		options: ['auto', 'none', 'gzip', 'zstd'],
		default: 'auto',
	}),
	'no-preserve': Flags.boolean({ description: 'Do not keep permissions and times in the pod' }),
};

/** What is to be copied, by the words of the command line. */
type CopyRequest =
	| { direction: 'download'; remotes: RemotePath[]; local: string }
	| { direction: 'upload'; locals: string[]; remotes: [RemotePath] };

/** `kubectl ephemeral cp`: files and folders out of a pod and into it, whatever its image lacks. */
export class CpCommand extends BaseCommand {
	static override id = 'cp';
	static override strict = false;
	static override summary = 'Copy files and folders out of a pod or into it, also where it has no tar and no shell';
	static override usage = ['cp (POD | TYPE/NAME):PATH… LOCAL [flags]', 'cp LOCAL… (POD | TYPE/NAME):PATH [flags]'];
	static override examples = [
		'# A folder, under its own name\nkubectl ephemeral cp web-0:/var/log .',
		'# A file, to standard output\nkubectl ephemeral cp deploy/web:/proc/1/cmdline - -q',
		'# Into the pod\nkubectl ephemeral cp app.conf web-0:/etc/app/',
		'# A log as it grows\nkubectl ephemeral cp web-0:/var/log/app.log - --follow',
	];
	static override flags = CP_FLAGS;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: CP_FLAGS, strict: false });
		if (this.invocation.rest !== undefined) throw new UsageError('cp runs no command');
		const chosen = flags.selector !== undefined || flags.pick === true;
		const request = copyRequest((argv as string[]).map((word) => parseCopyWord(word, chosen)));
		if (flags.follow && (request.direction === 'upload' || request.remotes.length > 1)) {
			throw new UsageError('--follow takes one file of a pod');
		}
		const toStdout = request.direction === 'download' && request.local === '-';
		if (flags.output && toStdout) throw new UsageError('-o json and the file cannot both go to standard output');
		const console = openConsole(flags.quiet ?? false);
		const stop = new AbortController();
		const interrupt = (): void => stop.abort();
		try {
			const files = await openPodFiles(this.reach(flags), request.remotes, flags, console);
			if (files === undefined) return 0;
			process.once('SIGINT', interrupt);
			process.once('SIGTERM', interrupt);
			const started = performance.now();
			const outcome = await copy(
				files,
				request,
				{ ...flags, compress: flags.compress as Compression },
				stop.signal,
				console,
			);
			const ms = Math.round(performance.now() - started);
			const alone = request.direction === 'download' ? request.remotes.length === 1 : request.locals.length === 1;
			if (flags.output) await printDocument(documentOf(files, request, outcome, ms), flags.output as 'json' | 'yaml');
			else tell(files, outcome, ms, alone, flags['run-as'] === 'root', console);
			return outcome.skipped.some(({ failed }) => failed) ? 1 : 0;
		} catch (error) {
			throw sayRefusal(error);
		} finally {
			process.removeListener('SIGINT', interrupt);
			process.removeListener('SIGTERM', interrupt);
		}
	}
}

/**
 * Sources and a destination, one side of them in a pod.
 * @throws UsageError, in kubectl's words where it has some
 */
export function copyRequest(words: readonly CopyWord[]): CopyRequest {
	const sources = words.slice(0, -1);
	const dest = words.at(-1);
	if (dest === undefined || sources.length === 0) {
		throw new UsageError('cp takes a source and a destination', 'For example: cp web-0:/var/log/app.log .');
	}
	const remotes = sources.flatMap((word) => (word.where === 'pod' ? [word.remote] : []));
	const locals = sources.flatMap((word) => (word.where === 'here' ? [word.path] : []));
	if (remotes.length > 0 && locals.length > 0) throw new UsageError('the sources are both in a pod and here');
	if (dest.where === 'pod') {
		if (remotes.length > 0) throw new UsageError('one of source and destination must be on this machine');
		return { direction: 'upload', locals, remotes: [dest.remote] };
	}
	if (remotes.length === 0) {
		throw new UsageError('one of source and destination must be in a pod', 'There it is POD:PATH.');
	}
	return { direction: 'download', remotes, local: dest.path };
}

interface CopyFlags {
	retries: number;
	compress: Compression;
	follow?: boolean | undefined;
	'no-preserve'?: boolean | undefined;
}

async function copy(
	files: PodFiles,
	request: CopyRequest,
	flags: CopyFlags,
	stop: AbortSignal,
	console: Console,
): Promise<TransferOutcome> {
	const progress = console.wait();
	const meter = new Meter(progress);
	try {
		if (request.direction === 'download') {
			const sources = request.remotes.map(({ path }) => pathBytes(path));
			const follow = flags.follow ?? false;
			const out = standardSink();
			const origin = `${files.namespace}/${files.pod}/${files.container}`;
			const to = openDestination(request.local, sources, follow, (bytes) => out.stdout(bytes), origin);
			const { retries, compress } = flags;
			return await new Download(files.open, { sources, follow, compress, retries, stop }, to, meter, console.say).run();
		}
		const outcome = emptyOutcome();
		const path = request.remotes[0].path;
		// As with a local cp: several files need a folder.
		const slash = request.locals.length > 1 && !path.endsWith('/') ? '/' : '';
		const dest = Buffer.concat([pathBytes(path), Buffer.from(slash)]);
		for (const local of request.locals) {
			const name = Buffer.from(local === '-' ? '' : basename(local.replace(/[/\\]+$/, '')));
			const upload = {
				local,
				name: ['.', '..', ''].includes(name.toString()) ? Buffer.alloc(0) : name,
				dest,
				preserve: !flags['no-preserve'],
				retries: flags.retries,
				stop,
				input: process.stdin,
			};
			addOutcome(outcome, await new Upload(files.open, upload, meter).run());
		}
		return outcome;
	} finally {
		await progress.end();
	}
}

/** The lines at the end; and where the only thing that was asked for is not to be had, the error instead of them. */
function tell(
	files: PodFiles,
	outcome: TransferOutcome,
	ms: number,
	alone: boolean,
	asRoot: boolean,
	console: Console,
): void {
	const [first] = outcome.skipped;
	if (alone && outcome.files === 0 && outcome.skipped.length === 1 && first?.failed) {
		const rights = !asRoot && /^permission denied$|not writable for this user/.test(first.reason);
		throw new UserError(
			`${files.pod}:${first.path} is not copied: ${first.reason}`,
			rights ? '--run-as root may be permitted.' : undefined,
		);
	}
	for (const { path, reason } of outcome.skipped) console.say(`not copied: ${path}: ${reason}`);
	for (const { path, reason } of outcome.remarks) console.say(`${path}: ${reason}`);
	const cuts = outcome.resumed > 0 ? `, over ${outcome.resumed} cut connection${outcome.resumed > 1 ? 's' : ''}` : '';
	const what = `${outcome.files} file${outcome.files === 1 ? '' : 's'}, ${sayBytes(outcome.bytes)}`;
	const digest = outcome.sha256 === undefined ? '' : `, sha256 ${outcome.sha256}`;
	console.say(`${what} in ${sayDuration(ms / 1000)}${cuts}${digest}`);
}

function documentOf(files: PodFiles, request: CopyRequest, outcome: TransferOutcome, ms: number): object {
	return {
		pod: files.pod,
		namespace: files.namespace,
		container: files.container,
		direction: request.direction,
		files: outcome.files,
		bytes: outcome.bytes,
		...(outcome.sha256 !== undefined && { sha256: outcome.sha256 }),
		ms,
		resumed: outcome.resumed,
		skipped: outcome.skipped,
		remarks: outcome.remarks.map(({ path, reason }) => ({ path, reason })),
	};
}
