import type { ServerResponse } from 'node:http';
import type { KubeObject } from './objects.ts';
import type { ResourceRequest } from './path.ts';
import { apiVersion } from './resources.ts';
import { type Matcher, queryMatcher } from './selectors.ts';
import { ApiError } from './status.ts';
import type { Change, Store } from './store.ts';

type Present = (object: KubeObject) => unknown;

/**
 * Streams changes as the API server does: from a revision, or with the objects that exist first; bookmarks when asked.
 *
 * @param present what each object is sent as (itself, or a row of a table).
 */
export function watch(store: Store, request: ResourceRequest, response: ServerResponse, present: Present): void {
	const { query, type } = request;
	const matches = scoped(request, queryMatcher(query));
	const send = (event: string, object: unknown) => response.write(`${JSON.stringify({ type: event, object })}\n`);
	const bookmark = (annotations?: Record<string, string>) => {
		const metadata = { resourceVersion: String(store.revision), ...(annotations && { annotations }) };
		send('BOOKMARK', { kind: type.kind, apiVersion: apiVersion(type), metadata });
	};
	const deliver = (change: Change) => {
		const event = change.resource === type && eventFor(change, matches);
		if (event) {
			send(event, present(change.object));
		}
	};

	response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
	response.flushHeaders();
	const from = query.get('resourceVersion') ?? '';
	const initial = query.get('sendInitialEvents') === 'true';
	if (initial || from === '' || from === '0') {
		for (const object of store.list(type, request.namespace).filter(matches)) {
			send('ADDED', present(object));
		}
		if (initial) {
			bookmark({ 'k8s.io/initial-events-end': 'true' });
		}
	} else if (!replay(store, Number(from), deliver)) {
		const text = `too old resource version: ${from} (${store.revision})`;
		send('ERROR', new ApiError(410, 'Expired', text).body);
		response.end();
		return;
	}

	const unsubscribe = store.subscribe(deliver);
	const seconds = Number(query.get('timeoutSeconds') ?? 1800);
	const timer = setTimeout(() => response.end(), seconds * 1000);
	const bookmarks = query.get('allowWatchBookmarks') === 'true' ? setInterval(bookmark, 60_000) : undefined;
	response.on('close', () => {
		unsubscribe();
		clearTimeout(timer);
		clearInterval(bookmarks);
	});
}

function replay(store: Store, revision: number, deliver: (change: Change) => void): boolean {
	const changes = store.since(revision);
	changes?.forEach(deliver);
	return changes !== undefined;
}

function scoped(request: ResourceRequest, selected: Matcher): Matcher {
	return (object) =>
		(request.namespace === undefined || object.metadata.namespace === request.namespace) &&
		(request.name === undefined || object.metadata.name === request.name) &&
		selected(object);
}

/** A selector sees an object that comes to match as added, and one that no longer does as deleted. */
function eventFor(change: Change, matches: Matcher): Change['type'] | undefined {
	const now = matches(change.object);
	const before = change.before !== undefined && matches(change.before);
	if (change.type === 'DELETED') {
		return before ? 'DELETED' : undefined;
	}
	if (now) {
		return before ? 'MODIFIED' : 'ADDED';
	}
	return before ? 'DELETED' : undefined;
}
