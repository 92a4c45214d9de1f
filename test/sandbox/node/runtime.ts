import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../images/image.ts';
import type { Node } from './node.ts';
import { type ContainerSpec, ociConfig } from './oci.ts';

/** An argv that runs in the node, and where runc writes what it has to complain about. */
export interface RuntimeCommand {
	file: string;
	args: string[];
	/** runc's message once it failed, else undefined. */
	failure: () => string | undefined;
	/** Process id inside the node once the process runs, else undefined. */
	pid: () => number | undefined;
	/** Whether what runs there is no longer runc, on its way to become the process. */
	executed: () => boolean;
	/** Removes its files. */
	forget: () => void;
}

/** runc on the node: what containerd and its shim do on a real one. */
export class Runtime {
	readonly node: Node;
	readonly #root: string;

	constructor(node: Node) {
		this.node = node;
		this.#root = join(node.state, 'runc');
		mkdirSync(node.path(join(node.state, 'containers')), { recursive: true });
		mkdirSync(node.path(join(node.state, 'calls')), { recursive: true });
	}

	/** A new container id: 64 hexadecimal digits. */
	newId(): string {
		return randomBytes(32).toString('hex');
	}

	/** Mounts the image and writes the bundle. */
	async create(id: string, image: Image, spec: Omit<ContainerSpec, 'rootfs'>): Promise<void> {
		const bundle = this.#bundle(id);
		const outside = this.node.path(bundle);
		const rootfs = join(bundle, 'rootfs');
		for (const folder of ['rootfs', 'upper', 'work']) {
			mkdirSync(join(outside, folder), { recursive: true });
		}
		const layers = `lowerdir=${image.rootfs},upperdir=${bundle}/upper,workdir=${bundle}/work`;
		writeFileSync(join(outside, 'config.json'), JSON.stringify(ociConfig({ ...spec, rootfs })));
		await this.node.run('mount', ['-t', 'overlay', 'overlay', '-o', layers, rootfs]);
	}

	/** The command that starts the container's main process and stays its parent until it ends. */
	runCommand(id: string): RuntimeCommand {
		return this.#call((pidFile) => ['run', '--bundle', this.#bundle(id), '--pid-file', pidFile, id]);
	}

	/** The command that runs one more process in a running container. */
	execCommand(id: string, command: string[], tty: boolean): RuntimeCommand {
		const terminal = tty ? ['--tty', '--env', 'TERM=xterm'] : [];
		return this.#call((pidFile) => ['exec', ...terminal, '--pid-file', pidFile, id, ...command]);
	}

	/** The folder, as this process can open it, that holds what was written in a container's root. */
	upper(id: string): string {
		return this.node.path(join(this.#bundle(id), 'upper'));
	}

	/** Sends a signal to the main process; one that has ended already is no error. */
	async signal(id: string, signal: string): Promise<void> {
		await this.node.run('runc', ['--root', this.#root, 'kill', id, signal]).catch(() => undefined);
	}

	/** Takes an ended container's files and mount away. */
	async remove(id: string): Promise<void> {
		const bundle = this.#bundle(id);
		await this.node.run('runc', ['--root', this.#root, 'delete', '--force', id]).catch(() => undefined);
		await this.node.run('umount', ['-l', join(bundle, 'rootfs')]).catch(() => undefined);
		rmSync(this.node.path(bundle), { recursive: true, force: true });
	}

	/** Process ids of this machine in a container's cgroup, with their ids inside the node. */
	hostProcess(cgroup: string, pid: number): number | undefined {
		for (const mount of ['/sys/fs/cgroup/pids', '/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
			const file = join(mount, cgroup, 'cgroup.procs');
			const ids = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
			const found = ids.find((id) => nodeProcessId(id) === pid);
			if (found) {
				return Number(found);
			}
		}
		return undefined;
	}

	#bundle(id: string): string {
		return join(this.node.state, 'containers', id);
	}

	#call(argsFor: (pidFile: string) => string[]): RuntimeCommand {
		const inside = join(this.node.state, 'calls', randomBytes(8).toString('hex'));
		const outside = (suffix: string) => this.node.path(`${inside}.${suffix}`);
		const global = ['--root', this.#root, '--log', `${inside}.log`, '--log-format', 'json'];
		const { file, args } = this.node.command('runc', [...global, ...argsFor(`${inside}.pid`)]);
		const pid = () => Number(readIfThere(outside('pid'))) || undefined;
		return {
			file,
			args,
			failure: () => lastError(outside('log')),
			pid,
			executed: () => isExecuted(this.node.path(`/proc/${pid()}`)),
			forget: () => {
				rmSync(outside('log'), { force: true });
				rmSync(outside('pid'), { force: true });
			},
		};
	}
}

function lastError(path: string): string | undefined {
	const entries = readIfThere(path)
		.split('\n')
		.filter(Boolean)
		.map((line) => JSON.parse(line) as { level: string; msg: string });
	return entries.findLast(({ level }) => level === 'error')?.msg;
}

function readIfThere(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}

/** The kernel gives a process its new name before its new arguments and environment; one that is gone was executed. */
function isExecuted(process: string): boolean {
	const name = readIfThere(`${process}/comm`);
	return name === '' || (!name.startsWith('runc:[') && readIfThere(`${process}/cmdline`) !== '');
}

function nodeProcessId(id: string): number {
	const ids = /^NSpid:\s*(.+)$/m.exec(readIfThere(`/proc/${id}/status`))?.[1]?.split(/\s+/) ?? [];
	return Number(ids[1]);
}
