import { spawnSync } from 'node:child_process';

/** The user's terminal in raw mode, given back on every way out. */
export interface RawTerminal {
	/** Columns and rows, now and whenever they change. */
	onSize(listener: (columns: number, rows: number) => void): void;
	/** Give the terminal back; may be called more than once. */
	restore(): void;
}

/**
 * Put stdin into raw mode. It is taken out of it by `restore`, and by the end of the process, however it comes:
 * SIGTERM and SIGHUP end us with 128+n after it.
 */
export function openRawTerminal(): RawTerminal {
	const { stdin, stdout } = process;
	const listeners: (() => void)[] = [];
	const restore = (): void => {
		for (const remove of listeners.splice(0)) remove();
		try {
			if (stdin.isRaw) stdin.setRawMode(false);
		} catch {
			// The terminal itself is gone (EIO): there is nothing to give back.
		}
	};
	stdin.setRawMode(true);
	keepOutputRaw();
	process.once('exit', restore);
	listeners.push(() => process.off('exit', restore));
	for (const [signal, number] of [
		['SIGTERM', 15],
		['SIGHUP', 1],
		['SIGQUIT', 3],
	] as const) {
		const end = (): void => {
			restore();
			process.exit(128 + number);
		};
		process.on(signal, end);
		listeners.push(() => process.off(signal, end));
	}
	return {
		onSize(listener) {
			const tell = (): void => listener(stdout.columns ?? 80, stdout.rows ?? 24);
			stdout.on('resize', tell);
			listeners.push(() => stdout.off('resize', tell));
			tell();
		},
		restore,
	};
}

/**
 * The runtimes' raw mode leaves ONLCR on, so that a newline alone, by which full-screen programs move the cursor down,
 * would also move it to the left. Leaving raw mode restores it with the rest. Windows has no such thing.
 *
 * To be called once more when the first output comes: under load Bun was seen to set its own mode again, late.
 */
export function keepOutputRaw(): void {
	if (process.platform !== 'win32') spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}
