/** What may stand in the name of a recipe's file. */
export const TEMPLATE_KEYS = ['pod', 'namespace', 'container', 'node', 'toolkit', 'recipe', 'time'] as const;

/** The keys in braces of a text. */
export function keysOf(template: string): string[] {
	return [...template.matchAll(/\{([\w-]+)\}/g)].map(([, key = '']) => key);
}

/** A text with its keys filled in; one that has no value stays as it is. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
	return template.replace(/\{([\w-]+)\}/g, (braces, key) =>
		Object.hasOwn(values, key) ? (values[key] ?? '') : braces,
	);
}

/** A value as part of a local file's name: nothing that parts folders, hides a file or moves a cursor. */
export function fileWord(value: string): string {
	return value.replace(/[^\w.+@-]+/g, '-').replace(/^\.+/, '');
}
