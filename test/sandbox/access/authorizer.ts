import { qualifiedName, type ResourceType } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';

/** What a user may do. A `*` in a list stands for everything. */
export interface PolicyRule {
	verbs: string[];
	/** Plural names, with `/SUBRESOURCE` where meant: `pods`, `pods/exec`. */
	resources: string[];
	/** Default: every group. */
	apiGroups?: string[];
	/** Default: every name. */
	resourceNames?: string[];
	/** Default: every namespace, and what is in none. */
	namespaces?: string[];
}

export interface User {
	name: string;
	groups: string[];
}

/** One thing a user wants to do. */
export interface Attributes {
	verb: string;
	type: Pick<ResourceType, 'group' | 'plural'>;
	subresource: string | undefined;
	namespace: string | undefined;
	name: string | undefined;
}

/** Says what users may do: members of `system:masters` everything, others what rules were granted to them. */
export class Authorizer {
	readonly #rules = new Map<string, PolicyRule[]>();
	readonly #denied: () => Set<string>;

	/** @param denied what no one may do, as `VERB RESOURCE[/SUBRESOURCE]`, asked each time. */
	constructor(denied: () => Set<string>) {
		this.#denied = denied;
	}

	grant(user: string, rules: PolicyRule[]): void {
		this.#rules.set(user, [...(this.#rules.get(user) ?? []), ...rules]);
	}

	revoke(user: string): void {
		this.#rules.delete(user);
	}

	allows(user: User, wanted: Attributes): boolean {
		const resource = withSubresource(wanted);
		const denied = this.#denied();
		if (denied.has(`${wanted.verb} ${resource}`) || denied.has(`* ${resource}`)) {
			return false;
		}
		if (user.groups.includes('system:masters')) {
			return true;
		}
		return this.rulesOf(user.name).some((rule) => matches(rule, wanted, resource));
	}

	rulesOf(user: string): PolicyRule[] {
		return this.#rules.get(user) ?? [];
	}

	/** @throws {ApiError} 403 with the API server's words. */
	check(user: User, wanted: Attributes): void {
		if (!this.allows(user, wanted)) {
			throw refusal(user, wanted);
		}
	}
}

function matches(rule: PolicyRule, wanted: Attributes, resource: string): boolean {
	return (
		listed(rule.verbs, wanted.verb) &&
		(listed(rule.resources, resource) || rule.resources.includes(`*/${wanted.subresource}`)) &&
		listed(rule.apiGroups, wanted.type.group) &&
		listed(rule.namespaces, wanted.namespace) &&
		listed(rule.resourceNames, wanted.name)
	);
}

function listed(list: string[] | undefined, item: string | undefined): boolean {
	return list === undefined || list.includes('*') || (item !== undefined && list.includes(item));
}

function withSubresource({ type, subresource }: Pick<Attributes, 'type' | 'subresource'>): string {
	return subresource ? `${type.plural}/${subresource}` : type.plural;
}

function refusal(user: User, wanted: Attributes): ApiError {
	const { type, namespace, name } = wanted;
	const object = name === undefined ? '' : ` "${name}"`;
	const where = namespace === undefined ? ' at the cluster scope' : ` in the namespace "${namespace}"`;
	const what = `${wanted.verb} resource "${withSubresource(wanted)}" in API group "${type.group}"`;
	return new ApiError(
		403,
		'Forbidden',
		`${qualifiedName(type)}${object} is forbidden: User "${user.name}" cannot ${what}${where}`,
		{ ...(name !== undefined && { name }), ...(type.group && { group: type.group }), kind: type.plural },
	);
}
