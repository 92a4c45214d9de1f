import type { Connection } from './connect.ts';
import { request } from './request.ts';

/** One right in the API's words. */
export interface AccessQuestion {
	verb: string;
	resource: string;
	subresource?: string;
	namespace: string;
	name?: string;
	group?: string;
}

/**
 * Whether we may do it, by a SelfSubjectAccessReview (every authenticated user may ask); true where the question itself
 * is refused, so that the real call decides.
 */
export async function mayI(connection: Connection, question: AccessQuestion): Promise<boolean> {
	try {
		const response = await request(connection, {
			method: 'POST',
			path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
			contentType: 'application/json',
			body: {
				apiVersion: 'authorization.k8s.io/v1',
				kind: 'SelfSubjectAccessReview',
				spec: { resourceAttributes: question },
			},
		});
		const review = await response.json<{ status?: { allowed?: boolean } }>();
		return review.status?.allowed ?? true;
	} catch {
		return true;
	}
}
