import assert from 'node:assert/strict';
import type { V1Node } from '@kubernetes/client-node';
import type { UserError } from '../../src/errors.ts';
import { judge, type Wanted } from '../../src/plan/verdict.ts';
import { aPod, ended, type PodBuilder, running, waiting } from '../support/pods.ts';

const node = (operatingSystem: string, architecture: string): V1Node => ({
	status: { nodeInfo: { operatingSystem, architecture } as NonNullable<V1Node['status']>['nodeInfo'] },
});

describe('K72 decided before anything is added', () => {
	const cases: [title: string, PodBuilder, message: string, hint: RegExp, wanted?: Partial<Wanted>][] = [
		[
			'a Windows pod',
			aPod()
				.withContainer('app')
				.but(({ spec }) => {
					spec.os = { name: 'windows' };
				}),
			'pod "web-0" is a Windows pod, and the tools are Linux programs',
			/--profile=baseline/,
		],
		[
			'a pod selecting Windows nodes',
			aPod()
				.withContainer('app')
				.but(({ spec }) => {
					spec.nodeSelector = { 'kubernetes.io/os': 'windows' };
				}),
			'pod "web-0" is a Windows pod, and the tools are Linux programs',
			/Windows image/,
		],
		[
			'a pod on a Windows node',
			aPod().withContainer('app'),
			'pod "web-0" is a Windows pod, and the tools are Linux programs',
			/Windows image/,
			{ node: node('windows', 'amd64') },
		],
		[
			'a mirror pod',
			aPod().withContainer('app').withAnnotation('kubernetes.io/config.mirror', 'x'),
			'pod "web-0" is a static pod of node node1, and the API allows no ephemeral container there',
			/kubectl debug node\/node1/,
		],
		[
			'a succeeded pod',
			aPod()
				.withContainer('app', {}, { state: ended() })
				.but(({ status }) => {
					status.phase = 'Succeeded';
				}),
			'pod "web-0" has finished (Succeeded); nothing starts in it any more',
			/kubectl logs web-0 -n open/,
		],
		[
			'an evicted pod',
			aPod()
				.withContainer('app')
				.but(({ status }) => Object.assign(status, { phase: 'Failed', reason: 'Evicted' })),
			'pod "web-0" has finished (Failed: Evicted); nothing starts in it any more',
			/--copy-to=web-0-debug/,
		],
		[
			'a terminating pod',
			aPod()
				.withContainer('app')
				.but(({ metadata }) => Object.assign(metadata ?? {}, { deletionTimestamp: new Date(0) })),
			'pod "web-0" is being deleted; nothing starts in it any more',
			/another pod/,
		],
		[
			'an unscheduled pod',
			aPod()
				.withContainer('app')
				.but(({ spec, status }) => {
					delete spec.nodeName;
					status.conditions = [
						{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient cpu.' },
					];
				}),
			'pod "web-0" is on no node yet: 0/1 nodes are available: 1 Insufficient cpu.',
			/kubectl describe pod web-0 -n open/,
		],
		[
			'an image for another platform',
			aPod().withContainer('app'),
			'r/i:1 is made for amd64, and pod "web-0" runs on arm64',
			/one for arm64/,
			{ node: node('linux', 'arm64'), architectures: ['amd64'], image: 'r/i:1' },
		],
	];
	for (const [title, { pod }, message, hint, wanted] of cases) {
		it(title, () => {
			assert.throws(
				() => judge(pod, 'app', { needsTarget: false, ...wanted }),
				(error: UserError) => {
					assert.equal(error.message, message);
					assert.match(error.hint ?? '', hint);
					return true;
				},
			);
		});
	}

	it('goes on otherwise, also in a user namespace and with a sidecar', () => {
		assert.deepEqual(judge(aPod().withContainer('app').pod, 'app', { needsTarget: true }), { verdict: 'targeted' });
		const userns = aPod()
			.withContainer('app')
			.but(({ spec }) => {
				spec.hostUsers = false;
			}).pod;
		assert.deepEqual(judge(userns, 'app', { needsTarget: true, node: node('linux', 'amd64') }), {
			verdict: 'targeted',
		});
		const sidecar = aPod()
			.withContainer('app', {}, { state: waiting('PodInitializing') })
			.withInitContainer('mesh', { restartPolicy: 'Always' }, { state: running }).pod;
		assert.deepEqual(judge(sidecar, 'mesh', { needsTarget: true }), { verdict: 'targeted' });
	});
});

describe('a target that runs between two crashes', () => {
	const at = (seconds: number) => new Date(seconds * 1000);
	const crashing = (lived: number, exitCode = 3) =>
		aPod().withContainer(
			'app',
			{},
			{
				state: { running: { startedAt: at(1000) } },
				lastState: { terminated: { exitCode, startedAt: at(900 - lived), finishedAt: at(900) } },
				restarts: 4,
			},
		).pod;
	const verdict = (pod: ReturnType<typeof crashing>, now?: number, needsTarget = false) =>
		judge(pod, 'app', { needsTarget, ...(now !== undefined && { now: now * 1000 }) });

	it('is left alone, so that our container survives the next one', () => {
		assert.deepEqual(verdict(crashing(2), 1005), {
			verdict: 'untargeted',
			because: 'container "app" keeps crashing: last ended with exit code 3, restarted 4 times',
		});
		// As the API sends them, times are text.
		assert.equal(verdict(JSON.parse(JSON.stringify(crashing(2))), 1005).verdict, 'untargeted');
	});

	it('is joined when it lives longer, lived longer, ended well, or is needed', () => {
		assert.equal(verdict(crashing(2), 1061).verdict, 'targeted');
		assert.equal(verdict(crashing(70), 1005).verdict, 'targeted');
		assert.equal(verdict(crashing(2, 0), 1005).verdict, 'targeted');
		assert.equal(verdict(crashing(2), 1005, true).verdict, 'targeted');
		assert.equal(verdict(crashing(2)).verdict, 'targeted');
	});
});

describe('a target that does not run', () => {
	const cases: [title: string, PodBuilder, because: string, hint: RegExp][] = [
		[
			'crash loop, between starts',
			aPod().withContainer(
				'app',
				{},
				{ state: waiting('CrashLoopBackOff', 'back-off 40s'), lastState: ended(3), restarts: 7 },
			),
			'container "app" is not running: CrashLoopBackOff, last ended with exit code 3, restarted 7 times',
			/kubectl logs web-0 -n open -c app --previous/,
		],
		[
			'just ended',
			aPod().withContainer('app', {}, { state: { terminated: { exitCode: 137, reason: 'OOMKilled' } }, restarts: 1 }),
			'container "app" is not running: OOMKilled with exit code 137, restarted once',
			/--previous/,
		],
		[
			'its image does not come',
			aPod().withContainer('app', {}, { state: waiting('ImagePullBackOff', 'Back-off pulling image "x"') }),
			'container "app" is not running: ImagePullBackOff: Back-off pulling image "x"',
			/kubectl describe pod web-0/,
		],
		[
			'nothing said yet',
			aPod()
				.withContainer('app')
				.but(({ status }) => {
					status.containerStatuses = [];
				}),
			'container "app" is not running: not started yet',
			/describe/,
		],
	];
	for (const [title, { pod }, because, hint] of cases) {
		it(title, () => {
			assert.deepEqual(judge(pod, 'app', { needsTarget: false }), { verdict: 'untargeted', because });
			assert.throws(
				() => judge(pod, 'app', { needsTarget: true }),
				(error: UserError) =>
					error.message === `${because}, and this works on its processes` && hint.test(error.hint ?? ''),
			);
		});
	}
});
