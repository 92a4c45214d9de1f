import { Flags, type Interfaces } from '@oclif/core';
import { UsageError } from '../errors.ts';
import { toolkitFor } from '../plan/recipe.ts';
import type { RecipeRequest, SessionRequest } from '../plan/request.ts';
import type { Recipe, SourcedToolkit, Toolkit } from '../toolkit/toolkit.ts';
import type { CommandClass } from './base.ts';
import { CONNECTION_FLAGS, POD_FLAGS, SESSION_FLAGS } from './flags.ts';
import type { RecipeLine } from './recipe-line.ts';
import { SessionCommand } from './session.ts';
import { buildRequest, parsePort, type RequestContext, type SessionFlagValues } from './session-request.ts';

const { root: _, 'env-from': __, path: ___, bring: ____, ...KEPT } = SESSION_FLAGS;

/** The flags of every recipe; `-i` and `-t` stand before its name only. */
export const RECIPE_FLAGS = {
	...CONNECTION_FLAGS,
	...POD_FLAGS,
	...KEPT,
	write: Flags.string({
		char: 'w',
		description: 'Where what comes back goes: a file, a folder (ending in a slash), or - for standard output',
	}),
	overwrite: Flags.boolean({ description: 'Replace what is there already' }),
	'local-port': Flags.string({ description: 'The port on this machine, for a recipe that forwards one' }),
};

/** The flags that its help shows: those that mean something for what it gives. */
function shownFlags({ output }: Recipe): Interfaces.FlagInput {
	const { 'local-port': port, write, overwrite, ...more } = RECIPE_FLAGS;
	const { tty: _, stdin: __, ...rest } = more;
	if (output.kind === 'forward') return { ...rest, 'local-port': port };
	return output.kind === 'interactive' ? rest : { ...rest, write, overwrite };
}

/** The values of RECIPE_FLAGS, as parsed. */
interface RecipeFlagValues extends SessionFlagValues {
	write?: string | undefined;
	overwrite?: boolean | undefined;
	yes?: boolean | undefined;
	'local-port'?: string | undefined;
}

/**
 * The command of a recipe: `kubectl ephemeral TOOLKIT RECIPE NAME`.
 * @param line what stood behind its name; undefined where only its help is wanted
 */
export function recipeCommand(sourced: SourcedToolkit, recipe: Recipe, line?: RecipeLine): CommandClass {
	const { toolkit } = sourced;
	const called = `${toolkit.name} ${recipe.name}`;
	const positional = recipe.inputs.filter((input) => input.positional);
	const words = positional.map(({ name, required }) =>
		required ? ` ${name.toUpperCase()}` : ` [${name.toUpperCase()}]`,
	);
	return class extends SessionCommand {
		static override id = called;
		static override summary = recipe.description;
		static override usage = `${called} (POD | TYPE/NAME | -l SELECTOR)${words.join('')} [flags]`;
		static override examples = examplesOf(called, recipe);
		static override flags = shownFlags(recipe);
		static override inputs = recipe.inputs;
		protected readonly sourced = sourced;
		protected override readonly accepted = RECIPE_FLAGS;

		protected override get planned(): Toolkit {
			return toolkitFor(toolkit, recipe);
		}

		protected override request(argv: string[], flags: RecipeFlagValues, context: RequestContext): SessionRequest {
			if (!line) throw new TypeError('a recipe runs with what stood behind its name');
			const { tty, stdin, ...others } = flags;
			const request = buildRequest(argv, [recipe.name], others, context);
			const { kind } = recipe.output;
			if (kind !== 'forward' && flags['local-port'] !== undefined)
				throw new UsageError(`${called} forwards no port, so --local-port has no meaning`);
			if ((kind === 'interactive' || kind === 'forward') && flags.write !== undefined)
				throw new UsageError(`${called} gives nothing that -w could write`);
			if (flags.output !== undefined && flags.write === '-')
				throw new UsageError('-o and -w - cannot both go to standard output');
			const terminal = context.stdinIsTerminal && context.stdoutIsTerminal && flags.output === undefined;
			const interactive = kind === 'interactive' && (tty ?? terminal);
			return {
				...request,
				tty: interactive,
				stdin: interactive && (stdin ?? context.stdinIsTerminal),
				recipe: asked(line, flags),
			};
		}
	};
}

function asked({ recipe, values }: RecipeLine, flags: RecipeFlagValues): RecipeRequest {
	const port = flags['local-port'];
	return {
		recipe,
		values,
		write: flags.write,
		overwrite: flags.overwrite ?? false,
		yes: flags.yes ?? false,
		localPort: port === undefined ? undefined : parsePort(port, 'local-port'),
	};
}

function examplesOf(called: string, { output, inputs }: Recipe): string[] {
	const words = inputs
		.filter(({ positional, required }) => positional && required)
		.map(({ name }) => name.toUpperCase());
	const flags = inputs.filter(({ positional, required }) => !positional && required).map(({ name }) => `--${name} …`);
	const line = (pod: string, ...more: string[]): string =>
		['kubectl ephemeral', called, pod, ...words, ...flags, ...more].join(' ');
	const files = output.kind === 'file' || output.kind === 'files' || output.kind === 'stream';
	return [
		`# In pod web-0\n${line('web-0')}`,
		files
			? `# Under a name of its own\n${line('deploy/web', '-w', output.kind === 'files' ? 'evidence/' : 'evidence')}`
			: `# In a pod of a deployment, as a document\n${line('deploy/web', '-o', 'json')}`,
	];
}
