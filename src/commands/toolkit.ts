import type { SourcedToolkit } from '../toolkit/toolkit.ts';
import type { CommandClass } from './base.ts';
import { SessionCommand } from './session.ts';

/** The command of a toolkit: `kubectl ephemeral NAME POD`. */
export function toolkitCommand(sourced: SourcedToolkit): CommandClass {
	const { toolkit } = sourced;
	return class extends SessionCommand {
		static override id = toolkit.name;
		static override summary = toolkit.description;
		static override usage = [
			`${toolkit.name} (POD | TYPE/NAME | -l SELECTOR) [flags] [-- COMMAND [args…]]`,
			...(toolkit.recipes.length > 0
				? [`${toolkit.name} RECIPE (POD | TYPE/NAME | -l SELECTOR) [inputs] [flags]`]
				: []),
		];
		static override examples = [
			`# A shell with the tools of ${toolkit.image} beside pod web-0\nkubectl ephemeral ${toolkit.name} web-0`,
			`# One command; its output and exit code are the command's own\nkubectl ephemeral ${toolkit.name} deploy/web -q -- ps aux`,
			`# What would be done, and with which rights, without doing it\nkubectl ephemeral ${toolkit.name} web-0 -c app --dry-run -o yaml`,
		];
		static override recipes = toolkit.recipes;
		protected readonly sourced = sourced;
	};
}
