/**
 * The fields of a container that a `--custom` file may set, by name: the part of the API's Container (1.36) that an
 * ephemeral container may have. `key` is the API's merge key of a list; a list without one is replaced as a whole.
 */
export type Shape =
	| 'string'
	| 'boolean'
	| 'integer'
	| 'quantity'
	| { list: Shape; key?: string }
	| { fields: Readonly<Record<string, Shape>> }
	| { oneOf: readonly string[] }
	| { refused: string };

const text = 'string';
const flag = 'boolean';

const byKey = (more: Record<string, Shape>): Shape => ({ fields: { key: text, optional: flag, ...more } });

const ENV_SOURCE: Shape = {
	fields: {
		configMapKeyRef: byKey({ name: text }),
		secretKeyRef: byKey({ name: text }),
		fileKeyRef: byKey({ path: text, volumeName: text }),
		fieldRef: { fields: { apiVersion: text, fieldPath: text } },
		resourceFieldRef: { fields: { containerName: text, divisor: 'quantity', resource: text } },
	},
};

const named: Shape = { fields: { name: text, optional: flag } };
const localProfile: Shape = { fields: { localhostProfile: text, type: text } };

const SECURITY_CONTEXT: Shape = {
	fields: {
		allowPrivilegeEscalation: flag,
		appArmorProfile: localProfile,
		capabilities: { fields: { add: { list: text }, drop: { list: text } } },
		privileged: flag,
		procMount: text,
		readOnlyRootFilesystem: flag,
		runAsGroup: 'integer',
		runAsNonRoot: flag,
		runAsUser: 'integer',
		seLinuxOptions: { fields: { level: text, role: text, type: text, user: text } },
		seccompProfile: localProfile,
		windowsOptions: {
			fields: { gmsaCredentialSpec: text, gmsaCredentialSpecName: text, hostProcess: flag, runAsUserName: text },
		},
	},
};

const noSubPath: Shape = { refused: 'The API allows no subPath in an ephemeral container; mount the whole volume.' };

const VOLUME_MOUNT: Shape = {
	fields: {
		mountPath: text,
		mountPropagation: text,
		name: text,
		readOnly: flag,
		recursiveReadOnly: text,
		subPath: noSubPath,
		subPathExpr: noSubPath,
	},
};

const never: Shape = { refused: 'The API allows it in no ephemeral container.' };

/** The whole of it: what may be set, and what may not with the reason or the flag to use. */
export const CONTAINER: { fields: Readonly<Record<string, Shape>> } = {
	fields: {
		args: { list: text },
		env: { list: { fields: { name: text, value: text, valueFrom: ENV_SOURCE } }, key: 'name' },
		envFrom: { list: { fields: { configMapRef: named, prefix: text, secretRef: named } } },
		imagePullPolicy: { oneOf: ['Always', 'IfNotPresent', 'Never'] },
		securityContext: SECURITY_CONTEXT,
		stdin: flag,
		stdinOnce: flag,
		terminationMessagePath: text,
		terminationMessagePolicy: { oneOf: ['File', 'FallbackToLogsOnError'] },
		tty: flag,
		volumeMounts: { list: VOLUME_MOUNT, key: 'mountPath' },
		workingDir: text,
		name: { refused: 'The name is given by --name.' },
		command: { refused: 'The command stands behind --.' },
		image: { refused: 'The image is given by --image.' },
		targetContainerName: { refused: 'The target is given by -c or --target.' },
		lifecycle: never,
		volumeDevices: { refused: 'kubectl allows it in no custom profile.' },
		livenessProbe: never,
		readinessProbe: never,
		startupProbe: never,
		ports: never,
		resizePolicy: never,
		resources: never,
		restartPolicy: never,
		restartPolicyRules: never,
	},
};
