import type { EnvEntry } from '../../src/session/header.ts';
import { type Asked, type Exec, endAll, startHere } from './exec.ts';
import type { Shell } from './shells.ts';

/** Sessions without a terminal, whose shell reads lines from its stdin. */
export class Sessions {
	readonly #execs: Exec[] = [];

	/** Begin one. */
	async start(shell: Shell, special: EnvEntry[], asked: Partial<Asked> = {}, through: string[] = []): Promise<Exec> {
		const all = { way: 'launcher' as const, letters: 's', words: ['sh'], kind: 'n' as const, special, ...asked };
		const exec = await startHere(shell, all, { through });
		this.#execs.push(exec);
		return exec;
	}

	/** Lines to its shell, and what came of them. */
	async run(
		shell: Shell,
		special: EnvEntry[],
		lines: string,
		asked: Partial<Asked> = {},
	): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
		const exec = await this.start(shell, special, asked);
		exec.send(`${lines}\nexit\n`);
		const code = await exec.ended;
		return { code, stdout: exec.stdout().toString(), stderr: exec.stderr() };
	}

	/** Hang up what still runs. */
	end(): Promise<void> {
		return endAll(this.#execs);
	}
}

/** One input of a recipe, as a line of `=inputs`. */
export const inputLine = (...fields: string[]): string => fields.join('\t');
