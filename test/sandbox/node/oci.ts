import type { ContainerUser } from '../api/pod.ts';
import { runtimeDefaultFilter, type SeccompFilter } from './seccomp.ts';

export interface Mount {
	destination: string;
	type: string;
	source: string;
	options?: string[];
}

/** Everything about a container that its OCI configuration says. */
export interface ContainerSpec {
	args: string[];
	env: string[];
	cwd: string;
	user: ContainerUser;
	capabilities: string[];
	privileged: boolean;
	noNewPrivileges: boolean;
	seccomp: 'RuntimeDefault' | 'Unconfined';
	readOnlyRoot: boolean;
	terminal: boolean;
	rootfs: string;
	mounts: Mount[];
	cgroup: string;
	hostname?: string;
	/** Namespaces to join by path, or to make (empty path); a missing one is the node's. */
	namespaces: Partial<Record<'pid' | 'ipc' | 'uts' | 'network' | 'cgroup', string>>;
}

/** The configuration as containerd's CRI plugin writes it (OCI runtime specification 1.0). */
export function ociConfig(spec: ContainerSpec): Record<string, unknown> {
	const { uid, gid, supplementalGroups } = spec.user.linux;
	const sets = ['bounding', 'effective', 'permitted'].map((set) => [set, spec.capabilities]);
	const sysfs = spec.privileged ? 'rw' : 'ro';
	const seccomp: SeccompFilter | undefined =
		spec.seccomp === 'RuntimeDefault' && !spec.privileged ? runtimeDefaultFilter(spec.capabilities) : undefined;
	return {
		ociVersion: '1.0.2',
		process: {
			terminal: spec.terminal,
			user: { uid, gid, additionalGids: supplementalGroups },
			args: spec.args,
			env: spec.env,
			cwd: spec.cwd,
			capabilities: Object.fromEntries(sets),
			noNewPrivileges: spec.noNewPrivileges,
		},
		root: { path: spec.rootfs, readonly: spec.readOnlyRoot },
		...(spec.hostname !== undefined && { hostname: spec.hostname }),
		mounts: [
			{ destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
			{ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: DEV },
			{ destination: '/dev/pts', type: 'devpts', source: 'devpts', options: PTS },
			{ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
			{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', sysfs] },
			{
				destination: '/sys/fs/cgroup',
				type: 'cgroup',
				source: 'cgroup',
				options: ['nosuid', 'noexec', 'nodev', 'relatime', sysfs],
			},
			...spec.mounts,
		],
		linux: {
			cgroupsPath: spec.cgroup,
			resources: { devices: [{ allow: spec.privileged, access: 'rwm' }] },
			namespaces: [
				{ type: 'mount' },
				...Object.entries(spec.namespaces).map(([type, path]) => ({ type, ...(path && { path }) })),
			],
			...(seccomp && { seccomp }),
			...(!spec.privileged && { maskedPaths: MASKED, readonlyPaths: READ_ONLY }),
		},
	};
}

const DEV = ['nosuid', 'strictatime', 'mode=755', 'size=65536k'];
const PTS = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'];
const MASKED = `/proc/asound /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list
	/proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap`.split(/\s+/);
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
