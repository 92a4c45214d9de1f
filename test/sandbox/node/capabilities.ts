import { readFileSync } from 'node:fs';
import type { SecurityContext } from '../api/pod.ts';

/** What containerd 2 gives a container by itself. */
const CONTAINERD = `CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
	SYS_CHROOT KILL AUDIT_WRITE`.split(/\s+/);

/** What CRI-O gives. */
const CRI_O = 'CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP NET_BIND_SERVICE KILL'.split(' ');

/** Numbers of capabilities are places in this list (linux/capability.h). */
const ALL = `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
	NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
	SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
	SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`.split(
	/\s+/,
);

/** The capabilities of a container, as `CAP_…` names: the runtime's own, plus and minus what its context says. */
export function capabilitiesOf(context: SecurityContext, runtime: 'containerd' | 'cri-o'): string[] {
	const held = machineCapabilities();
	if (context.privileged) {
		return held.map(prefixed);
	}
	const add = (context.capabilities?.add ?? []).map(plain);
	const drop = (context.capabilities?.drop ?? []).map(plain);
	let names = add.includes('ALL') ? held : runtime === 'containerd' ? CONTAINERD : CRI_O;
	names = drop.includes('ALL') ? [] : names.filter((name) => !drop.includes(name));
	// What is added by name stays although ALL is dropped; that is how the kubelet and the runtimes read it.
	const extra = add.filter((name) => name !== 'ALL' && !names.includes(name) && held.includes(name));
	return [...names, ...extra].map(prefixed);
}

function plain(name: string): string {
	return name.toUpperCase().replace(/^CAP_/, '');
}

function prefixed(name: string): string {
	return `CAP_${name}`;
}

/** What root may have on this machine; a virtual machine's root may lack some. */
function machineCapabilities(): string[] {
	const mask = BigInt(`0x${/^CapBnd:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
	return ALL.filter((_, number) => (mask >> BigInt(number)) & 1n);
}
