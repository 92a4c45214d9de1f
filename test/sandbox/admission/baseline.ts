import { allContainers, type Pod } from '../api/pod.ts';
import { containersNamed, quoted, subjects, type Violation } from './violation.ts';

/** Capabilities that a baseline pod may add. */
const BASELINE_CAPABILITIES =
	'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
		' ',
	);

const SAFE_SYSCTLS =
	`kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range
	net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time
	net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem
	net.ipv4.tcp_wmem`.split(/\s+/);

/** Rules of the baseline level that a pod breaks, in the order the API server names them. */
export function baselineViolations(pod: Pod): Violation[] {
	return [
		appArmor(pod),
		capabilities(pod),
		hostNamespaces(pod),
		hostPathVolumes(pod),
		hostPorts(pod),
		privileged(pod),
		procMount(pod),
		seccomp(pod),
		seLinux(pod),
		sysctls(pod),
		windowsHostProcess(pod),
	].filter((violation) => violation !== undefined);
}

function appArmor(pod: Pod): Violation | undefined {
	const isBad = (profile: { type: string } | undefined) => profile?.type === 'Unconfined';
	const names = allContainers(pod.spec)
		.filter(({ securityContext }) => isBad(securityContext?.appArmorProfile))
		.map(({ name }) => name);
	const who = subjects(isBad(pod.spec.securityContext?.appArmorProfile), names);
	return who.length === 0
		? undefined
		: {
				reason: 'forbidden AppArmor profile',
				detail: `${who.join(' and ')} must not set AppArmor profile type to "Unconfined"`,
			};
}

function capabilities(pod: Pod): Violation | undefined {
	const found = allContainers(pod.spec).flatMap(({ name, securityContext }) => {
		const added = (securityContext?.capabilities?.add ?? []).filter((item) => !BASELINE_CAPABILITIES.includes(item));
		return added.length > 0 ? [{ name, added }] : [];
	});
	if (found.length === 0) {
		return undefined;
	}
	const names = found.map(({ name }) => name);
	const added = [...new Set(found.flatMap((item) => item.added))].sort();
	return {
		reason: 'non-default capabilities',
		detail: `${containersNamed(names)} must not include ${quoted(added)} in securityContext.capabilities.add`,
	};
}

function hostNamespaces({ spec }: Pod): Violation | undefined {
	const set = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
	return set.length === 0
		? undefined
		: { reason: 'host namespaces', detail: set.map((field) => `${field}=true`).join(', ') };
}

function hostPathVolumes({ spec }: Pod): Violation | undefined {
	const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
	const word = names.length > 1 ? 'volumes' : 'volume';
	return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${word} ${quoted(names)}` };
}

function hostPorts({ spec }: Pod): Violation | undefined {
	const found = allContainers(spec).flatMap(({ name, ports }) => {
		const used = (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [hostPort] : []));
		return used.length > 0 ? [{ name, used }] : [];
	});
	if (found.length === 0) {
		return undefined;
	}
	const ports = [...new Set(found.flatMap(({ used }) => used))].sort((one, other) => one - other);
	const word = ports.length > 1 ? 'hostPorts' : 'hostPort';
	return {
		reason: 'hostPort',
		detail: `${containersNamed(found.map(({ name }) => name))} uses ${word} ${ports.join(', ')}`,
	};
}

function privileged({ spec }: Pod): Violation | undefined {
	const names = allContainers(spec)
		.filter(({ securityContext }) => securityContext?.privileged)
		.map(({ name }) => name);
	return names.length === 0
		? undefined
		: { reason: 'privileged', detail: `${containersNamed(names)} must not set securityContext.privileged=true` };
}

function procMount({ spec }: Pod): Violation | undefined {
	const found = allContainers(spec).filter(
		({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default',
	);
	if (found.length === 0 || spec.hostUsers === false) {
		return undefined;
	}
	const values = [...new Set(found.map(({ securityContext }) => securityContext?.procMount ?? ''))];
	const names = found.map(({ name }) => name);
	return {
		reason: 'procMount',
		detail: `${containersNamed(names)} must not set securityContext.procMount to ${quoted(values)}`,
	};
}

function seccomp({ spec }: Pod): Violation | undefined {
	const podBreaks = spec.securityContext?.seccompProfile?.type === 'Unconfined';
	const names = allContainers(spec)
		.filter(({ securityContext }) => securityContext?.seccompProfile?.type === 'Unconfined')
		.map(({ name }) => name);
	const who = subjects(podBreaks, names);
	return who.length === 0
		? undefined
		: {
				reason: 'seccompProfile',
				detail: `${who.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
			};
}

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];

function seLinux({ spec }: Pod): Violation | undefined {
	const types = new Set<string>();
	const breaks = (options: { type?: string } | undefined) => {
		const type = options?.type ?? '';
		if (SELINUX_TYPES.includes(type)) {
			return false;
		}
		types.add(type);
		return true;
	};
	const podBreaks = breaks(spec.securityContext?.seLinuxOptions);
	const names = allContainers(spec)
		.filter(({ securityContext }) => breaks(securityContext?.seLinuxOptions))
		.map(({ name }) => name);
	const who = subjects(podBreaks, names).join(' and ');
	return who === ''
		? undefined
		: {
				reason: 'seLinuxOptions',
				detail: `${who} set forbidden securityContext.seLinuxOptions: type ${quoted([...types])}`,
			};
}

function sysctls({ spec }: Pod): Violation | undefined {
	const names = (spec.securityContext?.sysctls ?? [])
		.map(({ name }) => name)
		.filter((name) => !SAFE_SYSCTLS.includes(name));
	return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
}

function windowsHostProcess({ spec }: Pod): Violation | undefined {
	const podBreaks = spec.securityContext?.windowsOptions?.hostProcess ?? false;
	const names = allContainers(spec)
		.filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess)
		.map(({ name }) => name);
	const who = subjects(podBreaks, names);
	return who.length === 0
		? undefined
		: {
				reason: 'hostProcess',
				detail: `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
			};
}
