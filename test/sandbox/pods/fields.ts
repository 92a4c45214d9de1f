import { isObject } from '../api/objects.ts';
import type { Container } from '../api/pod.ts';
import { ApiError } from '../api/status.ts';

/** The fields of a container that the API knows; lists are those that must be lists. */
const CONTAINER_LISTS = ['args', 'command', 'env', 'envFrom', 'ports', 'resizePolicy', 'volumeDevices', 'volumeMounts'];
const CONTAINER_FIELDS = [
	...CONTAINER_LISTS,
	...`image imagePullPolicy lifecycle livenessProbe name readinessProbe resources restartPolicy securityContext
	startupProbe stdin stdinOnce targetContainerName terminationMessagePath terminationMessagePolicy tty workingDir`.split(
		/\s+/,
	),
];
const SECURITY_FIELDS = `allowPrivilegeEscalation appArmorProfile capabilities privileged procMount
	readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile windowsOptions`.split(/\s+/);

/** Takes away what the API does not know and returns the warnings about it, as the default field validation does. */
export function pruneContainer(container: Container, field: string): string[] {
	return [
		...prune(container, CONTAINER_FIELDS, field),
		...(isObject(container.securityContext)
			? prune(container.securityContext, SECURITY_FIELDS, `${field}.securityContext`)
			: []),
	];
}

/** @throws {ApiError} 422 where a patch puts something else in the place of a list. */
export function checkPatchedLists(containers: unknown, patch: unknown): void {
	const isWrong = (value: unknown) => value !== undefined && value !== null && !Array.isArray(value);
	const wrong = [containers, ...(Array.isArray(containers) ? containers.flatMap(listsOf) : [])].find(isWrong);
	if (wrong !== undefined) {
		const message = `Invalid value: "${goFormat(patch)}": cannot restore slice from ${goType(wrong)}`;
		const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
		throw new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
	}
}

function listsOf(container: unknown): unknown[] {
	return isObject(container) ? CONTAINER_LISTS.map((name) => container[name]) : [];
}

function prune(object: object, known: string[], field: string): string[] {
	const fields = object as Record<string, unknown>;
	const unknown = Object.keys(fields).filter((name) => !known.includes(name));
	for (const name of unknown) {
		delete fields[name];
	}
	return unknown.map((name) => `unknown field "${field}.${name}"`);
}

/** A value as Go prints it with %v: maps with sorted keys. */
function goFormat(value: unknown): string {
	if (Array.isArray(value)) {
		return `[${value.map(goFormat).join(' ')}]`;
	}
	if (isObject(value)) {
		const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
		return `map[${entries.map(([key, item]) => `${key}:${goFormat(item)}`).join(' ')}]`;
	}
	return String(value);
}

function goType(value: unknown): string {
	return isObject(value)
		? 'map'
		: typeof value === 'number'
			? 'float64'
			: typeof value === 'boolean'
				? 'bool'
				: 'string';
}
