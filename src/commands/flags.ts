import type { Interfaces } from '@oclif/core';
import { Flags } from '@oclif/core';
import type { FlagShape } from './argv.ts';

/**
 * kubectl's own flags, with kubectl's meaning, in every command; no toolkit may redefine them.
 * `helpGroup` says under which heading the help shows them.
 */
export const CONNECTION_FLAGS = {
	namespace: Flags.string({ char: 'n', description: 'The namespace of the pod' }),
	context: Flags.string({ description: 'The kubeconfig context to use', helpGroup: 'GLOBAL' }),
	cluster: Flags.string({ description: 'The kubeconfig cluster to use', helpGroup: 'GLOBAL' }),
	user: Flags.string({ description: 'The kubeconfig user to use', helpGroup: 'GLOBAL' }),
	kubeconfig: Flags.string({ description: 'Path of the kubeconfig file', helpGroup: 'GLOBAL' }),
	server: Flags.string({ char: 's', description: 'Address of the API server', helpGroup: 'GLOBAL' }),
	token: Flags.string({ description: 'Bearer token for the API server', helpGroup: 'GLOBAL' }),
	as: Flags.string({ description: 'User to impersonate', helpGroup: 'GLOBAL' }),
	'as-group': Flags.string({
		description: 'Group to impersonate; may be repeated',
		multiple: true,
		multipleNonGreedy: true,
		helpGroup: 'GLOBAL',
	}),
	'as-uid': Flags.string({ description: 'UID to impersonate', helpGroup: 'GLOBAL' }),
	'as-user-extra': Flags.string({
		description: 'KEY=VALUE to impersonate; may be repeated',
		multiple: true,
		multipleNonGreedy: true,
		helpGroup: 'GLOBAL',
	}),
	'certificate-authority': Flags.string({ description: 'File with the certificate authority', helpGroup: 'GLOBAL' }),
	'client-certificate': Flags.string({ description: 'File with the client certificate', helpGroup: 'GLOBAL' }),
	'client-key': Flags.string({ description: 'File with the client key', helpGroup: 'GLOBAL' }),
	'insecure-skip-tls-verify': Flags.boolean({
		allowNo: true,
		description: "Do not check the server's certificate",
		helpGroup: 'GLOBAL',
	}),
	'tls-server-name': Flags.string({ description: "Name to expect in the server's certificate", helpGroup: 'GLOBAL' }),
	'request-timeout': Flags.string({
		description: 'How long one request may wait for its answer (0: for ever)',
		helpGroup: 'GLOBAL',
	}),
	v: Flags.string({ char: 'v', description: 'Show requests: 6 lines, 7 headers, 8 bodies', helpGroup: 'GLOBAL' }),
	help: Flags.boolean({ char: 'h', description: 'Help', helpGroup: 'GLOBAL' }),
};

/** Flags of every command that works on one pod. */
export const POD_FLAGS = {
	container: Flags.string({
		char: 'c',
		aliases: ['target'],
		description:
			'The target container (also --target); default: the annotation kubectl.kubernetes.io/default-container, else the first',
	}),
	selector: Flags.string({ char: 'l', description: 'Label selector instead of NAME: one of its pods' }),
	pick: Flags.boolean({ description: 'Choose the pod from a list' }),
	quiet: Flags.boolean({ char: 'q', description: 'Say nothing but errors' }),
	timeout: Flags.string({ description: 'How long any wait may last without progress (default 90s)' }),
	'show-role': Flags.boolean({ description: 'Print the Role that this command needs, and end' }),
};

/** Flags of a session: what container is brought, with which rights, and what runs in it. */
export const SESSION_FLAGS = {
	stdin: Flags.boolean({ char: 'i', allowNo: true, description: 'Pass standard input to the command' }),
	tty: Flags.boolean({ char: 't', allowNo: true, description: 'Give the command a terminal' }),
	attach: Flags.boolean({ allowNo: true, hidden: true, description: "kubectl debug's; a session is always attached" }),
	image: Flags.string({ description: "The debug image instead of the toolkit's" }),
	'image-pull-policy': Flags.string({
		description: 'Always, IfNotPresent or Never',
		options: ['Always', 'IfNotPresent', 'Never'],
	}),
	profile: Flags.string({
		description:
			"auto (the least that serves), or one of kubectl's: general, baseline, restricted, netadmin, sysadmin, legacy",
	}),
	custom: Flags.string({ description: 'File with a partial container spec, JSON or YAML, merged over the profile' }),
	env: Flags.string({
		description: 'NAME=VALUE for the command; may be repeated',
		multiple: true,
		multipleNonGreedy: true,
	}),
	mount: Flags.string({
		description: 'NAME[:PATH][:ro]: a volume of the pod, beside the tools; may be repeated',
		multiple: true,
		multipleNonGreedy: true,
	}),
	'cap-add': Flags.string({ description: 'Add a capability', multiple: true, multipleNonGreedy: true }),
	'cap-drop': Flags.string({ description: 'Drop a capability, or ALL', multiple: true, multipleNonGreedy: true }),
	privileged: Flags.boolean({ description: 'A privileged container' }),
	'like-target': Flags.boolean({ description: "The target's volume mounts, env and envFrom" }),
	'run-as': Flags.string({ description: 'target, root, or UID[:GID]' }),
	root: Flags.string({
		description: "target: / is the target's root, the tools are the debug image's; or debug",
		options: ['target', 'debug'],
	}),
	'env-from': Flags.string({
		description: "target: the target's own environment (a shell in its root has it); or debug",
		options: ['target', 'debug'],
	}),
	path: Flags.string({
		description: "target: the target's PATH before the tools; or tools",
		options: ['target', 'tools'],
	}),
	pid: Flags.string({ description: "The target's process, in a shared process namespace" }),
	name: Flags.string({ description: 'Name of the new container instead of ours' }),
	reason: Flags.string({ description: "Why, kept in the container's record" }),
	ttl: Flags.string({ description: 'Idle time after which the container ends (default 1h; 0: never)' }),
	new: Flags.boolean({ description: 'Add a container even where one of ours runs' }),
	bring: Flags.boolean({ description: 'Bring what the session leaves in $OUT here, without a question' }),
	'all-pods': Flags.boolean({ description: 'Every pod of the workload or selector' }),
	pods: Flags.string({ description: 'These pods: a,b' }),
	parallel: Flags.string({ description: 'How many pods at a time (default 8)' }),
	yes: Flags.boolean({ char: 'y', description: 'Answer questions with yes' }),
	'dry-run': Flags.string({
		description: 'server or client: print the plan, change nothing (alone: server)',
		options: ['server', 'client', 'none'],
	}),
	output: Flags.string({
		char: 'o',
		description: 'json or yaml: one document; table: a row for each pod',
		options: ['json', 'yaml', 'table'],
	}),
};

/** Options that mean something when they stand without a value; a value then needs `=`. */
const BARE: Record<string, string> = { 'dry-run': 'server' };

/** The shapes that `arrange` needs, aliases included. */
export function shapesOf(flags: Interfaces.FlagInput): Record<string, FlagShape> {
	const shapes: Record<string, FlagShape> = {};
	for (const [name, flag] of Object.entries(flags)) {
		const bare = BARE[name];
		for (const word of [name, ...(flag.aliases ?? [])]) {
			shapes[word] = {
				type: flag.type,
				...(word === name ? flag.char && { char: flag.char } : { of: name }),
				...(bare && { bare }),
				...(flag.type === 'option' && flag.options && { options: flag.options }),
				...(flag.type === 'option' && flag.multiple && { multiple: true }),
			};
		}
		if (flag.type === 'boolean' && flag.allowNo) shapes[`no-${name}`] = { type: 'boolean' };
	}
	return shapes;
}
