import type { Recipe } from '../toolkit/toolkit.ts';

/**
 * What the user asked for, before any look at the cluster: a plain value, made from argv alone.
 */

/** Kinds of resources that stand for pods; `pods` is a pod itself. The words are the API's plural names. */
export type WorkloadKind =
	| 'pods'
	| 'deployments'
	| 'statefulsets'
	| 'daemonsets'
	| 'replicasets'
	| 'replicationcontrollers'
	| 'jobs'
	| 'cronjobs'
	| 'services';

/** One thing named on the command line: `web-0`, `pod/web-0`, `deploy/web`. */
export interface NamedTarget {
	kind: WorkloadKind;
	name: string;
}

/** Which pods are meant. Exactly one of `named`, `selector`, `pick` or `pods` says it; `all` widens a workload or selector. */
export interface TargetChoice {
	named: NamedTarget[];
	/** A label selector, as `-l` takes it. */
	selector?: string;
	/** `--all-pods`: every pod of the workload or selector, not one of them. */
	all: boolean;
	/** `--pods a,b`: these pods. */
	pods: string[];
	/** `--pick`, or no NAME at a terminal: ask. */
	pick: boolean;
}

/** Who we are inside the pod: the target's own user, root, or ids. `undefined` in a request: the profile decides. */
export type RunAs = 'target' | 'root' | { uid: number; gid?: number };

/** A volume of the pod to be mounted beside the tools: `--mount NAME[:PATH][:ro]`. */
export interface MountRequest {
	volume: string;
	/** Where; `/mnt/NAME` when not said. */
	path: string;
	readOnly: boolean;
}

/** What of a recipe was asked for. */
export interface RecipeRequest {
	recipe: Recipe;
	/** Its inputs as the script gets them, by name; defaults filled in, what was not given is left out. */
	values: Readonly<Record<string, string>>;
	/** `-w`: a file, a folder (ending in a slash, or there already), `-`; undefined: by the recipe's own name for it. */
	write: string | undefined;
	/** What is there may be replaced. */
	overwrite: boolean;
	/** Questions are answered with yes. */
	yes: boolean;
	/** `--local-port`, for a recipe that forwards. */
	localPort: number | undefined;
}

export type ProfileName = 'auto' | 'general' | 'baseline' | 'restricted' | 'netadmin' | 'sysadmin' | 'legacy';

/** A request for a session: a shell, or one command, in a toolkit's container beside the target. */
export interface SessionRequest {
	/** The toolkit's name; undefined for `shell --image`. */
	toolkit: string | undefined;
	targets: TargetChoice;
	/** `-n`; undefined: the context's. */
	namespace: string | undefined;
	/** `-c/--target`: the target container. */
	container: string | undefined;
	/** After `--`; empty for a shell. */
	command: string[];
	/** Instead of a command: a recipe of the toolkit's. */
	recipe?: RecipeRequest | undefined;
	stdin: boolean;
	tty: boolean;
	image: string | undefined;
	imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never' | undefined;
	profile: ProfileName;
	/** The parsed content of `--custom FILE`, not yet checked, and the file's name for messages. */
	custom: { file: string; content: unknown } | undefined;
	/** `--env`, in the order given. Goes to each exec, never into the container's spec (except with `KE` main-process containers). */
	env: { name: string; value: string }[];
	mounts: MountRequest[];
	capAdd: string[];
	capDrop: string[];
	privileged: boolean;
	likeTarget: boolean;
	runAs: RunAs | undefined;
	/** `--root`: what `/` is to the command; undefined: as the toolkit has it for its shell. */
	root: 'target' | 'debug' | undefined;
	/** `--env-from target`: the target's own environment; undefined: in a shell in the target's root. */
	targetEnv: boolean | undefined;
	/** `--path target`: the target's PATH before the tools. */
	targetPathFirst: boolean;
	/** `--pid`: the target's process, where it is not found by its container. */
	pid: number | undefined;
	/** `--name`: the container's own name instead of ours. */
	name: string | undefined;
	reason: string | undefined;
	/** Seconds of idleness after which the container ends; 0: never. */
	ttl: number;
	/** `--bring`: what a session leaves in `$OUT` is wanted without a question. */
	bring?: boolean;
	/** `--new`: do not reuse a running container. */
	fresh: boolean;
}
