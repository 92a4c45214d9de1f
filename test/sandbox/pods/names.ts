import { randomInt } from 'node:crypto';

/** Characters of the names that the API server generates. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A random suffix as in `web-588bdfcbbd-2xmnt`. */
export function randomSuffix(length = 5): string {
	return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** What the API server says of a name that is no label. */
export const DNS_LABEL_RULE = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;

/** What it says of a name that is no subdomain. */
export const DNS_SUBDOMAIN_RULE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${LABEL}(\\.${LABEL})*')`;

/** RFC 1123 label: what a container may be called. */
export function isDnsLabel(name: string): boolean {
	return name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);
}

/** RFC 1123 subdomain: what a pod may be called. */
export function isDnsSubdomain(name: string): boolean {
	return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}
