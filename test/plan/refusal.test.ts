import assert from 'node:assert/strict';
import type { V1EphemeralContainer } from '@kubernetes/client-node';
import { choosePod } from '../../src/plan/choose-pod.ts';
import { recordEnv } from '../../src/plan/record.ts';
import { readRefusal } from '../../src/plan/refusal.ts';
import { aPod, running } from '../support/pods.ts';

describe('readRefusal', () => {
	for (const [status, message, refusal] of [
		[
			403,
			'pods "web-0" is forbidden: User "dev" cannot patch resource "pods/ephemeralcontainers" in API group "" in the namespace "open"',
			{ by: 'rbac', who: 'dev', verb: 'patch', resource: 'pods/ephemeralcontainers', namespace: 'open' },
		],
		[
			403,
			'pods "web-0" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "ke" must not include "SYS_PTRACE")',
			{
				by: 'pod-security',
				level: 'baseline',
				findings: 'non-default capabilities (container "ke" must not include "SYS_PTRACE")',
			},
		],
		[
			400,
			'admission webhook "v.test" denied the request: no\nroot',
			{ by: 'webhook', name: 'v.test', words: 'no\nroot' },
		],
		[
			422,
			"pods \"web-0\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
			{ by: 'webhook', name: 'p', words: 'no' },
		],
		[
			422,
			'Pod "web-0" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "ke" may not be changed\n',
			{ by: 'name-taken' },
		],
		[404, 'the server could not find the requested resource', { by: 'unsupported' }],
		[500, 'boom', { by: 'other' }],
		[403, '', { by: 'other' }],
	] as const) {
		it(`reads ${status} ${message.slice(0, 70)}`, () => assert.deepEqual(readRefusal(status, message), refusal));
	}
	it('takes a 404 that names the pod for a missing pod', () =>
		assert.equal(readRefusal(404, 'pods "x" not found', { name: 'x' }).by, 'other'));
});

describe('choosePod', () => {
	const ours = {
		name: 'mine',
		image: 'registry.test/tools:1',
		env: recordEnv({ by: 'dev', ttl: 60, toolkit: 'net', version: '0' }),
	};
	const foreign = { name: 'ke-net-abc1', image: 'registry.test/tools:1' };
	const pod = (name: string, ready: boolean, restarts = 0, session?: V1EphemeralContainer) =>
		(session
			? aPod(name).withContainer('app', {}, { restarts }).withEphemeral(session, running)
			: aPod(name).withContainer('app', {}, { restarts })
		).but((made) => {
			made.status.conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
		}).pod;
	for (const [what, pods, name] of [
		[
			'where a session of ours is, by its record and not by its name',
			[pod('a', true, 0, foreign), pod('b', false, 9, ours)],
			'b',
		],
		['a ready one', [pod('a', false), pod('b', true, 9)], 'b'],
		['fewest restarts', [pod('a', true, 2), pod('b', true, 1)], 'b'],
		['the first by name', [pod('b', true), pod('a', true)], 'a'],
	] as const) {
		it(`chooses ${what}`, () => assert.equal(choosePod(pods, 'net').pod.metadata?.name, name));
	}
});
