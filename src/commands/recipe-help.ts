import { sayList } from '../text/say.ts';
import type { Input } from '../toolkit/toolkit.ts';

/** An input in a recipe's help: a flag, or a word behind NAME. */
export function inputLines(input: Input): string[] {
	const { name, short, type, choices, positional } = input;
	const letter = short === undefined ? '    ' : `-${short}, `;
	const value = type === 'boolean' ? '' : `=${choices ? choices.join('|') : "''"}`;
	const called = positional ? `    ${name.toUpperCase()}` : `    ${letter}--${name}${value}`;
	return [`${called}:`, `\t${describeInput(input)}`];
}

/** What an input is, in a line. */
export function describeInput({ description, type, required, default: value, positional }: Input): string {
	const kinds = {
		string: '',
		boolean: '',
		choice: '',
		integer: 'a number',
		duration: 'a duration, like 30s',
		size: 'a size, like 100MB',
		port: 'a port',
		path: 'a path in the pod',
	};
	const facts = [
		positional ? 'behind NAME' : '',
		kinds[type],
		required ? 'required' : '',
		value === undefined ? '' : `default ${value === '' ? '""' : value}`,
	].filter(Boolean);
	return facts.length === 0 ? description : `${description} (${sayList(facts, 'and').replaceAll(' and ', ', ')})`;
}
