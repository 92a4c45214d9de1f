import { UsageError } from '../errors.ts';
import { PROFILE_NAMES } from '../plan/profiles.ts';
import type { MountRequest, ProfileName, RunAs, SessionRequest } from '../plan/request.ts';
import { nearest } from '../text/nearest.ts';
import { parseDuration } from './duration.ts';
import { parseTargets, type TargetFlags } from './targets.ts';

/** The values of SESSION_FLAGS and POD_FLAGS, as parsed. */
export interface SessionFlagValues extends TargetFlags {
	namespace?: string | undefined;
	container?: string | undefined;
	stdin?: boolean | undefined;
	tty?: boolean | undefined;
	attach?: boolean | undefined;
	image?: string | undefined;
	'image-pull-policy'?: string | undefined;
	profile?: string | undefined;
	env?: string[] | undefined;
	mount?: string[] | undefined;
	'cap-add'?: string[] | undefined;
	'cap-drop'?: string[] | undefined;
	privileged?: boolean | undefined;
	'like-target'?: boolean | undefined;
	'run-as'?: string | undefined;
	root?: string | undefined;
	'env-from'?: string | undefined;
	path?: string | undefined;
	pid?: string | undefined;
	name?: string | undefined;
	reason?: string | undefined;
	ttl?: string | undefined;
	new?: boolean | undefined;
	bring?: boolean | undefined;
	output?: string | undefined;
	'dry-run'?: string | undefined;
	'show-role'?: boolean | undefined;
}

/** What surrounds the command line: what a toolkit and the user's configuration default to, and which streams are terminals. */
export interface RequestContext {
	toolkit: string | undefined;
	defaults: { ttl?: string | undefined; profile?: string | undefined };
	stdinIsTerminal: boolean;
	stdoutIsTerminal: boolean;
	custom: { file: string; content: unknown } | undefined;
}

const PROFILES = PROFILE_NAMES;

/** The highest uid and gid that Kubernetes takes. */
const HIGHEST_ID = 2 ** 31 - 1;

/**
 * argv, taken apart → the request.
 *
 * A shell whose stdin and stdout are terminals is `-it`; a command takes no terminal without `-t` and reads no local
 * stdin without `-i`, so that it does not eat the input of a loop around it.
 * @throws UsageError
 */
export function buildRequest(
	words: string[],
	command: string[] | undefined,
	flags: SessionFlagValues,
	context: RequestContext,
): SessionRequest {
	if (command?.length === 0) throw new UsageError('a command is missing behind --');
	if (command?.[0] === '') throw new UsageError('the command behind -- is empty');
	const terminal = context.stdinIsTerminal && context.stdoutIsTerminal;
	// A word that is no pod is told before what a missing -- would have it be: a shell without a terminal.
	const targets = parseTargets(words, flags, context.stdinIsTerminal);
	const streams = chooseStreams(command !== undefined, flags, context, terminal);
	return {
		toolkit: context.toolkit,
		targets,
		// Empty means unsaid, as in kubectl.
		namespace: flags.namespace || undefined,
		container: flags.container || undefined,
		command: command ?? [],
		...streams,
		image: checkedImage(flags.image),
		imagePullPolicy: flags['image-pull-policy'] as SessionRequest['imagePullPolicy'],
		profile: parseProfile(flags.profile ?? context.defaults.profile ?? 'auto'),
		custom: context.custom,
		env: (flags.env ?? []).flatMap(parseEnv),
		mounts: (flags.mount ?? []).map(parseMount),
		capAdd: flags['cap-add'] ?? [],
		capDrop: flags['cap-drop'] ?? [],
		privileged: flags.privileged ?? false,
		likeTarget: flags['like-target'] ?? false,
		runAs: flags['run-as'] === undefined ? undefined : parseRunAs(flags['run-as']),
		root: flags.root as SessionRequest['root'],
		targetEnv: flags['env-from'] === undefined ? undefined : flags['env-from'] === 'target',
		targetPathFirst: flags.path === 'target',
		pid: flags.pid === undefined ? undefined : parsePid(flags.pid),
		name: flags.name || undefined,
		reason: flags.reason,
		// Whole seconds: sh counts them. A little is not nothing, which would be never.
		ttl: Math.ceil(parseDuration(flags.ttl ?? context.defaults.ttl ?? '1h', 'ttl')),
		fresh: flags.new ?? false,
		bring: flags.bring ?? false,
	};
}

function chooseStreams(
	command: boolean,
	flags: SessionFlagValues,
	context: RequestContext,
	terminal: boolean,
): { stdin: boolean; tty: boolean } {
	if (flags.attach === false) throw new UsageError('a session is always attached: --attach=false has no meaning here');
	const runs = (flags['dry-run'] ?? 'none') === 'none' && !flags['show-role'];
	const shell = !command && runs;
	const stdin = flags.stdin ?? (!command && terminal);
	const tty = flags.tty ?? (!command && terminal && flags.output === undefined);
	if (tty && flags.tty && !stdin && flags.stdin === false) throw new UsageError('-t needs -i');
	if (tty && flags.output !== undefined) throw new UsageError('-o and -t exclude one another');
	if (shell && !stdin) {
		throw new UsageError(
			`a shell needs a terminal, and standard ${context.stdinIsTerminal ? 'output' : 'input'} is none`,
			'-i runs standard input as a script; a command stands behind --.',
		);
	}
	return { stdin: stdin || (tty && context.stdinIsTerminal), tty };
}

function parseProfile(text: string): ProfileName {
	const profile = PROFILES.find((name) => name === text);
	if (profile) return profile;
	const near = nearest(text, PROFILES);
	throw new UsageError(
		`unknown profile: ${text}`,
		near ? `Did you mean ${near}?` : `It is one of ${PROFILES.join(', ')}.`,
	);
}

function checkedImage(image: string | undefined): string | undefined {
	if (image === '') throw new UsageError('the value of --image is empty');
	return image;
}

/** `A=1`, or, as kubectl takes it, `A=1,B=2`: a comma parts two where both sides are NAME=value. */
function parseEnv(text: string): { name: string; value: string }[] {
	const parts = text.split(',');
	return parts.every((part) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(part))
		? parts.map(parseVariable)
		: [parseVariable(text)];
}

function parseVariable(text: string): { name: string; value: string } {
	const equals = text.indexOf('=');
	const name = text.slice(0, equals);
	if (equals < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
		throw new UsageError(
			`invalid argument "${equals < 0 ? text : name}" for "--env" flag: it must be formatted as NAME=value`,
		);
	}
	if (text.includes('\0')) throw new UsageError(`the value of --env ${name} contains a NUL byte`);
	return { name, value: text.slice(equals + 1) };
}

function parseMount(text: string): MountRequest {
	const parts = text.split(':');
	const readOnly = parts.length > 1 && parts.at(-1) === 'ro';
	const [volume = '', path = `/mnt/${volume}`, ...more] = readOnly ? parts.slice(0, -1) : parts;
	if (volume === '' || more.length > 0 || !path.startsWith('/')) {
		throw new UsageError(`invalid argument "${text}" for "--mount" flag: it is NAME[:PATH][:ro], PATH absolute`);
	}
	return { volume, path, readOnly };
}

function parseRunAs(text: string): RunAs {
	if (text === 'target' || text === 'root') return text;
	const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
	if (uid === undefined)
		throw new UsageError(`invalid argument "${text}" for "--run-as" flag: it is target, root, or UID[:GID]`);
	if (Number(uid) > HIGHEST_ID || Number(gid ?? 0) > HIGHEST_ID)
		throw new UsageError(`invalid argument "${text}" for "--run-as" flag: ids end at ${HIGHEST_ID}`);
	return { uid: Number(uid), ...(gid !== undefined && { gid: Number(gid) }) };
}

/** @throws UsageError naming the flag */
export function parsePort(text: string, flag: string): number {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	if (port < 1 || port > 65535)
		throw new UsageError(`invalid argument "${text}" for "--${flag}" flag: a port is 1 to 65535`);
	return port;
}

function parsePid(text: string): number {
	if (!/^[1-9]\d{0,9}$/.test(text))
		throw new UsageError(`invalid argument "${text}" for "--pid" flag: it is a process id`);
	return Number(text);
}
