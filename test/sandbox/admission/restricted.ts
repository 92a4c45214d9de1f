import { allContainers, type Container, type Pod } from '../api/pod.ts';
import { baselineViolations } from './baseline.ts';
import { containersNamed, quoted, type Violation } from './violation.ts';

/** Rules of the restricted level that a pod breaks, those of the baseline level first. */
export function restrictedViolations(pod: Pod): Violation[] {
	const own = [
		volumeTypes(pod),
		privilegeEscalation(pod),
		unrestrictedCapabilities(pod),
		runAsNonRoot(pod),
		runAsUserZero(pod),
		seccompProfile(pod),
	].filter((violation) => violation !== undefined);
	// Where restricted has a stricter rule of the same kind, that one alone speaks.
	const stricter = ['non-default capabilities', 'hostPath volumes', 'seccompProfile'];
	const baseline = baselineViolations(pod).filter(({ reason }) => !stricter.includes(reason));
	return [...baseline, ...own];
}

function isWindows(pod: Pod): boolean {
	return pod.spec.os?.name === 'windows';
}

function namesWhere(pod: Pod, test: (container: Container) => boolean): string[] {
	return allContainers(pod.spec)
		.filter(test)
		.map(({ name }) => name);
}

const VOLUME_SOURCES = [
	'configMap',
	'csi',
	'downwardAPI',
	'emptyDir',
	'ephemeral',
	'image',
	'persistentVolumeClaim',
	'projected',
	'secret',
];

function volumeTypes({ spec }: Pod): Violation | undefined {
	const found = (spec.volumes ?? []).flatMap((volume) => {
		const source = Object.keys(volume).find((key) => key !== 'name');
		return source !== undefined && !VOLUME_SOURCES.includes(source) ? [{ name: volume.name, source }] : [];
	});
	if (found.length === 0) {
		return undefined;
	}
	const types = [...new Set(found.map(({ source }) => source))].sort();
	const names = found.map(({ name }) => name);
	const words = `${names.length > 1 ? 'volumes' : 'volume'} ${quoted(names)} ${names.length > 1 ? 'use' : 'uses'}`;
	const detail = `${words} restricted volume ${types.length > 1 ? 'types' : 'type'} ${quoted(types)}`;
	return { reason: 'restricted volume types', detail };
}

function privilegeEscalation(pod: Pod): Violation | undefined {
	const names = namesWhere(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
	return names.length === 0 || isWindows(pod)
		? undefined
		: {
				reason: 'allowPrivilegeEscalation != false',
				detail: `${containersNamed(names)} must set securityContext.allowPrivilegeEscalation=false`,
			};
}

function unrestrictedCapabilities(pod: Pod): Violation | undefined {
	if (isWindows(pod)) {
		return undefined;
	}
	const undropped = namesWhere(pod, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
	const forbidden = ({ securityContext }: Container) =>
		(securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
	const adding = namesWhere(pod, (container) => forbidden(container).length > 0);
	const added = [...new Set(allContainers(pod.spec).flatMap(forbidden))].sort();
	const details: string[] = [];
	if (undropped.length > 0) {
		details.push(`${containersNamed(undropped)} must set securityContext.capabilities.drop=["ALL"]`);
	}
	if (adding.length > 0) {
		details.push(`${containersNamed(adding)} must not include ${quoted(added)} in securityContext.capabilities.add`);
	}
	return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

function runAsNonRoot(pod: Pod): Violation | undefined {
	const shared = pod.spec.securityContext?.runAsNonRoot;
	const broken = namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false);
	const missing = namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
	if (broken.length > 0 || (shared === false && missing.length > 0)) {
		const who = [...(shared === false ? ['pod'] : []), ...(broken.length > 0 ? [containersNamed(broken)] : [])];
		return {
			reason: 'runAsNonRoot != true',
			detail: `${who.join(' and ')} must not set securityContext.runAsNonRoot=false`,
		};
	}
	if (shared === true || missing.length === 0) {
		return undefined;
	}
	return {
		reason: 'runAsNonRoot != true',
		detail: `pod or ${containersNamed(missing)} must set securityContext.runAsNonRoot=true`,
	};
}

function runAsUserZero(pod: Pod): Violation | undefined {
	const names = namesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0);
	const who = [
		...(pod.spec.securityContext?.runAsUser === 0 ? ['pod'] : []),
		...(names.length > 0 ? [containersNamed(names)] : []),
	];
	return who.length === 0
		? undefined
		: { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` };
}

function seccompProfile(pod: Pod): Violation | undefined {
	if (isWindows(pod)) {
		return undefined;
	}
	const isGood = (type: string | undefined) => type === 'RuntimeDefault' || type === 'Localhost';
	const shared = pod.spec.securityContext?.seccompProfile?.type;
	const bad = namesWhere(pod, ({ securityContext }) => {
		const type = securityContext?.seccompProfile?.type;
		return type !== undefined && !isGood(type);
	});
	const missing = namesWhere(pod, ({ securityContext }) => securityContext?.seccompProfile?.type === undefined);
	if (bad.length > 0 || (shared !== undefined && !isGood(shared))) {
		const who = [
			...(shared !== undefined && !isGood(shared) ? ['pod'] : []),
			...(bad.length > 0 ? [containersNamed(bad)] : []),
		];
		const detail = `${who.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`;
		return { reason: 'seccompProfile', detail };
	}
	if (isGood(shared) || missing.length === 0) {
		return undefined;
	}
	const wanted = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
	return { reason: 'seccompProfile', detail: `pod or ${containersNamed(missing)} must set ${wanted}` };
}
