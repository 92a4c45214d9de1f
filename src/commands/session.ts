import { readFile } from 'node:fs/promises';
import type { Interfaces } from '@oclif/core';
import { loadConfiguration } from '../catalogue/load-configuration.ts';
import { ourPaths } from '../catalogue/paths.ts';
import { ensureTrusted } from '../catalogue/trust.ts';
import { UsageError, UserError } from '../errors.ts';
import { toolkitFor } from '../plan/recipe.ts';
import type { SessionRequest } from '../plan/request.ts';
import { roleFor } from '../plan/roles.ts';
import { openConsole } from '../session/console.ts';
import { planAll, planSession } from '../session/dry-run.ts';
import { describeOutcome } from '../session/outcome.ts';
import type { SessionInput } from '../session/prepare.ts';
import { openSession } from '../session/session.ts';
import { captureSink, standardSink } from '../session/sink.ts';
import { nearest } from '../text/nearest.ts';
import { parseYaml } from '../text/yaml.ts';
import type { Configuration } from '../toolkit/configuration.ts';
import type { SourcedToolkit, Toolkit } from '../toolkit/toolkit.ts';
import { askingForTrust } from './ask-trust.ts';
import { BaseCommand } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS, SESSION_FLAGS } from './flags.ts';
import { imageOf } from './image-word.ts';
import { kindOf } from './kinds.ts';
import { checkMany, meansMany, parseParallel, runInAll } from './many-pods.ts';
import { printDocument } from './print.ts';
import { buildRequest, type RequestContext, type SessionFlagValues } from './session-request.ts';
import { sessionTools } from './session-tools.ts';

/** Bytes of each stream that `-o json` holds. */
const CAPTURED = 1 << 20;

/** The flags of every command that opens a session. */
export const ALL_SESSION_FLAGS = { ...CONNECTION_FLAGS, ...POD_FLAGS, ...SESSION_FLAGS };

/** The values of those flags, as parsed. */
type SessionValues = SessionFlagValues &
	Parameters<BaseCommand['connect']>[0] & {
		custom?: string | undefined;
		parallel?: string | undefined;
		yes?: boolean | undefined;
		quiet?: boolean | undefined;
		timeout?: string | undefined;
	};

/** A command that brings a container and runs a shell or one command in it; its subclasses say which toolkit. */
export abstract class SessionCommand extends BaseCommand {
	static override strict = false;
	static override flags: Interfaces.FlagInput = ALL_SESSION_FLAGS;

	/** undefined: any image. */
	protected abstract readonly sourced: SourcedToolkit | undefined;
	/** The toolkit as the container is planned for: with what all that share it want. */
	protected get planned(): Toolkit | undefined {
		return this.sourced && toolkitFor(this.sourced.toolkit, undefined);
	}
	/** The flags it takes. */
	protected readonly accepted: Interfaces.FlagInput = ALL_SESSION_FLAGS;

	/** What was asked for. @throws UsageError */
	protected request(argv: string[], flags: SessionFlagValues, context: RequestContext): SessionRequest {
		const [first = '', second] = argv;
		const names = this.sourced?.toolkit.recipes.map(({ name }) => name) ?? [];
		const near = second === undefined || first.includes('/') || kindOf(first) ? undefined : nearest(first, names);
		if (near !== undefined)
			throw new UsageError(`"${first}" is no recipe of ${this.sourced?.toolkit.name}`, `Did you mean ${near}?`);
		return buildRequest(argv, this.invocation.rest, flags, context);
	}

	override async run(): Promise<number> {
		const { flags: all, argv } = await this.parse({ flags: this.accepted, strict: false });
		const flags = all as SessionValues;
		const configuration = await loadConfiguration(ourPaths(process.env));
		const toolkit = this.planned;
		flags.image = imageOf(flags.image, this.sourced?.toolkit, this.invocation.toolkits);
		const request = this.request(argv as string[], flags, {
			toolkit: toolkit?.name,
			defaults: defaultsOf(toolkit, configuration),
			stdinIsTerminal: process.stdin.isTTY === true,
			stdoutIsTerminal: process.stdout.isTTY === true,
			custom: flags.custom === undefined ? undefined : await readCustom(flags.custom),
		});
		const format = flags.output as 'json' | 'yaml' | 'table' | undefined;
		const many = meansMany(request, format);
		if (many) checkMany(request, toolkit?.name);
		const parallel = parseParallel(flags.parallel);
		const dryRun = flags['dry-run'] === 'none' ? undefined : (flags['dry-run'] as 'server' | 'client' | undefined);
		const connection = await this.connect(flags);
		if (flags['show-role']) return printRole(request, connection.namespace);
		if (this.sourced) await ensureTrusted(this.sourced, configuration, askingForTrust(flags.yes));
		const console = openConsole(flags.quiet ?? false);
		const input: SessionInput = {
			request,
			toolkit,
			scripts: needsScripts(request) ? ((await this.sourced?.scripts()) ?? {}) : {},
			configuration,
			connection,
			version: this.config.version,
		};
		const capture = captureSink(CAPTURED);
		const tools = sessionTools(console, format === undefined ? standardSink() : capture, flags.timeout);
		if (dryRun) {
			const plans = await (many ? planAll : planSession)(input, tools, dryRun);
			await printDocument(plans, format === 'json' ? format : 'yaml');
			return 0;
		}
		if (many) return runInAll(input, tools, { parallel, format, captured: CAPTURED, yes: flags.yes ?? false });
		withoutTerminal(request, console.say);
		const outcome = await openSession(input, tools);
		if (format === 'json' || format === 'yaml') await printDocument(describeOutcome(outcome, capture), format);
		return outcome.exitCode;
	}
}

/** What is not said: a toolkit or recipe that names a profile knows why, else the user's configuration does. */
export function defaultsOf(toolkit: Toolkit | undefined, { defaults }: Configuration): RequestContext['defaults'] {
	const named = toolkit && toolkit.profile !== 'auto' ? toolkit.profile : undefined;
	return { ...defaults, profile: named ?? defaults.profile };
}

/** A command of the user's own needs none of the toolkit's scripts. */
function needsScripts({ command, recipe, tty }: SessionRequest): boolean {
	return recipe !== undefined || (command.length === 0 && tty);
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
		forwards: request.recipe?.recipe.output.kind === 'forward',
	});
	process.stdout.write(notes.map((note) => `# ${note}\n`).join(''));
	await printDocument(role, 'yaml');
	return 0;
}
