import type { Container, Pod } from '../api/pod.ts';
import {
	type Cause,
	duplicateField,
	forbiddenField,
	invalidField,
	notFoundField,
	requiredField,
	unsupportedField,
} from './cause.ts';
import { DNS_LABEL_RULE, isDnsLabel } from './names.ts';

/**
 * What is wrong with one container of a pod.
 * @param names of the containers before it.
 */
export function validateContainer(pod: Pod, container: Container, field: string, names: ReadonlySet<string>): Cause[] {
	return [
		...validateName(container, `${field}.name`, names),
		...validateImage(container, field),
		...validateEnvironment(container, `${field}.env`),
		...validateMounts(pod, container, `${field}.volumeMounts`),
		...validateSecurity(pod, container, `${field}.securityContext`),
	];
}

function validateName({ name }: Container, field: string, names: ReadonlySet<string>): Cause[] {
	if (!name) {
		return [requiredField(field)];
	}
	if (!isDnsLabel(name)) {
		return [invalidField(field, name, DNS_LABEL_RULE)];
	}
	return names.has(name) ? [duplicateField(field, name)] : [];
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

function validateImage({ image, imagePullPolicy = 'Always' }: Container, field: string): Cause[] {
	const causes: Cause[] = [];
	if (!image) {
		causes.push(requiredField(`${field}.image`));
	} else if (image.trim() !== image) {
		causes.push(invalidField(`${field}.image`, image, 'must not have leading or trailing whitespace'));
	}
	if (!PULL_POLICIES.includes(imagePullPolicy)) {
		causes.push(unsupportedField(`${field}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES));
	}
	return causes;
}

const ENV_NAME_RULE =
	"a valid environment variable name must consist only of printable ASCII characters other than '='";

function validateEnvironment({ env = [] }: Container, field: string): Cause[] {
	return env.flatMap(({ name }, index) => {
		if (!name) {
			return [requiredField(`${field}[${index}].name`)];
		}
		return /^[ -<>-~]+$/.test(name) ? [] : [invalidField(`${field}[${index}].name`, name, ENV_NAME_RULE)];
	});
}

function validateMounts(pod: Pod, { volumeMounts = [] }: Container, field: string): Cause[] {
	const paths = new Set<string>();
	return volumeMounts.flatMap(({ name, mountPath }, index) => {
		const causes: Cause[] = [];
		if (!pod.spec.volumes?.some((volume) => volume.name === name)) {
			causes.push(notFoundField(`${field}[${index}].name`, name));
		}
		if (!mountPath) {
			causes.push(requiredField(`${field}[${index}].mountPath`));
		} else if (paths.has(mountPath)) {
			causes.push(invalidField(`${field}[${index}].mountPath`, mountPath, 'must be unique'));
		}
		paths.add(mountPath);
		return causes;
	});
}

/** Fields that have no meaning on Windows, in the order in which the API server looks at them. */
const NOT_FOR_WINDOWS = [
	'appArmorProfile',
	'seLinuxOptions',
	'seccompProfile',
	'capabilities',
	'readOnlyRootFilesystem',
	'privileged',
	'allowPrivilegeEscalation',
	'procMount',
	'runAsUser',
	'runAsGroup',
] as const;

/** The security context as the API server prints it: with the names of its own structure. */
const INTERNAL_NAMES = {
	Capabilities: 'capabilities',
	Privileged: 'privileged',
	SELinuxOptions: 'seLinuxOptions',
	WindowsOptions: 'windowsOptions',
	RunAsUser: 'runAsUser',
	RunAsGroup: 'runAsGroup',
	RunAsNonRoot: 'runAsNonRoot',
	ReadOnlyRootFilesystem: 'readOnlyRootFilesystem',
	AllowPrivilegeEscalation: 'allowPrivilegeEscalation',
	ProcMount: 'procMount',
	SeccompProfile: 'seccompProfile',
	AppArmorProfile: 'appArmorProfile',
} as const;

function validateSecurity(pod: Pod, { securityContext }: Container, field: string): Cause[] {
	if (!securityContext) {
		return [];
	}
	const causes: Cause[] = [];
	for (const name of ['runAsUser', 'runAsGroup'] as const) {
		const id = securityContext[name];
		if (id !== undefined && (id < 0 || id > 0x7fffffff)) {
			causes.push(invalidField(`${field}.${name}`, id, 'must be between 0 and 2147483647, inclusive'));
		}
	}
	if (securityContext.procMount === 'Unmasked' && pod.spec.hostUsers !== false) {
		causes.push(invalidField(`${field}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'));
	}
	if (securityContext.allowPrivilegeEscalation === false) {
		const shown = Object.entries(INTERNAL_NAMES).map(([internal, name]) => [internal, securityContext[name] ?? null]);
		const refuse = (what: string) =>
			causes.push(
				invalidField(field, Object.fromEntries(shown), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`),
			);
		if (securityContext.privileged) {
			refuse('`privileged` to true');
		}
		if (securityContext.capabilities?.add?.some((name) => name === 'CAP_SYS_ADMIN')) {
			refuse('`capabilities.Add` CAP_SYS_ADMIN');
		}
	}
	if (pod.spec.os?.name === 'windows') {
		const set = NOT_FOR_WINDOWS.filter((name) => securityContext[name] !== undefined);
		causes.push(...set.map((name) => forbiddenField(`${field}.${name}`, 'cannot be set for a windows pod')));
	}
	return causes;
}
