import type { ContainerInput } from '../../src/plan/container.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import type { Toolkit } from '../../src/toolkit/toolkit.ts';
import { aPod } from './pods.ts';

/** A request for a shell beside pod web-0, with what a test changes. */
export function aRequest(changes: Partial<SessionRequest> = {}): SessionRequest {
	return {
		toolkit: undefined,
		targets: { named: [{ kind: 'pods', name: 'web-0' }], all: false, pods: [], pick: false },
		namespace: undefined,
		container: undefined,
		command: [],
		stdin: false,
		tty: false,
		image: undefined,
		imagePullPolicy: undefined,
		profile: 'auto',
		custom: undefined,
		env: [],
		mounts: [],
		capAdd: [],
		capDrop: [],
		privileged: false,
		likeTarget: false,
		runAs: undefined,
		root: undefined,
		targetEnv: undefined,
		targetPathFirst: false,
		pid: undefined,
		name: undefined,
		reason: undefined,
		ttl: 3600,
		fresh: false,
		...changes,
	};
}

/** A toolkit that works on the network, with what a test changes. */
export function aToolkit(changes: Partial<Toolkit> = {}): Toolkit {
	return {
		name: 'net',
		description: 'Network tools',
		image: 'registry.test/net:1',
		path: [],
		profile: 'auto',
		needs: [],
		wants: ['SYS_PTRACE', 'NET_RAW'],
		shell: { root: 'debug' },
		default: false,
		images: {},
		helpers: [],
		include: [],
		recipes: [],
		...changes,
	};
}

/** A request for a toolkit's sleeper beside container app of a pod that has only that. */
export function aPlanInput(
	request: Partial<SessionRequest> = {},
	changes: Partial<Omit<ContainerInput, 'request'>> = {},
): ContainerInput {
	const toolkit = 'toolkit' in changes ? changes.toolkit : aToolkit();
	return {
		request: aRequest({ toolkit: toolkit?.name, ...request }),
		toolkit,
		image: 'registry.test/net:1',
		pod: aPod().withContainer('app', {}, { user: { uid: 65532, gid: 0 } }).pod,
		target: 'app',
		record: { by: 'jane', version: '0.1.0' },
		sleeper: { command: ['sh', '-c', 'sleep 1'] },
		mode: 'sleeper',
		...changes,
	};
}
