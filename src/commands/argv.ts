import { UsageError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';

/** What the grammar has to know of a flag: whether it takes a value, its letter, and what it means without one. */
export interface FlagShape {
	type: 'boolean' | 'option';
	char?: string;
	/** The value meant when an option stands without one (`--dry-run` is `--dry-run=server`). Such a value needs `=`. */
	bare?: string;
}

/** argv taken apart: the words that stand alone, the flags in `--name=value` form, and what follows `--`, untouched. */
export interface Arranged {
	words: string[];
	/** `--name` for a boolean, `--name=value` for an option; a boolean said to be false is `--no-name`. */
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

function takeLong(token: string, tokens: string[], shapes: Record<string, FlagShape>, arranged: Arranged): void {
	const equals = token.indexOf('=');
	const name = token.slice(2, equals < 0 ? undefined : equals);
	const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
	if (!shape) throw unknownFlag(`--${name}`, Object.keys(shapes));
	const value = equals < 0 ? undefined : token.slice(equals + 1);
	arranged.flags.push(shape.type === 'boolean' ? booleanFlag(name, value) : optionFlag(name, shape, value, tokens));
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
			arranged.flags.push(booleanFlag(name, undefined));
			continue;
		}
		const value = after === '' ? undefined : after.replace(/^=/, '');
		arranged.flags.push(shape.type === 'boolean' ? booleanFlag(name, value) : optionFlag(name, shape, value, tokens));
		return;
	}
}

function booleanFlag(name: string, value: string | undefined): string {
	if (value === undefined || /^(1|t|true)$/i.test(value)) return `--${name}`;
	if (/^(0|f|false)$/i.test(value)) return `--no-${name}`;
	throw new UsageError(`invalid argument "${value}" for "--${name}" flag: it is true or false`);
}

function optionFlag(name: string, shape: FlagShape, value: string | undefined, tokens: string[]): string {
	const said = value ?? shape.bare ?? tokens.shift();
	if (said === undefined) throw new UsageError(`flag needs an argument: --${name}`);
	return `--${name}=${said}`;
}

function unknownFlag(flag: string, names: string[]): UsageError {
	const near = nearest(flag.slice(2), names);
	return new UsageError(`unknown flag: ${flag}`, near && `Did you mean --${near}?`);
}
