import { isDeepStrictEqual } from 'node:util';
import type { Container, Pod } from '../api/pod.ts';
import { type Cause, forbiddenField, invalidField, notFoundField, requiredField } from './cause.ts';
import { validateContainer } from './container-validation.ts';
import { DNS_SUBDOMAIN_RULE, isDnsSubdomain } from './names.ts';

/** What is wrong with a pod that is to be created, in the API server's words; empty when nothing is. */
export function validateNewPod(pod: Pod): Cause[] {
	const causes: Cause[] = [];
	const { name } = pod.metadata;
	if (name === '') {
		causes.push(requiredField('metadata.name', 'name or generateName is required'));
	} else if (!isDnsSubdomain(name)) {
		causes.push(invalidField('metadata.name', name, DNS_SUBDOMAIN_RULE));
	}
	if ((pod.spec.ephemeralContainers ?? []).length > 0) {
		causes.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
	}
	const names = new Set<string>();
	for (const list of ['initContainers', 'containers'] as const) {
		for (const [index, container] of (pod.spec[list] ?? []).entries()) {
			causes.push(...validateContainer(pod, container, `spec.${list}[${index}]`, names));
			names.add(container.name);
		}
	}
	if (pod.spec.containers.length === 0) {
		causes.push(requiredField('spec.containers'));
	}
	return causes;
}

/** What a change of the ephemeral containers may not do: KEP-277. */
export function validateEphemeralContainers(before: Pod, after: Pod): Cause[] {
	if (before.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) {
		return [forbiddenField('[]', 'static pods do not support ephemeral containers')];
	}
	const causes: Cause[] = [];
	const others = [...(after.spec.initContainers ?? []), ...after.spec.containers];
	const names = new Set(others.map(({ name }) => name));
	const list = after.spec.ephemeralContainers ?? [];
	for (const [index, container] of list.entries()) {
		const field = `spec.ephemeralContainers[${index}]`;
		causes.push(...validateContainer(after, container, field, names));
		names.add(container.name);
		const target = container.targetContainerName;
		if (target && !others.some(({ name }) => name === target)) {
			causes.push(notFoundField(`${field}.targetContainerName`, target));
		}
		causes.push(...validateAllowedFields(container, field));
	}
	for (const old of before.spec.ephemeralContainers ?? []) {
		const kept = list.find(({ name }) => name === old.name);
		const change = !kept ? 'removed' : isDeepStrictEqual(kept, old) ? undefined : 'changed';
		if (change) {
			const text = `existing ephemeral containers "${old.name}" may not be ${change}\n`;
			causes.push(forbiddenField('spec.ephemeralContainers', text));
		}
	}
	return causes;
}

/** Fields that a container may have, but not an ephemeral one. */
const NOT_FOR_EPHEMERAL = [
	'ports',
	'resources',
	'resizePolicy',
	'restartPolicy',
	'livenessProbe',
	'readinessProbe',
	'startupProbe',
	'lifecycle',
];

function validateAllowedFields(container: Container, field: string): Cause[] {
	const isSet = (value: unknown) =>
		value !== undefined && value !== null && !isDeepStrictEqual(value, {}) && !isDeepStrictEqual(value, []);
	const fields = NOT_FOR_EPHEMERAL.filter((name) => isSet(container[name])).map((name) => `${field}.${name}`);
	for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
		for (const name of ['subPath', 'subPathExpr'] as const) {
			if (mount[name]) {
				fields.push(`${field}.volumeMounts[${index}].${name}`);
			}
		}
	}
	return fields.map((name) => forbiddenField(name, 'cannot be set for an Ephemeral Container'));
}
