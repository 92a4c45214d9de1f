import { spawn } from 'node:child_process';
import type { PodSandbox } from '../node/pod-sandbox.ts';
import type { Runtime } from '../node/runtime.ts';

/** A connection to a port inside a pod. */
export interface PodConnection {
	write: (chunk: Buffer) => Promise<void>;
	end: () => void;
	destroy: () => void;
	/** Resolves with the complaint when there is no one to connect to, with undefined when it ended well. */
	closed: Promise<string | undefined>;
}

/** Connects from 127.0.0.1 inside the pod's network namespace, as root, the way containerd forwards ports. */
export function connectToPod(
	runtime: Runtime,
	sandbox: PodSandbox,
	port: number,
	output: (chunk: Buffer) => Promise<void>,
): PodConnection {
	const inside = ['-t', String(sandbox.pid), '-n', '--', 'busybox', 'nc', '127.0.0.1', String(port)];
	const { file, args } = runtime.node.command('nsenter', inside);
	const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
	let complaint = '';
	child.stdin.on('error', () => undefined);
	child.stderr.on('data', (chunk: Buffer) => {
		complaint += chunk.toString();
	});
	const taken = (async () => {
		for await (const chunk of child.stdout) {
			await output(chunk as Buffer);
		}
	})().catch(() => undefined);
	const exit = new Promise<void>((resolve) => child.once('close', () => resolve()));
	return {
		write: (chunk) => new Promise((resolve) => child.stdin.write(chunk, () => resolve())),
		end: () => child.stdin.end(),
		destroy: () => {
			child.stdin.destroy();
			child.stdout.destroy();
			child.kill();
		},
		closed: Promise.all([exit, taken]).then(() =>
			complaint.includes("can't connect") ? refusal(sandbox, port) : undefined,
		),
	};
}

/** What containerd says when nothing listens there. */
function refusal({ id }: PodSandbox, port: number): string {
	const network = `/var/run/netns/cni-${id.slice(0, 8)}`;
	const four = `IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused`;
	const six = 'IPv6 dial tcp6: address localhost: no suitable address found ';
	return `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace "${network}": failed to connect to localhost:${port} inside namespace "${id}", ${four} ${six}`;
}
