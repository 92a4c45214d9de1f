import { Command, type Interfaces } from '@oclif/core';
import { type Connection, type ConnectionFlags, connect } from '../cluster/connect.ts';
import { UsageError } from '../errors.ts';
import { printable } from '../text/printable.ts';
import type { Input, Recipe } from '../toolkit/toolkit.ts';
import { parseDuration } from './duration.ts';
import { type Invocation, ProgramConfig } from './invocation.ts';

/** The values of CONNECTION_FLAGS, as parsed. */
interface ConnectionFlagValues {
	namespace?: string | undefined;
	context?: string | undefined;
	cluster?: string | undefined;
	user?: string | undefined;
	kubeconfig?: string | undefined;
	server?: string | undefined;
	token?: string | undefined;
	as?: string | undefined;
	'as-group'?: string[] | undefined;
	'as-uid'?: string | undefined;
	'as-user-extra'?: string[] | undefined;
	'certificate-authority'?: string | undefined;
	'client-certificate'?: string | undefined;
	'client-key'?: string | undefined;
	'insecure-skip-tls-verify'?: boolean | undefined;
	'tls-server-name'?: string | undefined;
	'request-timeout'?: string | undefined;
	v?: string | undefined;
}

/** What all our commands share. Errors are thrown to the program, which prints them and knows the exit code. */
export abstract class BaseCommand extends Command {
	/** The exit code. */
	abstract override run(): Promise<number>;
	/** The recipes of a toolkit's command. */
	static recipes: readonly Pick<Recipe, 'name' | 'description'>[] | undefined;
	/** The inputs of a recipe's command. */
	static inputs: readonly Input[] | undefined;

	protected get invocation(): Invocation {
		if (!(this.config instanceof ProgramConfig)) throw new TypeError('a command runs under a ProgramConfig');
		return this.config.invocation;
	}

	/** What a command needs to reach into a pod on its own: the connection, when it is needed, and what may be brought. */
	protected reach(flags: ConnectionFlagValues): {
		connect: () => Promise<Connection>;
		toolkits: Invocation['toolkits'];
		version: string;
	} {
		const { toolkits } = this.invocation;
		return { connect: () => this.connect(flags), toolkits, version: this.config.version };
	}

	/** The connection that kubectl's flags and the kubeconfig describe. */
	protected connect(flags: ConnectionFlagValues): Promise<Connection> {
		return openConnection(flags);
	}
}

/** A command that can be run: its static parts are what the help shows. */
export interface CommandClass {
	new (argv: string[], config: ProgramConfig): BaseCommand;
	id: string;
	summary?: string | undefined;
	usage?: string | string[] | undefined;
	examples?: Command.Example[] | undefined;
	/** The recipes of a toolkit. */
	recipes?: readonly Pick<Recipe, 'name' | 'description'>[] | undefined;
	/** The inputs of a recipe. */
	inputs?: readonly Input[] | undefined;
	flags: Interfaces.FlagInput;
}

async function openConnection(flags: ConnectionFlagValues): Promise<Connection> {
	const timeout = flags['request-timeout'];
	const said: { [K in keyof ConnectionFlags]: ConnectionFlags[K] | undefined } = {
		namespace: flags.namespace,
		context: flags.context,
		cluster: flags.cluster,
		user: flags.user,
		kubeconfig: flags.kubeconfig,
		server: flags.server,
		token: flags.token,
		as: flags.as,
		asGroup: flags['as-group'],
		asUid: flags['as-uid'],
		asUserExtra: flags['as-user-extra'],
		certificateAuthority: flags['certificate-authority'],
		clientCertificate: flags['client-certificate'],
		clientKey: flags['client-key'],
		insecureSkipTlsVerify: flags['insecure-skip-tls-verify'],
		tlsServerName: flags['tls-server-name'],
		requestTimeout: timeout === undefined ? undefined : parseDuration(timeout, 'request-timeout') * 1000,
	};
	const connection = await connect(defined(said), process.env);
	const level = verbosity(flags.v);
	if (level > 0) {
		connection.log = (at, line) => {
			if (at <= level) process.stderr.write(`${printable(line)}\n`);
		};
	}
	return connection;
}

function verbosity(text: string | undefined): number {
	if (text === undefined) return 0;
	if (!/^\d+$/.test(text)) throw new UsageError(`invalid argument "${text}" for "-v, --v" flag: it is a number`);
	return Number(text);
}

/** An object without its undefined members. */
function defined(said: { [K in keyof ConnectionFlags]: ConnectionFlags[K] | undefined }): ConnectionFlags {
	return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
