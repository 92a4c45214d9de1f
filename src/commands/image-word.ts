import type { SourcedToolkit, Toolkit } from '../toolkit/toolkit.ts';

/**
 * The image that `--image` means: a short word of the toolkit's own, or of one in the box, else what was written. Nobody
 * else's word counts, so that no toolkit decides what image another brings.
 */
export function imageOf(
	word: string | undefined,
	toolkit: Toolkit | undefined,
	toolkits: readonly SourcedToolkit[],
): string | undefined {
	if (word === undefined) return undefined;
	const box = toolkits.filter(({ kind }) => kind === 'built-in').map((sourced) => sourced.toolkit);
	for (const { images } of [...(toolkit ? [toolkit] : []), ...box])
		if (Object.hasOwn(images, word)) return images[word];
	return word;
}
