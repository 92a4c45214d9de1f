import { readFile } from 'node:fs/promises';
import { UsageError, UserError } from '../errors.ts';
import type { SessionRequest } from '../plan/request.ts';
import { roleFor } from '../plan/roles.ts';
import { openConsole } from '../session/console.ts';
import { planSession } from '../session/dry-run.ts';
import { loadConfiguration } from '../session/load-configuration.ts';
import { describeOutcome } from '../session/outcome.ts';
import { ourPaths } from '../session/paths.ts';
import type { SessionInput } from '../session/prepare.ts';
import { openSession } from '../session/session.ts';
import { captureSink, standardSink } from '../session/sink.ts';
import { parseYaml } from '../text/yaml.ts';
import type { Toolkit } from '../toolkit/toolkit.ts';
import { BaseCommand } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS, SESSION_FLAGS } from './flags.ts';
import { printDocument } from './print.ts';
import { buildRequest } from './session-request.ts';
import { sessionTools } from './session-tools.ts';

/** Bytes of each stream that `-o json` holds. */
const CAPTURED = 1 << 20;

/** The flags of every command that opens a session. */
export const ALL_SESSION_FLAGS = { ...CONNECTION_FLAGS, ...POD_FLAGS, ...SESSION_FLAGS };

/** A command that brings a container and runs a shell or one command in it; its subclasses say which toolkit. */
export abstract class SessionCommand extends BaseCommand {
	static override strict = false;
	static override flags = ALL_SESSION_FLAGS;

	/** undefined: any image. */
	protected abstract readonly toolkit: Toolkit | undefined;

	override async run(): Promise<number> {
		const { flags, argv } = await this.parse({ flags: ALL_SESSION_FLAGS, strict: false });
		const configuration = await loadConfiguration(ourPaths(process.env).configuration);
		const request = buildRequest(argv as string[], this.invocation.rest, flags, {
			toolkit: this.toolkit?.name,
			defaults: { profile: this.toolkit?.profile, ...configuration.defaults },
			stdinIsTerminal: process.stdin.isTTY === true,
			stdoutIsTerminal: process.stdout.isTTY === true,
			custom: flags.custom === undefined ? undefined : await readCustom(flags.custom),
		});
		const format = flags.output as 'json' | 'yaml' | undefined;
		const dryRun = flags['dry-run'] === 'none' ? undefined : (flags['dry-run'] as 'server' | 'client' | undefined);
		const connection = await this.connect(flags);
		if (flags['show-role']) return printRole(request, connection.namespace);
		const console = openConsole(flags.quiet ?? false);
		const input: SessionInput = {
			request,
			toolkit: this.toolkit,
			configuration,
			connection,
			version: this.config.version,
		};
		const capture = captureSink(CAPTURED);
		const tools = sessionTools(console, format === undefined ? standardSink() : capture, flags.timeout);
		if (dryRun) {
			await printDocument(await planSession(input, tools, dryRun), format ?? 'yaml');
			return 0;
		}
		withoutTerminal(request, console.say);
		const outcome = await openSession(input, tools);
		if (format) await printDocument(describeOutcome(outcome, capture), format);
		return outcome.exitCode;
	}
}

/** -t where stdin is no terminal: kubectl goes on without one, and says so. */
function withoutTerminal(request: SessionRequest, say: (line: string) => void): void {
	if (!request.tty || process.stdin.isTTY || !request.stdin) return;
	say('Unable to use a TTY: standard input is not a terminal');
	request.tty = false;
}

async function readCustom(file: string): Promise<{ file: string; content: unknown }> {
	const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new UserError(`--custom ${file} cannot be read: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
	});
	const content = await parseYaml(text, file);
	if (content === undefined || content === null)
		throw new UsageError(`${file} is empty`, 'It holds a partial container.');
	return { file, content };
}

async function printRole(request: SessionRequest, namespace: string): Promise<number> {
	const { role, notes } = roleFor({
		namespace: request.namespace ?? namespace,
		kinds: request.targets.named.map(({ kind }) => kind),
		listsPods: request.targets.selector !== undefined || request.targets.pick || request.targets.all,
	});
	process.stdout.write(notes.map((note) => `# ${note}\n`).join(''));
	await printDocument(role, 'yaml');
	return 0;
}
