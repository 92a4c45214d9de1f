import { type IPty, spawn } from '@lydell/node-pty';

/** A program in a real terminal, as a test drives it. */
export interface TestTerminal {
	/** All that was written to the screen so far, escape sequences included, but for those of the shells' line editors. */
	screen(): string;
	/** Text as UTF-8, or bytes as they are. */
	type(text: string | Uint8Array): void;
	resize(columns: number, rows: number): void;
	/** Resolves when the pattern stands on the screen behind what was waited for before; gives the match. */
	see(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>;
	/** The exit code (128+n for a signal). */
	ended: Promise<number>;
	pid: number;
	kill(signal: NodeJS.Signals): void;
}

/** Start a program under a pseudo-terminal of 80 by 24. */
export function openTerminal(program: string, words: string[], env: NodeJS.ProcessEnv): TestTerminal {
	const pty: IPty = spawn(program, words, {
		cols: 80,
		rows: 24,
		env: env as Record<string, string>,
		name: 'xterm-256color',
	});
	let text = '';
	let seen = 0;
	const waiting = new Set<() => void>();
	const changed = (): void => {
		for (const look of [...waiting]) look();
	};
	pty.onData((data) => {
		// Bracketed paste, the asking for the cursor and the clearing behind it come and go with the shell; no test is about them.
		text += data.replace(/\x1b\[\?2004[hl]\r?|\x1b\[6n|\x1b\[J/g, '');
		changed();
	});
	let over = false;
	const ended = new Promise<number>((resolve) => {
		pty.onExit(({ exitCode, signal }) => {
			over = true;
			changed();
			resolve(signal ? 128 + signal : exitCode);
		});
	});
	return {
		screen: () => text,
		type: (keys) => pty.write(typeof keys === 'string' ? keys : (Buffer.from(keys) as unknown as string)),
		resize: (columns, rows) => pty.resize(columns, rows),
		pid: pty.pid,
		kill: (signal) => pty.kill(signal),
		ended,
		see(pattern, timeout = 20_000) {
			return new Promise((resolve, reject) => {
				const finish = (end: () => void): void => {
					waiting.delete(look);
					clearTimeout(timer);
					end();
				};
				const look = (): void => {
					const match = pattern.exec(text.slice(seen));
					if (match) {
						seen += match.index + match[0].length;
						finish(() => resolve(match));
					} else if (over)
						finish(() => reject(new Error(`it ended without ${pattern}; the screen: ${JSON.stringify(text)}`)));
				};
				const timer = setTimeout(
					() =>
						finish(() => reject(new Error(`no ${pattern} within ${timeout} ms; the screen: ${JSON.stringify(text)}`))),
					timeout,
				);
				waiting.add(look);
				look();
			});
		},
	};
}
