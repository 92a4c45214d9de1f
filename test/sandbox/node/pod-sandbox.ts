import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../api/pod.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { NodeContext } from './kubelet.ts';
import { type ContainerProcess, startProcess } from './process.ts';

/** A pod's own container: it holds the namespaces that the pod's containers share. */
export interface PodSandbox {
	id: string;
	/** Process id inside the node. */
	pid: number;
	ip: string;
	/** Parent cgroup of the pod's containers. */
	cgroup: string;
	/** Folder inside the node with the pod's /dev/shm, volumes and files under /etc. */
	directory: string;
	stop(): Promise<void>;
}

/** Starts the pause container, and gives the pod its network interface, /dev/shm and files under /etc. */
export async function startPodSandbox(context: NodeContext, pod: Pod, ip: string): Promise<PodSandbox> {
	const { runtime, pause } = context;
	const { node } = runtime;
	const uid = pod.metadata.uid ?? '';
	const { hostNetwork, hostPID, hostIPC } = pod.spec;
	const directory = join(node.state, 'pods', uid);
	const cgroup = `${node.cgroup}/besteffort/pod${uid}`;
	const address = hostNetwork ? node.ip : ip;
	mkdirSync(node.path(join(directory, 'shm')), { recursive: true });
	writeEtcFiles(node.path(directory), pod, address);
	await node.run('mount', [
		'-t',
		'tmpfs',
		'-o',
		'nosuid,nodev,noexec,mode=1777,size=65536k',
		'shm',
		join(directory, 'shm'),
	]);

	const id = runtime.newId();
	await runtime.create(id, pause, {
		args: pause.config.entrypoint ?? [],
		env: [],
		cwd: '/',
		user: { linux: { uid: 65535, gid: 65535, supplementalGroups: [65535] } },
		capabilities: capabilitiesOf({}, context.misbehaviour.capabilities),
		privileged: false,
		noNewPrivileges: true,
		seccomp: 'RuntimeDefault',
		readOnlyRoot: true,
		terminal: false,
		mounts: [],
		cgroup: `${cgroup}/${id}`,
		...(!hostNetwork && { hostname: pod.spec.hostname ?? pod.metadata.name }),
		namespaces: {
			...(!hostPID && { pid: '' }),
			...(!hostIPC && { ipc: '' }),
			...(!hostNetwork && { network: '', uts: '' }),
		},
	});
	const output = () => undefined;
	const started: ContainerProcess = await startProcess(runtime.runCommand(id), { tty: false, stdin: false, output });
	if (!hostNetwork) {
		await node.run('sh', ['-c', CONNECT, 'sh', String(started.pid), address, id.slice(0, 8)]);
	}
	return {
		id,
		pid: started.pid,
		ip: address,
		cgroup,
		directory,
		stop: async () => {
			await runtime.signal(id, 'KILL');
			await started.exited;
			await runtime.remove(id);
			await node.run('umount', ['-l', join(directory, 'shm')]).catch(() => undefined);
			await node.run('rm', ['-rf', directory]).catch(() => undefined);
		},
	};
}

/** Joins the namespace of process $1 to the bridge, with address $2. */
const CONNECT = `
set -e
ip link add "veth$3" type veth peer name eth0 netns "$1"
ip link set "veth$3" master cni0 up
exec nsenter -t "$1" -n sh -ec '
	ip link set lo up
	ip addr add "$1/16" dev eth0
	ip link set eth0 up
	ip route add default via 10.244.0.1
	echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range 2>/dev/null || :
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || :
' sh "$2"
`;

function writeEtcFiles(directory: string, pod: Pod, ip: string): void {
	const name = pod.spec.hostname ?? pod.metadata.name;
	writeFileSync(join(directory, 'hostname'), `${name}\n`);
	writeFileSync(join(directory, 'resolv.conf'), 'nameserver 127.0.0.1\n');
	writeFileSync(
		join(directory, 'hosts'),
		`# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${ip}\t${name}\n`,
	);
}
