import assert from 'node:assert/strict';
import { readStart } from '../../src/plan/start.ts';
import { aPod, ended, running, waiting } from '../support/pods.ts';

const read = (state: Parameters<ReturnType<typeof aPod>['withEphemeral']>[1], events: string[][] = []) =>
	readStart(
		aPod().withContainer('app').withEphemeral({ name: 'ke', image: 'r.test/x:1' }, state).pod,
		'ke',
		events.map(([reason, message]) => ({ reason, message, metadata: {}, involvedObject: {} })) as never,
	);

describe('readStart', () => {
	for (const [reason, message, sentence, hint] of [
		[
			'ErrImagePull',
			'failed to pull and unpack image "r.test/x:1": failed to resolve reference "r.test/x:1": failed to do request: Head "https://r.test/v2/x/manifests/1": dial tcp: lookup r.test on 10.0.0.1:53: no such host',
			'the node cannot pull r.test/x:1: no such host r.test',
			/--image/,
		],
		[
			'ErrImagePull',
			'failed to resolve reference "r.test/x:1": r.test/x:1: not found',
			'the node cannot pull r.test/x:1: no such image or tag',
			/--image/,
		],
		[
			'ErrImagePull',
			'failed to do request: Head "https://r.test/v2/": dial tcp 10.0.0.1:443: connect: connection refused',
			'the node cannot pull r.test/x:1: connection refused',
			/mirror/,
		],
		[
			'ErrImagePull',
			'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
			'the node cannot pull r.test/x:1: pull access denied',
			/imagePullSecrets/,
		],
		[
			'ErrImagePull',
			'unexpected status from HEAD request to https://r.test/v2/x/manifests/1: 403 Forbidden',
			'the node cannot pull r.test/x:1: 403 Forbidden',
			/imagePullSecrets/,
		],
		[
			'ErrImagePull',
			'unexpected status code: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
			'the node cannot pull r.test/x:1: 429 Too Many Requests',
			/mirror/,
		],
		[
			'ErrImagePull',
			'tls: failed to verify certificate: x509: certificate signed by unknown authority',
			'the node cannot pull r.test/x:1: x509: certificate signed by unknown authority',
			/mirror/,
		],
		['ErrImagePull', '', 'the node cannot pull r.test/x:1: no reason given', /--image/],
		['InvalidImageName', 'Failed to apply default image tag "R:X"', '"r.test/x:1" is no image name', /lower case/],
		[
			'ErrImageNeverPull',
			'Container image "r.test/x:1" is not present with pull policy of Never',
			'r.test/x:1 is not on the node, and its pull policy is Never',
			/IfNotPresent/,
		],
		[
			'CreateContainerConfigError',
			'container has runAsNonRoot and image will run as root (pod: "web-0_open(5b)", container: ke)',
			'the pod may not run as root, and the debug image would',
			/--run-as/,
		],
		[
			'CreateContainerConfigError',
			'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root',
			undefined,
			/--run-as/,
		],
		[
			'CreateContainerConfigError',
			"container's runAsUser breaks non-root policy (pod: …, container: ke)",
			'the pod may not run as root, and the debug image would',
			/--run-as/,
		],
		[
			'CreateContainerConfigError',
			'secret "db" not found',
			'the container cannot be made: secret "db" not found',
			/--like-target/,
		],
		[
			'CreateContainerConfigError',
			"couldn't find key pw in Secret open/db",
			"the container cannot be made: couldn't find key pw in Secret open/db",
			/--like-target/,
		],
		[
			'CreateContainerError',
			'failed to generate container spec: target container "app" is not running',
			'the target container is not running, so nothing can join its processes',
			/-c/,
		],
		[
			'CreateContainerError',
			'context deadline exceeded',
			'the runtime cannot start r.test/x:1: context deadline exceeded',
			undefined,
		],
	] as [string, string, string | undefined, RegExp | undefined][]) {
		it(`says what ${reason} means: ${message.slice(0, 60)}`, () => {
			const start = read(waiting(reason, message));
			assert.equal(start.state, 'failed');
			if (start.state !== 'failed') return;
			if (sentence !== undefined) assert.equal(start.sentence, sentence);
			if (hint) assert.match(start.hint ?? '', hint);
			else assert.equal(start.hint, undefined);
		});
	}

	for (const [message, sentence] of [
		[
			'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "sh": executable file not found in $PATH: unknown',
			'r.test/x:1 has no sh',
		],
		['… exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', 'r.test/x:1 has no /bin/sh'],
	] as const) {
		it(`sees that an image has no shell: ${message.slice(-60)}`, () => {
			assert.deepEqual(read({ terminated: { exitCode: 128, reason: 'StartError', message } }), {
				state: 'failed',
				sentence,
				hint: 'A program that it has stands behind --.',
				noCommand: true,
			});
		});
	}

	it('tells what ran from what never did', () => {
		assert.deepEqual(read(running), { state: 'running' });
		assert.deepEqual(read(ended(7)), { state: 'ended', exitCode: 7 });
		assert.equal(read({ terminated: { exitCode: 128, reason: 'StartError', message: 'boom' } }).state, 'failed');
	});

	it('waits, and says for what', () => {
		for (const [events, doing, pulling] of [
			[[], 'r.test/x:1  scheduled', false],
			[[['Pulling', '']], 'r.test/x:1  pulling', true],
			[
				[
					['Pulling', ''],
					['Pulled', ''],
				],
				'r.test/x:1  starting',
				false,
			],
		] as [string[][], string, boolean][]) {
			assert.deepEqual(read(undefined, events), { state: 'waiting', doing, pulling });
			assert.deepEqual(read(waiting('ContainerCreating'), events), { state: 'waiting', doing, pulling });
		}
	});

	it('ends the wait for a pod that is over', () => {
		assert.equal(
			readStart(
				aPod()
					.withContainer('app')
					.but((pod) => {
						pod.status.phase = 'Failed';
					}).pod,
				'ke',
				[],
			).state,
			'failed',
		);
	});
});
