import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroup } from './cgroups.ts';

/** Linux namespaces cannot be made here: the stand-in cluster cannot run, and what needs it counts as not run. */
export class NoNamespaces extends Error {
	override readonly name = 'NoNamespaces';
}

/**
 * The node: a process with namespaces of its own (PID, mount, network, UTS, IPC) in which every container lives.
 *
 * Its process 1 reads a pipe from us and ends when we do, however that happens; the kernel then ends all containers and
 * drops their mounts and interfaces. Nothing of the node is seen in the machine's own mounts and interfaces.
 */
export class Node {
	/** Bridge address, also the address that pods see as the node's. */
	readonly ip = '10.244.0.1';
	/** A tmpfs that exists inside the node only. */
	readonly state: string;
	/** Parent of all cgroups, as `cgroupsPath` names it. */
	readonly cgroup: string;
	readonly #init: ChildProcess;
	/** Open files of its namespaces and root: a process id could belong to someone else one day. */
	readonly #handles: Record<Namespace | 'root', number>;
	#stopped = false;

	private constructor(init: ChildProcess, pid: number, state: string, cgroup: string) {
		this.#init = init;
		this.state = state;
		this.cgroup = cgroup;
		const open = (name: string) => openSync(`/proc/${pid}/${name}`, 'r');
		this.#handles = {
			mount: open('ns/mnt'),
			pid: open('ns/pid'),
			net: open('ns/net'),
			uts: open('ns/uts'),
			ipc: open('ns/ipc'),
			root: open('root'),
		};
	}

	/**
	 * Makes the namespaces.
	 * @param directory the sandbox's temporary folder.
	 * @param cgroup path of the cgroup under which all containers have theirs.
	 * @throws {NoNamespaces}
	 */
	static async start(directory: string, cgroup: string): Promise<Node> {
		requirePrograms();
		const state = join(directory, 'node');
		mkdirSync(state);
		const unshare = ['--fork', '--kill-child', '--pid', '--mount', '--net', '--uts', '--ipc'];
		const init = spawn('unshare', [...unshare, 'sh', '-c', INIT, 'sh', state], { stdio: ['pipe', 'pipe', 'pipe'] });
		const pid = await untilReady(init);
		return new Node(init, pid, state, cgroup);
	}

	/** The command line that runs a program in the node's namespaces. */
	command(program: string, args: string[]): { file: string; args: string[] } {
		const namespaces = NAMESPACES.map((name) => `--${name}=${this.#handle(name)}`);
		return { file: 'nsenter', args: [...namespaces, '--', program, ...args] };
	}

	/** Runs a program in the node and returns what it prints. */
	async run(program: string, args: string[]): Promise<string> {
		const { file, args: all } = this.command(program, args);
		return await collect(spawn(file, all, { stdio: ['ignore', 'pipe', 'pipe'] }), program);
	}

	/** A path inside the node as this process can open it. */
	path(path: string): string {
		return `${this.#handle('root')}${path}`;
	}

	/** Once it is stopped this names nothing, so that late calls find nothing and no one else's files. */
	#handle(name: Namespace | 'root'): string {
		return this.#stopped ? '/nonexistent' : `/proc/${process.pid}/fd/${this.#handles[name]}`;
	}

	/** Ends every process in the node and waits until its cgroups are gone. */
	async stop(): Promise<void> {
		if (this.#init.exitCode === null && this.#init.signalCode === null) {
			const ended = new Promise((resolve) => this.#init.once('exit', resolve));
			// `--kill-child`: the kernel ends the node's process 1, and with it all others in there.
			this.#init.kill('SIGKILL');
			await ended;
		}
		this.#stopped = true;
		for (const handle of Object.values(this.#handles)) {
			closeSync(handle);
		}
		await removeCgroup(this.cgroup);
	}
}

type Namespace = (typeof NAMESPACES)[number];

const NAMESPACES = ['mount', 'pid', 'net', 'uts', 'ipc'] as const;

const INIT = `
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs "$1"
hostname node1
ip link set lo up
ip link add cni0 type bridge
ip addr add 10.244.0.1/16 dev cni0
ip link set cni0 up
echo ready
exec cat >/dev/null
`;

function requirePrograms(): void {
	if (process.platform !== 'linux') {
		throw new NoNamespaces('The stand-in cluster needs Linux: its containers are Linux namespaces.');
	}
	if (process.getuid?.() !== 0) {
		throw new NoNamespaces('The stand-in cluster needs root: making namespaces and mounts is refused to others.');
	}
	for (const program of ['unshare', 'nsenter', 'runc', 'ip', 'openssl', 'busybox']) {
		if (!['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/local/bin'].some((dir) => existsSync(join(dir, program)))) {
			throw new NoNamespaces(`The stand-in cluster needs ${program}, which is not installed.`);
		}
	}
}

/** Waits for the script's `ready` and returns the process id of the node's process 1. */
async function untilReady(init: ChildProcess): Promise<number> {
	let complaint = '';
	init.stderr?.on('data', (chunk: Buffer) => {
		complaint += chunk.toString();
	});
	const ready = await new Promise<boolean>((resolve) => {
		init.stdout?.once('data', () => resolve(true));
		init.once('close', () => resolve(false));
		init.once('error', () => resolve(false));
	});
	if (!ready) {
		throw new NoNamespaces(`The stand-in cluster cannot make Linux namespaces here: ${complaint.trim()}.`);
	}
	return Number(readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, 'utf8').trim());
}

async function collect(child: ChildProcess, program: string): Promise<string> {
	let output = '';
	let complaint = '';
	child.stdout?.on('data', (chunk: Buffer) => {
		output += chunk.toString();
	});
	child.stderr?.on('data', (chunk: Buffer) => {
		complaint += chunk.toString();
	});
	const code = await new Promise((resolve) => child.once('close', resolve));
	if (code !== 0) {
		throw new Error(`${program} failed in the node: ${complaint.trim()}`);
	}
	return output;
}
