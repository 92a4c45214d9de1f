import { UserError } from '../../errors.ts';
import { askYes } from '../../text/ask.ts';
import { printableLine } from '../../text/printable.ts';
import { isMapping } from '../../toolkit/fields.ts';
import { fillTemplate, keysOf } from '../../toolkit/template.ts';

/** What a preflight found: a reason not to go on, and words for the question. */
export interface Preflight {
	refuse: string | undefined;
	words: Readonly<Record<string, string>>;
}

/**
 * The JSON of a preflight.
 * @throws UserError where it is none, naming the recipe
 */
export function readPreflight(text: string, recipe: string): Preflight {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		value = undefined;
	}
	if (!isMapping(value))
		throw new UserError(`the preflight of ${recipe} printed no JSON object`, 'The toolkit is wrong there.');
	const { refuse, ...rest } = value;
	const words = Object.entries(rest).map(([key, word]) => [
		key,
		typeof word === 'string' ? word : JSON.stringify(word),
	]);
	return { refuse: refuse ? String(refuse) : undefined, words: Object.fromEntries(words) };
}

/**
 * The question of a recipe with the preflight's words in it.
 * @throws UserError where a word is missing
 */
export function fillQuestion(confirm: string, words: Readonly<Record<string, string>>, recipe: string): string {
	const missing = keysOf(confirm).find((key) => !Object.hasOwn(words, key));
	if (missing !== undefined)
		throw new UserError(`the preflight of ${recipe} does not say {${missing}}, which its question has`);
	return printableLine(fillTemplate(confirm, words));
}

/**
 * Ask at the terminal; `yes` has answered already.
 * @throws UserError without a terminal, and for any other answer than yes
 */
export async function askFirst(question: string, yes: boolean): Promise<void> {
	if (yes) return;
	if (!process.stdin.isTTY || !process.stderr.isTTY) {
		throw new UserError(`${question} Nobody is there to say yes`, '--yes says it.');
	}
	if (!(await askYes(`${question} Go on?`))) throw new UserError('nothing was done');
}
