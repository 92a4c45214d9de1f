/** One rule of the Pod Security Standards that a pod breaks. */
export interface Violation {
	reason: string;
	detail: string;
}

/** `container "a"` or `containers "a", "b"`. */
export function containersNamed(names: string[]): string {
	return `${names.length > 1 ? 'containers' : 'container'} ${quoted(names)}`;
}

/** `"a", "b"` */
export function quoted(items: string[]): string {
	return items.map((item) => JSON.stringify(item)).join(', ');
}

/** `pod`, `container "a"`, or both, as the subject of a detail. */
export function subjects(podBreaks: boolean, names: string[]): string[] {
	return [...(podBreaks ? ['pod'] : []), ...(names.length > 0 ? [containersNamed(names)] : [])];
}
