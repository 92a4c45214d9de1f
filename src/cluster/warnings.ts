/**
 * The texts of a Warning header with code 299, several joined or not: `299 - "text", 299 - "text"`. Their quotes and
 * backslashes are escaped with a backslash.
 */
export function parseWarnings(header: string | null): string[] {
	if (header === null) return [];
	const entries = header.matchAll(/(\d{3}) [^\s"]+ "((?:[^"\\]|\\.)*)"/g);
	return [...entries].filter(([, code]) => code === '299').map(([, , text = '']) => text.replace(/\\(.)/g, '$1'));
}
