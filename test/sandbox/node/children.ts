import { readdirSync, readFileSync } from 'node:fs';

/** A process whose parent is a container's main process: the application's own child, or an orphan that became one. */
export interface Child {
	/** Process id on this machine. */
	pid: number;
	/** Words of its command line; `[name]` of one that has ended, as ps writes it, unless it was watched before. */
	command: string;
	/** Name of the container of that pod in whose cgroup it is, where that can be told. */
	container: string | undefined;
	/** Letter of its state in /proc when last seen: `Z` is a zombie, which its parent has not waited for. */
	state: string;
}

/** Looks at the children of a process until it is stopped. */
export interface ChildWatch {
	/** Every child seen so far, those at the beginning included, in the order of first sight. */
	readonly seen: readonly Child[];
	/** Looks a last time and ends. Returns `seen`. */
	stop(): readonly Child[];
}

/** @param nameOf the container's name for a line of /proc/PID/cgroup. */
export function childrenOf(parent: number, nameOf: (cgroup: string) => string | undefined): Child[] {
	return childIds(parent).flatMap((pid) => {
		const text = read(`/proc/${pid}/stat`);
		const [, name = '', state = ''] = /^\d+ \((.*)\) (\S)/s.exec(text) ?? [];
		if (text === '') {
			return [];
		}
		const words = read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
		const command = words.length > 0 ? words.join(' ') : `[${name}]`;
		return [{ pid, command, container: nameOf(read(`/proc/${pid}/cgroup`)), state }];
	});
}

/**
 * Looks every `everyMs` milliseconds. A child that is made and waited for in between is not seen; a parent that waits for
 * none, as most applications, keeps each as a zombie, and then none can be missed.
 */
export function watchChildren(look: () => Child[], everyMs: number): ChildWatch {
	const seen: Child[] = [];
	const lookAgain = () => {
		for (const child of look()) {
			const known = seen.find(({ pid }) => pid === child.pid);
			if (known) {
				known.state = child.state;
				// A new process bears its parent's words until it becomes a program of its own; an ending one bears none.
				known.command = child.command.startsWith('[') ? known.command : child.command;
			} else {
				seen.push(child);
			}
		}
	};
	lookAgain();
	const timer = setInterval(lookAgain, everyMs);
	return {
		seen,
		stop: () => {
			clearInterval(timer);
			lookAgain();
			return seen;
		},
	};
}

/** Each thread of a process has children of its own. */
function childIds(parent: number): number[] {
	try {
		const threads = readdirSync(`/proc/${parent}/task`);
		const lists = threads.map((thread) => read(`/proc/${parent}/task/${thread}/children`));
		return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
	} catch {
		return [];
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
