import type { V1Pod } from '@kubernetes/client-node';
import type { Connection } from '../cluster/connect.ts';
import { UserError } from '../errors.ts';
import type { Console } from './console.ts';
import type { OpenAgent } from './transfer/agent.ts';

/** What the files agent is to be brought for. */
export interface FilesAgentRequest {
	/** The pod, as it was located. */
	pod: V1Pod;
	/** The target container; undefined: the default one. */
	container: string | undefined;
	/** `target` (undefined), `root` or UID[:GID]. */
	runAs: string | undefined;
	/** The debug image instead of the toolkit's. */
	image: string | undefined;
	/** The toolkit whose container is used; undefined: any that runs there, else the smallest. */
	toolkit: string | undefined;
	/** Seconds that a wait may last without progress. */
	timeout: number | undefined;
	/** Answer questions with yes. */
	yes: boolean;
}

/** Files of a target container, within reach. */
export interface FilesAgent {
	open: OpenAgent;
	/** The container that they are of. */
	container: string;
}

/** Brings a session container and the launcher in it, and gives the files agent of the target's root. */
export async function openFiles(
	_connection: Connection,
	_request: FilesAgentRequest,
	_console: Console,
): Promise<FilesAgent> {
	throw new UserError('not wired');
}
