import type { V1EnvVar, V1EphemeralContainer } from '@kubernetes/client-node';

/** What stands in a container of ours about itself. The client says it of itself: nothing vouches for it. */
export interface SessionRecord {
	by: string;
	reason?: string;
	/** Seconds of idleness after which the container ends; 0: never. */
	ttl: number;
	toolkit: string;
	version: string;
}

/** The record's variables, in this order; no other may bear these names. */
export const RECORD_NAMES = ['KE_BY', 'KE_REASON', 'KE_TTL', 'KE_TOOLKIT', 'KE_VERSION'] as const;

/** The record as environment variables of a container. */
export function recordEnv(record: SessionRecord): V1EnvVar[] {
	return [
		{ name: 'KE_BY', value: exactly(record.by) },
		...(record.reason === undefined ? [] : [{ name: 'KE_REASON', value: exactly(record.reason) }]),
		{ name: 'KE_TTL', value: String(record.ttl) },
		{ name: 'KE_TOOLKIT', value: record.toolkit },
		{ name: 'KE_VERSION', value: record.version },
	];
}

/** The record of a container of ours; undefined for anyone else's. A ttl that is no number reads as 0. */
export function readRecord(container: V1EphemeralContainer): SessionRecord | undefined {
	const said = new Map((container.env ?? []).map(({ name, value }) => [name, value?.replaceAll('$$', '$')]));
	const toolkit = said.get('KE_TOOLKIT');
	if (toolkit === undefined) return undefined;
	const reason = said.get('KE_REASON');
	return {
		by: said.get('KE_BY') ?? '',
		...(reason !== undefined && { reason }),
		ttl: Number(said.get('KE_TTL')) || 0,
		toolkit,
		version: said.get('KE_VERSION') ?? '',
	};
}

/**
 * Text that the kubelet hands on as it stands: in `env`, `command` and `args` it would replace `$(NAME)` and turn `$$`
 * into `$`.
 */
export function exactly(text: string): string {
	return text.replaceAll('$', '$$$$');
}
