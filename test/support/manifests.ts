/** What a test's pod may differ in; everything has a default that is valid in every namespace but a restricted one. */
export interface PodOptions {
	image?: string;
	/** The container's command, as JSON. */
	command?: string[];
	/** YAML of more fields of the pod's spec, in flow style: `hostPID: true`. */
	spec?: string;
	/** YAML of more fields of the container, in flow style. */
	container?: string;
	annotations?: Record<string, string>;
	labels?: Record<string, string>;
}

/** A pod with one container `app`: by default the web service in an otherwise empty image. */
export function podYaml(name: string, options: PodOptions = {}): string {
	const { image = 'registry.test/webgo:1', command, spec, container, annotations = {}, labels = {} } = options;
	const fields = [
		'name: app',
		`image: "${image}"`,
		'imagePullPolicy: IfNotPresent',
		...(command ? [`command: ${JSON.stringify(command)}`] : []),
		...(container ? [container] : []),
	];
	return [
		'---',
		'apiVersion: v1',
		'kind: Pod',
		`metadata: {name: ${name}, labels: ${JSON.stringify(labels)}, annotations: ${JSON.stringify(annotations)}}`,
		'spec:',
		'  terminationGracePeriodSeconds: 0',
		...(spec ? spec.split('\n').map((line) => `  ${line}`) : []),
		'  containers:',
		`  - {${fields.join(', ')}}`,
		'',
	].join('\n');
}

/** A container's fields that Pod Security restricted asks for. */
export const RESTRICTED =
	'securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}';

/** A pod's fields that Pod Security restricted asks for, as a user. */
export function restrictedUser(uid: number): string {
	return `securityContext: {runAsNonRoot: true, runAsUser: ${uid}, seccompProfile: {type: RuntimeDefault}}`;
}
