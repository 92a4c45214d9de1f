import { UserError } from '../errors.ts';
import { nearest } from '../text/nearest.ts';

/**
 * A capability as a person writes it (`net_raw`, `CAP_NET_RAW`, `ALL`) → as the API takes it (`NET_RAW`).
 * @param where what said it, for the message: a flag, a toolkit
 * @throws UserError when Linux has no such capability
 */
export function parseCapability(text: string, where: string): string {
	const name = text.trim().toUpperCase().replace(/^CAP_/, '');
	if (name === 'ALL' || CAPABILITIES.includes(name)) return name;
	const near = nearest(name, CAPABILITIES);
	throw new UserError(
		`unknown capability "${text}" in ${where}`,
		near ? `Did you mean ${near}?` : 'The names are those of capabilities(7), with or without CAP_.',
	);
}

/** Capabilities as the kernel counts them: a bit each, in hexadecimal. */
export function capabilityMask(names: readonly string[]): string {
	return names.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n).toString(16);
}

/** What Pod Security *baseline* lets a container add; every other name is refused (seen on 1.36, one by one). */
export const BASELINE_ADMITS: ReadonlySet<string> = new Set([
	'AUDIT_WRITE',
	'CHOWN',
	'DAC_OVERRIDE',
	'FOWNER',
	'FSETID',
	'KILL',
	'MKNOD',
	'NET_BIND_SERVICE',
	'SETFCAP',
	'SETGID',
	'SETPCAP',
	'SETUID',
	'SYS_CHROOT',
]);

/** What containerd gives root without being asked. CRI-O gives less: no NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP. */
export const RUNTIME_DEFAULTS: ReadonlySet<string> = new Set([...BASELINE_ADMITS, 'NET_RAW']);

// linux/capability.h as of 5.9, which brought the last one; in the order of their numbers.
const CAPABILITIES: readonly string[] = (
	'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
	'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
	'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
	'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');
