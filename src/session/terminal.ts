import { spawn, spawnSync } from 'node:child_process';

/** The user's terminal, which can be put into raw mode and is given back on every way out. */
export interface Terminal {
	/** Put it into raw mode. */
	makeRaw(): void;
	/** Resolves when it is raw; undefined once that is long done. */
	readonly whenRaw: Promise<void> | undefined;
	/** Columns and rows, now and whenever they change. */
	onSize(listener: (columns: number, rows: number) => void): void;
	/** Give the terminal back. */
	restore(): Promise<void>;
}

/**
 * The terminal at stdin. It is taken out of raw mode by `restore`, and by the end of the process, however it comes:
 * SIGTERM, SIGHUP and SIGQUIT end us with 128+n after it.
 *
 * The mode is stty's and not the runtime's: that one leaves ONLCR on, so that a newline alone, by which full-screen
 * programs move the cursor down, would also move it to the left. Where there is no stty (Windows) it has to do.
 *
 * stty is waited for without blocking, so that nothing is done by halves in the middle of the stream.
 */
export async function openTerminal(): Promise<Terminal> {
	const { stdout } = process;
	const saved = (await stty('-g')).trim();
	const cleanUps: (() => void)[] = [];
	const becomes = Promise.withResolvers<void>();
	let whenRaw: Promise<void> | undefined = becomes.promise;
	let touched = false;
	const giveBack = (): void => {
		for (const remove of cleanUps.splice(0)) remove();
		if (!touched) return;
		touched = false;
		if (saved !== '') spawnSync('stty', [saved], { stdio: ['inherit', 'ignore', 'ignore'] });
		else setRawMode(false);
	};
	process.once('exit', giveBack);
	cleanUps.push(() => process.off('exit', giveBack));
	for (const [signal, number] of [
		['SIGTERM', 15],
		['SIGHUP', 1],
		['SIGQUIT', 3],
	] as const) {
		const end = (): void => {
			giveBack();
			process.exit(128 + number);
		};
		process.on(signal, end);
		cleanUps.push(() => process.off(signal, end));
	}
	return {
		makeRaw() {
			touched = true;
			if (saved === '') setRawMode(true);
			const set = saved === '' ? Promise.resolve('') : stty('raw', '-echo');
			set.then(() => {
				whenRaw = undefined;
				becomes.resolve();
			});
		},
		get whenRaw() {
			return whenRaw;
		},
		onSize(listener) {
			const tell = (): void => listener(stdout.columns ?? 80, stdout.rows ?? 24);
			stdout.on('resize', tell);
			cleanUps.push(() => stdout.off('resize', tell));
			tell();
		},
		async restore() {
			// A stty that is still on its way would come after ours.
			if (touched) await whenRaw;
			giveBack();
		},
	};
}

/** What stty says of the terminal at our stdin; nothing where there is none, or it fails. */
function stty(...words: string[]): Promise<string> {
	if (process.platform === 'win32') return Promise.resolve('');
	return new Promise((resolve) => {
		const child = spawn('stty', words, { stdio: ['inherit', 'pipe', 'ignore'] });
		let text = '';
		child.stdout.setEncoding('utf8').on('data', (part: string) => {
			text += part;
		});
		child.on('error', () => resolve(''));
		child.on('close', (code) => resolve(code === 0 ? text : ''));
	});
}

function setRawMode(on: boolean): void {
	try {
		process.stdin.setRawMode(on);
	} catch {
		// The terminal itself is gone (EIO): there is nothing to set.
	}
}
