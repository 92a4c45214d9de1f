/**
 * Text that came from a cluster, made safe for a terminal: every control character but newline and tab becomes visible
 * (`\x1b` as `␛`), and characters that reorder what stands beside them are dropped to a mark. A pod's name, an event's
 * message or a registry's answer must not be able to move the cursor, change the title or hide a line.
 */
export function printable(text: string): string {
	return text.replace(UNSAFE, (character) => {
		const code = character.codePointAt(0) ?? 0;
		if (code < 0x20) return String.fromCodePoint(0x2400 + code);
		return code === 0x7f ? '␡' : '�';
	});
}

/** One line of it: newlines and runs of blanks become one blank. */
export function printableLine(text: string): string {
	return printable(text.replace(/\s+/g, ' ').trim());
}

// C0 but tab and newline, DEL, C1, bidirectional controls, line and paragraph separators, and lone surrogates.
const UNSAFE =
	/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
