import { SessionCommand } from './session.ts';

/** `kubectl ephemeral shell NAME --image IMAGE`: a session in any image. */
export class ShellCommand extends SessionCommand {
	static override id = 'shell';
	static override summary = 'A shell or one command in any image, beside a pod';
	static override usage = 'shell (POD | TYPE/NAME | -l SELECTOR) --image IMAGE [flags] [-- COMMAND [args…]]';
	static override examples = [
		'# A busybox shell beside pod web-0\nkubectl ephemeral shell web-0 --image busybox:1.36',
		'# One command of an image that has nothing but that program\nkubectl ephemeral shell web-0 --image grpcurl:1.9 -- /grpcurl -plaintext localhost:9000 list',
		'# A script from standard input\nkubectl ephemeral shell deploy/web --image alpine:3.22 -i < check.sh',
	];
	protected readonly sourced = undefined;
}
