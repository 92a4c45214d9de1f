/** Names that no toolkit, recipe or input may bear, since they mean something else on the command line. */

/** Every command there is or will be. */
export const COMMAND_NAMES: readonly string[] =
	'shell cp ls why sessions attach stop logs quarantine recycle copy crash node bundle doctor toolkits plugins completion wireshark help version'.split(
		' ',
	);

/** Every word kubectl understands for a kind that stands for pods. */
export const KIND_NAMES: readonly string[] =
	'pod pods po deployment deployments deploy statefulset statefulsets sts daemonset daemonsets ds replicaset replicasets rs replicationcontroller replicationcontrollers rc job jobs cronjob cronjobs cj service services svc node nodes no'.split(
		' ',
	);

/** Every flag that stands beside a recipe's own; a test holds it against the commands. */
export const FLAG_NAMES: readonly string[] =
	'all-pods as as-group as-uid as-user-extra attach bring cap-add cap-drop certificate-authority client-certificate client-key cluster container context custom dry-run env env-from help image image-pull-policy insecure-skip-tls-verify kubeconfig like-target local-port mount name namespace new no-attach no-insecure-skip-tls-verify no-stdin no-tty output overwrite parallel path pick pid pods privileged profile quiet reason request-timeout root run-as selector server show-role stdin target timeout tls-server-name token tty ttl user v write yes'.split(
		' ',
	);

/** Every letter of those flags, but for `i` and `t`, which stand before a recipe's name only. */
export const FLAG_LETTERS = 'chlnoqsvwy';

/** Variables of a script's environment that no input may be: `INPUT_` is put before an input's name, so none clashes. */
export function inputVariable(name: string): string {
	return `INPUT_${name.toUpperCase().replaceAll('-', '_')}`;
}
