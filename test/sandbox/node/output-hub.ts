import type { ContainerLog, OutputStream } from './container-log.ts';
import type { OutputSink } from './process.ts';

/** Gives a container's output to its log and to whoever is attached at that moment. Nothing is played again. */
export class OutputHub {
	readonly #log: ContainerLog;
	readonly #sinks = new Map<OutputSink, () => void>();

	constructor(log: ContainerLog) {
		this.#log = log;
	}

	/** @param onEnd called when the container has ended. Returns what detaches the sink. */
	attach(sink: OutputSink, onEnd: () => void): () => void {
		this.#sinks.set(sink, onEnd);
		return () => this.#sinks.delete(sink);
	}

	write(stream: OutputStream, chunk: Buffer): undefined | Promise<void> {
		this.#log.write(stream, chunk);
		const waits = [...this.#sinks.keys()].map((sink) => sink(stream, chunk)).filter((wait) => wait !== undefined);
		return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
	}

	close(): void {
		for (const onEnd of [...this.#sinks.values()]) {
			onEnd();
		}
		this.#sinks.clear();
	}
}
