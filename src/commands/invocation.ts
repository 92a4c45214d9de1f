import { Config, type Interfaces } from '@oclif/core';
import type { Catalogue } from '../catalogue/open.ts';
import type { SourcedToolkit } from '../toolkit/toolkit.ts';

/** What every command of a run needs beside its own argv. */
export interface Invocation {
	/** What stood behind `--`; undefined where there was none. */
	rest: string[] | undefined;
	/** Milliseconds since the epoch when the process began. */
	began: number;
	toolkits: readonly SourcedToolkit[];
	/** Those and all that surrounds them: sources, problems, names that stand for none. */
	catalogue: Catalogue;
}

/**
 * oclif's Config with the invocation beside it. It is not `load()`ed: our own commands are compiled in, and what loading
 * would look for on disk is there only for extension packages.
 */
export class ProgramConfig extends Config {
	readonly invocation: Invocation;
	constructor({ name, version }: { name: string; version: string }, invocation: Invocation) {
		super({ root: '/' } as Interfaces.Options);
		this.name = name;
		this.version = version;
		this.bin = 'kubectl ephemeral';
		this.invocation = invocation;
	}

	/** Hooks belong to extension packages, and none is loaded. */
	override async runHook<T extends keyof Interfaces.Hooks>(): Promise<
		Interfaces.Hook.Result<Interfaces.Hooks[T]['return']>
	> {
		return { successes: [], failures: [] };
	}
}
