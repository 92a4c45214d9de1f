/** Who refused a request to the API, read from its Status. */
export type Refusal =
	/** RBAC: `who` may not `verb` `resource` in `namespace`. */
	| { by: 'rbac'; who: string; verb: string; resource: string; namespace: string }
	/** Pod Security admission: the level, and what it found. */
	| { by: 'pod-security'; level: string; findings: string }
	/** A validating or mutating webhook, or an admission policy, in its own words. */
	| { by: 'webhook'; name: string; words: string }
	/** The name is taken by a container with another spec: read the pod again and use that one. */
	| { by: 'name-taken' }
	/** The server does not know the subresource (ephemeral containers switched off, or older than 1.23). */
	| { by: 'unsupported' }
	| { by: 'other' };

/**
 * A refusal of the API server, by its HTTP status and the message of its Status.
 * Texts: apiserver's pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage), pod-security-admission,
 * pkg/apis/core/validation (ephemeral containers), admission webhooks' denied text.
 */
export function readRefusal(status: number, message: string, details?: { name?: string }): Refusal {
	if (status === 404 && !details?.name) return { by: 'unsupported' };
	if (/existing ephemeral containers? "[^"]*" may not be changed/.test(message)) return { by: 'name-taken' };
	if (status !== 403 && status !== 400 && status !== 422) return { by: 'other' };
	const security = /violates PodSecurity "([^:"]+)[^"]*": (.*)$/s.exec(message);
	if (security) return { by: 'pod-security', level: security[1] ?? '', findings: security[2] ?? '' };
	const webhook =
		/admission webhook "([^"]+)" denied the request:? ?(.*)$/s.exec(message) ??
		/ValidatingAdmissionPolicy '([^']+)'.*? denied request:? ?(.*)$/s.exec(message);
	if (webhook) return { by: 'webhook', name: webhook[1] ?? '', words: webhook[2] ?? '' };
	const rbac =
		/[Uu]ser "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "[^"]*"(?: in the namespace "([^"]+)")?/.exec(
			message,
		);
	if (rbac) {
		const [, who = '', verb = '', resource = '', namespace = ''] = rbac;
		return { by: 'rbac', who, verb, resource, namespace };
	}
	return { by: 'other' };
}
