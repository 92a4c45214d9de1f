/** A pod whose container sleeps, as YAML; the rest is put into its container or spec. */
export function sleeper(
	name: string,
	more: { namespace?: string; container?: string; spec?: string; image?: string } = {},
): string {
	const { namespace = 'default', container = '', spec = '', image = 'busybox:1.36' } = more;
	return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}
spec:
  containers: [{name: app, image: "${image}", command: [sleep, 1d]${container && `, ${container}`}}]
${spec && `  ${spec}`}
`;
}

/** The body of a PATCH that adds one ephemeral container. */
export function ephemeral(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
	return { spec: { ephemeralContainers: [{ name, image: 'busybox:1.36', command: ['sleep', '1d'], ...more }] } };
}

/** Namespaces with a Pod Security level enforced in each. */
export const LEVELS = `
apiVersion: v1
kind: Namespace
metadata: {name: base, labels: {pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/warn: restricted}}
---
apiVersion: v1
kind: Namespace
metadata: {name: tight, labels: {pod-security.kubernetes.io/enforce: restricted}}
`;
