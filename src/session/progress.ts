import type { WriteStream } from 'node:tty';
import { printableLine } from '../text/printable.ts';

/** What is waited for, as one line that is rewritten in place and disappears when the wait is over. */
export interface Progress {
	show(text: string): void;
	/** Take the line away. */
	end(): Promise<void>;
}

/** Milliseconds for which nothing is shown: most waits are over by then, and listr2 need not be loaded for them. */
const PATIENCE = 200;

/**
 * A progress line on `stream`: listr2's in a terminal, plain lines (one for each change) elsewhere, nothing when quiet.
 */
export function openProgress(stream: WriteStream, quiet: boolean): Progress {
	if (quiet) return { show: () => {}, end: async () => {} };
	const line = stream.isTTY && (stream.columns ?? 0) > 0 ? spinner(stream) : plain(stream);
	let text = '';
	const timer = setTimeout(() => line.show(text), PATIENCE);
	let shown = false;
	timer.unref?.();
	const started = Date.now();
	return {
		show(next) {
			text = printableLine(next);
			shown ||= Date.now() - started >= PATIENCE;
			if (shown) line.show(text);
		},
		async end() {
			clearTimeout(timer);
			await line.end();
		},
	};
}

/** Without a terminal: a line when the words change, the seconds left out, so that a log does not fill up. */
function plain(stream: WriteStream): Progress {
	let last = '';
	return {
		show(text) {
			const words = text.replace(/, \d+ \S+$/, '');
			if (words === last || words === '') return;
			last = words;
			stream.write(`${text}\n`);
		},
		end: async () => {},
	};
}

function spinner(stream: WriteStream): Progress {
	let title = '';
	let retitle: ((title: string) => void) | undefined;
	let finish: () => void = () => {};
	const finished = new Promise<void>((resolve) => {
		finish = resolve;
	});
	let running: Promise<void> | undefined;
	const start = async (): Promise<void> => {
		const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
		const logger = new ListrLogger({ processOutput: new ProcessOutput(stream, stream, { leaveEmptyLine: false }) });
		const task = {
			title,
			task: (_: unknown, self: { title: string }): Promise<void> => {
				retitle = (next) => {
					self.title = next;
				};
				retitle(title);
				return finished;
			},
		};
		await new Listr([task], {
			renderer: DefaultRenderer,
			rendererOptions: { clearOutput: true, logger },
			registerSignalListeners: false,
		}).run();
	};
	return {
		show(text) {
			title = text;
			running ??= start();
			retitle?.(text);
		},
		async end() {
			finish();
			await running;
		},
	};
}
