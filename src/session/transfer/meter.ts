import { sayDuration } from '../../text/say.ts';
import type { Progress } from '../progress.ts';

/** Milliseconds between two lines. */
const EVERY = 250;
/** Milliseconds over which the rate is taken. */
const WINDOW = 5000;

/** Shows how far a transfer is: bytes, rate, and the time that is left where the size is known. */
export class Meter {
	readonly #progress: Progress;
	readonly #marks: { at: number; bytes: number }[] = [];
	#bytes = 0;
	#shown = 0;
	/** Bytes of all that is to come; undefined: not known. */
	total: number | undefined;
	/** What is being transferred. */
	name = '';

	constructor(progress: Progress) {
		this.#progress = progress;
	}

	/** Bytes done so far. */
	get bytes(): number {
		return this.#bytes;
	}

	/** More bytes are done; negative: so many have to be done again. */
	add(bytes: number): void {
		this.#bytes += bytes;
		const now = performance.now();
		if (now - this.#shown < EVERY) return;
		this.#shown = now;
		this.#marks.push({ at: now, bytes: this.#bytes });
		while (this.#marks.length > 2 && now - (this.#marks[0]?.at ?? 0) > WINDOW) this.#marks.shift();
		this.#progress.show(this.line());
	}

	/** A word in place of the numbers, until there are new ones: that the connection is being made again. */
	say(words: string): void {
		this.#progress.show(words);
	}

	/** `web.log: 12.3 MB of 1.0 GB, 45.6 MB/s, 22 s left`. */
	line(): string {
		const [first, last] = [this.#marks[0], this.#marks.at(-1)];
		const span = first && last ? last.at - first.at : 0;
		const rate = first && last && span > 0 ? ((last.bytes - first.bytes) / span) * 1000 : 0;
		const parts = [this.total ? `${sayBytes(this.#bytes)} of ${sayBytes(this.total)}` : sayBytes(this.#bytes)];
		if (rate > 0) parts.push(`${sayBytes(rate)}/s`);
		if (rate > 0 && this.total && this.total > this.#bytes)
			parts.push(`${sayDuration((this.total - this.#bytes) / rate)} left`);
		return `${this.name === '' ? '' : `${this.name}: `}${parts.join(', ')}`;
	}
}

/** `512 B`, `1.5 kB`, `23.4 MB`: powers of 1000, as disks and links are sold. */
export function sayBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
	let unit = 0;
	let value = bytes;
	for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
	return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
