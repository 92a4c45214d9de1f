import { printableLine } from './printable.ts';

/** Rows under their heads, in columns as kubectl prints them, safe for a terminal; an empty cell is a dash. */
export function tableOf(heads: string[], rows: string[][]): string[] {
	const all = [heads, ...rows.map((row) => row.map((cell) => printableLine(cell) || '-'))];
	const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
	return all.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join('   ')
			.trimEnd(),
	);
}
