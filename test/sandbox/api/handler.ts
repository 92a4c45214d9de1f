import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorizer, User } from '../access/authorizer.ts';
import type { Users } from '../access/users.ts';
import type { Kubelet } from '../node/kubelet.ts';
import { readBody } from './body.ts';
import { discoveryDocument } from './discovery.ts';
import type { Json, KubeObject } from './objects.ts';
import { parseResourceRequest, type ResourceRequest } from './path.ts';
import { sendLog } from './pod-log.ts';
import type { LoggedRequest } from './request-log.ts';
import { apiVersion, qualifiedName } from './resources.ts';
import { answerReview } from './reviews.ts';
import { queryMatcher } from './selectors.ts';
import { sendJson } from './server.ts';
import { ApiError, badRequest, noSuchResource, notFound } from './status.ts';
import type { Store } from './store.ts';
import { asTable, wantsTable } from './table.ts';
import { watch } from './watch.ts';
import type { WriteContext, Writes } from './writes.ts';

export interface HandlerParts {
	store: Store;
	users: Users;
	authorizer: Authorizer;
	writes: Writes;
	kubelet: Kubelet;
}

/** Answers every request that is no upgrade. */
export class Handler {
	readonly #parts: HandlerParts;

	constructor(parts: HandlerParts) {
		this.#parts = parts;
	}

	/** @throws {ApiError} for the server to send. */
	async handle(request: IncomingMessage, response: ServerResponse, entry: LoggedRequest): Promise<void> {
		const user = this.identify(request);
		entry.user = user.name;
		const url = new URL(request.url ?? '/', 'https://sandbox');
		const document = request.method === 'GET' && discoveryDocument(url.pathname, request.headers.accept ?? '');
		if (document) {
			sendJson(response, 200, document.body, document.contentType);
			return;
		}
		const wanted = parseResourceRequest(request.method ?? '', url);
		if (!wanted) {
			throw noSuchResource();
		}
		entry.verb = wanted.verb;
		const { type, namespace, name, subresource, verb } = wanted;
		if (!type.verbs.includes('get')) {
			const body = await readBody(request);
			sendJson(response, 201, answerReview(this.#parts.authorizer, user, type, body));
			return;
		}
		this.#parts.authorizer.check(user, { verb, type, subresource, namespace: namespaceOf(wanted), name });
		if (verb === 'watch' || verb === 'list' || verb === 'get') {
			await this.#read(wanted, request, response);
			return;
		}
		const body = await readBody(request);
		const context: WriteContext = { user, warnings: [] };
		const result = this.#write(wanted, request.headers['content-type'] ?? '', body, context, namespace);
		for (const warning of context.warnings) {
			response.appendHeader('Warning', `299 - ${JSON.stringify(warning)}`);
		}
		sendJson(response, verb === 'create' ? 201 : 200, result);
	}

	/** Who asks, impersonation included. */
	identify(request: IncomingMessage): User {
		const { users, authorizer } = this.#parts;
		const user = users.authenticate(request);
		const impersonated = request.headers['impersonate-user'];
		if (typeof impersonated !== 'string') {
			return user;
		}
		const type = { group: '', plural: 'users' };
		authorizer.check(user, {
			verb: 'impersonate',
			type,
			subresource: undefined,
			namespace: undefined,
			name: impersonated,
		});
		const groups = request.headers['impersonate-group'] ?? [];
		const named = users.named(impersonated);
		return { name: impersonated, groups: [...named.groups, ...[groups].flat()] };
	}

	async #read(wanted: ResourceRequest, request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { store, kubelet } = this.#parts;
		const { type, namespace, name, subresource, verb, query } = wanted;
		const accept = request.headers.accept ?? '';
		const table = wantsTable(accept);
		if (verb === 'watch') {
			watch(store, wanted, response, (object) => (table ? asTable(type, [object], String(store.revision)) : object));
			return;
		}
		if (name === undefined) {
			const items = store.list(type, namespace).filter(queryMatcher(query));
			const metadata = { resourceVersion: String(store.revision) };
			const list = { kind: `${type.kind}List`, apiVersion: apiVersion(type), metadata, items };
			sendJson(response, 200, table ? asTable(type, items, metadata.resourceVersion) : list);
			return;
		}
		const object = store.get(type, namespace, name);
		if (!object) {
			throw notFound(qualifiedName(type), name);
		}
		if (subresource === 'log') {
			await sendLog(kubelet, object, query, response);
			return;
		}
		if (subresource !== undefined && !type.subresources.some((other) => other.name === subresource)) {
			throw noSuchResource();
		}
		if (subresource === 'exec' || subresource === 'attach' || subresource === 'portforward') {
			throw badRequest('Upgrade request required');
		}
		sendJson(response, 200, table ? asTable(type, [object], object.metadata.resourceVersion ?? '') : object);
	}

	#write(
		wanted: ResourceRequest,
		contentType: string,
		body: Json | undefined,
		context: WriteContext,
		namespace: string | undefined,
	): KubeObject | Record<string, unknown> {
		const { store, writes } = this.#parts;
		const { type, verb, subresource, query } = wanted;
		switch (verb) {
			case 'create':
				if (subresource !== undefined) {
					throw badRequest('Upgrade request required');
				}
				return writes.create(wanted, body, context);
			case 'update':
				return writes.update(wanted, body, context);
			case 'patch':
				return writes.patch(wanted, contentType, body, context);
			case 'delete':
				return writes.delete(wanted, body);
			case 'deletecollection': {
				const items = store.list(type, namespace).filter(queryMatcher(query));
				for (const item of items) {
					writes.remove(type.plural, item);
				}
				return { kind: `${type.kind}List`, apiVersion: apiVersion(type), metadata: {}, items };
			}
			default:
				throw new ApiError(
					405,
					'MethodNotAllowed',
					'the server does not allow this method on the requested resource',
					{},
				);
		}
	}
}

/** A namespace is authorised as being in itself. */
function namespaceOf({ type, namespace, name }: ResourceRequest): string | undefined {
	return type.plural === 'namespaces' ? name : namespace;
}
