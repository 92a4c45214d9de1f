import type { WriteStream } from 'node:tty';
import { printable } from '../text/printable.ts';

/** What is waited for, as one line that is rewritten in place and disappears when the wait is over. */
export interface Progress {
	show(text: string): void;
	/** Take the line away. */
	end(): Promise<void>;
}

/** Milliseconds for which nothing is shown: most waits are over by then, and listr2 need not be loaded for them. */
const PATIENCE = { terminal: 200, plain: 1000 };

/**
 * A progress line on `stream`: listr2's in a terminal, plain lines (one for each change) elsewhere, nothing when quiet.
 */
export function openProgress(stream: WriteStream, quiet: boolean): Progress {
	if (quiet) return { show: () => {}, end: async () => {} };
	const terminal = stream.isTTY && (stream.columns ?? 0) > 0;
	const line = terminal ? spinner(stream) : plain(stream);
	let text = '';
	let shown = false;
	const timer = setTimeout(
		() => {
			shown = true;
			line.show(text);
		},
		terminal ? PATIENCE.terminal : PATIENCE.plain,
	);
	return {
		show(next) {
			text = printable(next.replaceAll('\n', ' '));
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
