import { closeSync, rmSync, writeSync } from 'node:fs';
import { UserError } from '../../errors.ts';
import { beginsAs, HEAD } from '../../formats/artefact.ts';
import { printableLine } from '../../text/printable.ts';
import type { Output } from '../../toolkit/toolkit.ts';
import type { Sink } from '../sink.ts';
import type { Artefact } from './artefacts.ts';
import { atEnd } from './at-end.ts';
import { createPart, keepIncomplete, type Place, partOf, publish } from './place.ts';
import { safeSink } from './safe-sink.ts';

/** Bytes of the longest JSON that is taken. */
const LONGEST_JSON = 64 << 20;

/** Where a recipe's standard output goes. */
export interface RecipeOutput {
	stdout(bytes: Uint8Array): Promise<void> | undefined;
	/** The recipe is over. @returns what is here now @throws UserError where the output is not what it should be */
	finish(exitCode: number): Promise<{ artefacts: Artefact[]; result?: unknown }>;
	/** It was cut: what is half there goes. */
	abandon(): void;
}

/**
 * Where standard output goes: to a file, for people (made safe for a terminal), as it is, or, for JSON, nowhere before it
 * was read.
 * @param place undefined: nothing was said, so it is for whoever called
 * @param people whether `base` is a terminal
 */
export function openOutput(output: Output, place: Place | undefined, base: Sink, people: boolean): RecipeOutput {
	if (output.kind === 'file' || output.kind === 'files') return besideFiles(base);
	const to =
		place?.to === 'file'
			? toFile(place, output.format)
			: asItIs(people && (output.kind === 'text' || output.kind === 'json') ? safeSink(base) : base);
	return output.kind === 'json' ? asJson(to) : to;
}

/** The artefact is a file: what is said on standard output is for people. */
function besideFiles(base: Sink): RecipeOutput {
	return { stdout: (bytes) => base.stderr(bytes), finish: async () => ({ artefacts: [] }), abandon: () => {} };
}

function asItIs(base: Pick<Sink, 'stdout'> & { rest?(): Promise<void> }): RecipeOutput {
	return {
		stdout: (bytes) => base.stdout(bytes),
		async finish() {
			await base.rest?.();
			return { artefacts: [] };
		},
		abandon: () => {},
	};
}

function toFile({ path, replaces }: Place & { to: 'file' }, format: string | undefined): RecipeOutput {
	const part = partOf(path);
	const descriptor = createPart(part);
	let count = 0;
	let head: Buffer = Buffer.alloc(0);
	const leave = (): void => {
		closeSync(descriptor);
		if (count === 0) rmSync(part, { force: true });
		else keepIncomplete(part, path);
	};
	const isSettled = atEnd(leave);
	return {
		stdout(bytes) {
			for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
			if (head.length < HEAD) head = Buffer.concat([head, bytes.subarray(0, HEAD - head.length)]);
			count += bytes.length;
			return undefined;
		},
		async finish(exitCode) {
			isSettled();
			closeSync(descriptor);
			const wrong = format !== undefined && !beginsAs(format, head);
			const incomplete = exitCode !== 0 || wrong;
			if (incomplete && count === 0) {
				rmSync(part);
				return { artefacts: [] };
			}
			const name = incomplete ? keepIncomplete(part, path) : path;
			if (!incomplete) publish(part, path, replaces);
			return { artefacts: [{ path: name, bytes: count, sha256: undefined, incomplete }] };
		},
		abandon() {
			isSettled();
			leave();
		},
	};
}

/** JSON goes on to the letter once it was read, so that nobody gets half a document. */
function asJson(to: RecipeOutput): RecipeOutput {
	const parts: Uint8Array[] = [];
	let size = 0;
	return {
		stdout(bytes) {
			size += bytes.length;
			if (size <= LONGEST_JSON) parts.push(Uint8Array.from(bytes));
			return undefined;
		},
		async finish(exitCode) {
			if (size > LONGEST_JSON) throw new UserError(`the recipe's JSON is longer than ${LONGEST_JSON >> 20} MiB`);
			const bytes = Buffer.concat(parts);
			let result: unknown;
			let wrong: Error | undefined;
			try {
				result = JSON.parse(bytes.toString());
			} catch (error) {
				wrong = error as Error;
			}
			await to.stdout(bytes);
			const done = await to.finish(wrong && exitCode === 0 ? 125 : exitCode);
			if (!wrong) return { ...done, result };
			// What failed need not have come to its document.
			if (exitCode !== 0) return done;
			throw new UserError(`what the recipe printed is no JSON: ${printableLine(wrong.message)}`);
		},
		abandon: () => to.abandon(),
	};
}
