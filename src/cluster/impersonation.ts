import type { UserEntry } from './kubeconfig.ts';

/** Header names and values in order; a name may come several times. */
export type HeaderPairs = [name: string, value: string][];

/**
 * The headers that ask the server to take us for someone else. Each group and each extra value is a header of its own:
 * joined by a comma they would be one group of that name.
 */
export function impersonationHeaders(user: UserEntry): HeaderPairs {
	const pairs: HeaderPairs = [];
	if (user.as) pairs.push(['Impersonate-User', user.as]);
	if (user.asUid) pairs.push(['Impersonate-Uid', user.asUid]);
	for (const group of user.asGroups ?? []) pairs.push(['Impersonate-Group', group]);
	for (const [key, values] of Object.entries(user.asUserExtra ?? {})) {
		for (const value of values) pairs.push([`Impersonate-Extra-${escapeKey(key)}`, value]);
	}
	return pairs;
}

/** Characters that no header name may have (RFC 9110 §5.6.2), and the escape character itself, as %XX of their bytes. */
function escapeKey(key: string): string {
	return key
		.toLowerCase()
		.replace(/[^a-z0-9!#$&'*+.^_`|~-]/gu, (character) =>
			[...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
		);
}
