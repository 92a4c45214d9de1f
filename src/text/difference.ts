/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Changes beyond which no shortest way is looked for: the rest is then shown as replaced. */
const MOST_CHANGES = 1000;

/** One line of a comparison. */
interface Step {
	sign: ' ' | '-' | '+';
	line: string;
}

/**
 * The difference of two texts in the unified format, as lines; none where they are the same. A text that is not there is
 * undefined.
 */
export function unifiedDifference(
	before: string | undefined,
	after: string | undefined,
	names: { before: string; after: string },
): string[] {
	if (before === after) return [];
	const steps = compare(linesOf(before), linesOf(after));
	return [
		`--- ${before === undefined ? '/dev/null' : names.before}`,
		`+++ ${after === undefined ? '/dev/null' : names.after}`,
		...hunksOf(steps),
	];
}

/** A last line without its line feed says so, since that is a difference too. */
function linesOf(text: string | undefined): string[] {
	if (text === undefined || text === '') return [];
	if (text.endsWith('\n')) return text.slice(0, -1).split('\n');
	const lines = text.split('\n');
	return [...lines.slice(0, -1), `${lines.at(-1)}\n\\ No newline at end of file`];
}

function compare(before: string[], after: string[]): Step[] {
	let head = 0;
	while (head < before.length && head < after.length && before[head] === after[head]) head++;
	let tail = 0;
	const least = Math.min(before.length, after.length) - head;
	while (tail < least && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
	const same = (lines: string[]): Step[] => lines.map((line) => ({ sign: ' ', line }));
	return [
		...same(before.slice(0, head)),
		...shortest(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
		...same(tail === 0 ? [] : before.slice(-tail)),
	];
}

/** Myers' greedy algorithm (1986): the furthest points reached with 0, 1, 2 … changes, then the way back. */
function shortest(before: string[], after: string[]): Step[] {
	const reached: Int32Array[] = [];
	let row = new Int32Array([0, 0, 0]);
	for (let changes = 0; changes <= Math.min(before.length + after.length, MOST_CHANGES); changes++) {
		const next = new Int32Array(2 * changes + 5);
		for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
			let x = startOf(row, changes, diagonal);
			while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
			next[diagonal + changes + 2] = x;
			if (x >= before.length && x - diagonal >= after.length) return wayBack([...reached, row], before, after);
		}
		reached.push(row);
		row = next;
	}
	return [...before.map((line): Step => ({ sign: '-', line })), ...after.map((line): Step => ({ sign: '+', line }))];
}

/** Where a diagonal begins with one more change: below the one above, or right of the one below. `row` is of one change less. */
function startOf(row: Int32Array, changes: number, diagonal: number): number {
	if (changes === 0) return 0;
	const from = (other: number): number => row[other + changes + 1] ?? 0;
	return goesDown(row, changes, diagonal) ? from(diagonal + 1) : from(diagonal - 1) + 1;
}

function goesDown(row: Int32Array, changes: number, diagonal: number): boolean {
	const from = (other: number): number => row[other + changes + 1] ?? 0;
	return diagonal === -changes || (diagonal !== changes && from(diagonal - 1) < from(diagonal + 1));
}

/** @param rows each row that the following one was made from */
function wayBack(rows: Int32Array[], before: string[], after: string[]): Step[] {
	const steps: Step[] = [];
	let x = before.length;
	let y = after.length;
	for (let changes = rows.length - 1; changes >= 0; changes--) {
		const row = rows[changes] ?? new Int32Array();
		const diagonal = x - y;
		const start = startOf(row, changes, diagonal);
		while (x > start) {
			steps.push({ sign: ' ', line: before[--x] ?? '' });
			y--;
		}
		if (changes === 0) break;
		if (goesDown(row, changes, diagonal)) steps.push({ sign: '+', line: after[--y] ?? '' });
		else steps.push({ sign: '-', line: before[--x] ?? '' });
	}
	return steps.reverse();
}

function hunksOf(steps: Step[]): string[] {
	const lines: string[] = [];
	let at = 0;
	const line = { before: 1, after: 1 };
	const pass = (end: number): void => {
		for (; at < end; at++) {
			if (steps[at]?.sign !== '+') line.before++;
			if (steps[at]?.sign !== '-') line.after++;
		}
	};
	for (;;) {
		let next = at;
		while (steps[next]?.sign === ' ') next++;
		if (next >= steps.length) return lines;
		pass(Math.max(at, next - CONTEXT));
		const hunk = steps.slice(at, endOf(steps, next));
		const count = (sign: string): number => hunk.filter((step) => step.sign !== sign).length;
		const range = (first: number, length: number): string => `${length === 0 ? first - 1 : first},${length}`;
		lines.push(`@@ -${range(line.before, count('+'))} +${range(line.after, count('-'))} @@`);
		for (const step of hunk) lines.push(...`${step.sign}${step.line}`.split('\n'));
		pass(at + hunk.length);
	}
}

/** The end of a hunk: behind the context of a change that no other follows soon. */
function endOf(steps: Step[], change: number): number {
	let last = change;
	for (let i = change; i < steps.length && i - last <= 2 * CONTEXT; i++) if (steps[i]?.sign !== ' ') last = i;
	return Math.min(steps.length, last + 1 + CONTEXT);
}
