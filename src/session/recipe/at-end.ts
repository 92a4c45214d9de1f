const SIGNALS = [
	['SIGINT', 130],
	['SIGTERM', 143],
	['SIGHUP', 129],
] as const;

/**
 * Have something done when this process ends before its time, by `process.exit` or a signal. A signal that somebody else
 * listens to (an agent's Ctrl-C) is left to them.
 * @returns what takes it back: it is done, or no longer needed
 */
export function atEnd(work: () => void): () => void {
	process.once('exit', work);
	const taken = SIGNALS.map(([signal, code]) => {
		const end = (): void => {
			if (process.listeners(signal).every((listener) => ours.has(listener))) process.exit(code);
		};
		ours.add(end);
		process.on(signal, end);
		return [signal, end] as const;
	});
	return () => {
		process.off('exit', work);
		for (const [signal, end] of taken) {
			process.off(signal, end);
			ours.delete(end);
		}
	};
}

/** Listeners of ours. */
const ours = new Set<(...words: never[]) => void>();
