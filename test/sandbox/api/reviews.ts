import type { Authorizer, User } from '../access/authorizer.ts';
import { isObject, type Json } from './objects.ts';
import { apiVersion, findTypeByPlural, RESOURCE_TYPES, type ResourceType } from './resources.ts';

/** Answers the questions a user may ask about itself: may I, what may I, who am I. */
export function answerReview(
	authorizer: Authorizer,
	user: User,
	type: ResourceType,
	body: Json | undefined,
): Record<string, unknown> {
	const spec = isObject(body) && isObject(body.spec) ? body.spec : {};
	const answer = { kind: type.kind, apiVersion: apiVersion(type), metadata: { creationTimestamp: null } };
	switch (type.plural) {
		case 'selfsubjectaccessreviews':
			return { ...answer, spec, status: accessStatus(authorizer, user, spec.resourceAttributes) };
		case 'selfsubjectrulesreviews':
			return { ...answer, spec, status: rulesStatus(authorizer, user) };
		default:
			return { ...answer, status: { userInfo: { username: user.name, groups: user.groups } } };
	}
}

function accessStatus(authorizer: Authorizer, user: User, attributes: unknown): Record<string, unknown> {
	const {
		verb = '',
		group = '',
		resource = '',
		subresource,
		namespace,
		name,
	} = (attributes ?? {}) as Record<string, string>;
	const known = RESOURCE_TYPES.some(({ plural }) => plural === resource);
	const type = known ? findTypeByPlural(resource) : { group, plural: resource };
	const wanted = {
		verb,
		type,
		subresource: subresource || undefined,
		namespace: namespace || undefined,
		name: name || undefined,
	};
	return { allowed: authorizer.allows(user, wanted) };
}

function rulesStatus(authorizer: Authorizer, user: User): Record<string, unknown> {
	const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
	const rules = user.groups.includes('system:masters') ? [everything] : authorizer.rulesOf(user.name);
	const resourceRules = rules.map(({ verbs, resources, apiGroups = ['*'] }) => ({ verbs, apiGroups, resources }));
	return { resourceRules, nonResourceRules: [], incomplete: false };
}
