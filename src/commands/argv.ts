import { UsageError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';
import { sayList } from '../text/say.ts';

/** What the grammar has to know of a flag: whether it takes a value, its letter, and what it means without one. */
export interface FlagShape {
	type: 'boolean' | 'option';
	char?: string;
	/** The value meant when an option stands without one (`--dry-run` is `--dry-run=server`). Such a value needs `=`. */
	bare?: string;
	/** The values allowed. */
	options?: readonly string[];
	/** Whether every value said counts; else the last one does, as in pflag. */
	multiple?: boolean;
	/** The flag's own name, where this word is another for it. */
	of?: string;
}

/** argv taken apart: the words that stand alone, the flags in `--name=value` form, and what follows `--`, untouched. */
export interface Arranged {
	words: string[];
	/** `--name` for a boolean, `--name=value` for an option; a boolean said to be false is `--no-name` if there is one. */
	flags: string[];
	/** What follows `--`; undefined where there is no `--`. */
	rest: string[] | undefined;
}

/**
 * Take argv apart as pflag does: flags anywhere, `-n open`, `-nopen`, `-it`, `--tty=false`, `--dry-run[=…]`, `--` ends it.
 *
 * oclif wants flags behind the command's words and cannot be given what follows `--`: it sorts it by first occurrence,
 * so `-- echo a echo b` would come out as `echo echo a b`.
 *
 * @throws UsageError for a flag nobody knows, with the nearest one, and for a flag without its value.
 */
export function arrange(argv: string[], shapes: Record<string, FlagShape>): Arranged {
	const byLetter = new Map(Object.entries(shapes).flatMap(([name, { char }]) => (char ? [[char, name] as const] : [])));
	const end = argv.indexOf('--');
	const tokens = end < 0 ? [...argv] : argv.slice(0, end);
	const arranged: Arranged = { words: [], flags: [], rest: end < 0 ? undefined : argv.slice(end + 1) };
	while (tokens.length > 0) {
		const token = tokens.shift() ?? '';
		if (token.startsWith('--')) takeLong(token, tokens, shapes, arranged);
		else if (token.startsWith('-') && token !== '-') takeLetters(token, tokens, shapes, byLetter, arranged);
		else arranged.words.push(token);
	}
	return arranged;
}

/** The first word of argv that is no flag and no flag's value, wrong as argv may be behind it; undefined: there is none. */
export function firstWord(argv: string[], shapes: Record<string, FlagShape>): string | undefined {
	const at = wordAt(argv, shapes, 0);
	return at === undefined ? undefined : argv[at];
}

/** Where in argv a word stands, by how many words stand before it; undefined: there are not so many. */
export function wordAt(argv: string[], shapes: Record<string, FlagShape>, before: number): number | undefined {
	for (let length = 1; length <= argv.length; length++) {
		try {
			const { words } = arrange(argv.slice(0, length), shapes);
			if (words.length > before) return length - 1;
		} catch (error) {
			if (!(error instanceof UsageError)) throw error;
		}
	}
	return undefined;
}

function takeLong(token: string, tokens: string[], shapes: Record<string, FlagShape>, arranged: Arranged): void {
	const equals = token.indexOf('=');
	const name = token.slice(2, equals < 0 ? undefined : equals);
	const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
	if (!shape) throw unknownFlag(`--${name}`, Object.keys(shapes));
	take(name, equals < 0 ? undefined : token.slice(equals + 1), tokens, shapes, arranged);
}

function takeLetters(
	token: string,
	tokens: string[],
	shapes: Record<string, FlagShape>,
	byLetter: Map<string, string>,
	arranged: Arranged,
): void {
	for (let at = 1; at < token.length; at++) {
		const letter = token.charAt(at);
		const name = byLetter.get(letter);
		const shape = name === undefined ? undefined : shapes[name];
		if (name === undefined || !shape) {
			throw new UsageError(`unknown shorthand flag: '${letter}' in ${token}`);
		}
		const after = token.slice(at + 1);
		if (shape.type === 'boolean' && !after.startsWith('=')) {
			take(name, undefined, tokens, shapes, arranged);
			continue;
		}
		take(name, after === '' ? undefined : after.replace(/^=/, ''), tokens, shapes, arranged);
		return;
	}
}

/** One flag that is known, with its value if that stood in the same token; what was said of it before no longer counts. */
function take(
	word: string,
	value: string | undefined,
	tokens: string[],
	shapes: Record<string, FlagShape>,
	arranged: Arranged,
): void {
	const shape = shapes[word];
	const name = shape?.of ?? word;
	if (shape?.type === 'option') {
		const said = value ?? shape.bare ?? tokens.shift();
		if (said === undefined) throw new UsageError(`flag needs an argument: --${word}`);
		checkOption(word, said, shape.options);
		if (!shape.multiple) arranged.flags = arranged.flags.filter((flag) => !flag.startsWith(`--${name}=`));
		arranged.flags.push(`--${name}=${said}`);
		return;
	}
	const negated = word.startsWith('no-') && Object.hasOwn(shapes, word.slice(3));
	const positive = negated ? name.slice(3) : name;
	arranged.flags = arranged.flags.filter((flag) => flag !== `--${positive}` && flag !== `--no-${positive}`);
	if (truth(word, value) !== negated) arranged.flags.push(`--${positive}`);
	else if (Object.hasOwn(shapes, `no-${positive}`)) arranged.flags.push(`--no-${positive}`);
}

function truth(word: string, value: string | undefined): boolean {
	if (value === undefined || /^(1|t|true)$/i.test(value)) return true;
	if (/^(0|f|false)$/i.test(value)) return false;
	throw new UsageError(`invalid argument "${value}" for "--${word}" flag: it is true or false`);
}

function checkOption(word: string, value: string, options: readonly string[] | undefined): void {
	if (!options || options.includes(value)) return;
	const near = nearest(
		value.toLowerCase(),
		options.map((option) => option.toLowerCase()),
	);
	const meant = options.find((option) => option.toLowerCase() === near);
	throw new UsageError(
		`invalid argument "${value}" for "--${word}" flag: it is ${sayList(options, 'or')}`,
		meant && `Did you mean ${meant}?`,
	);
}

function unknownFlag(flag: string, names: string[]): UsageError {
	const near = nearest(flag.slice(2), names);
	return new UsageError(`unknown flag: ${flag}`, near && `Did you mean --${near}?`);
}
