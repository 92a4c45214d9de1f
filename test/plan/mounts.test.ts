import assert from 'node:assert/strict';
import { planContainer } from '../../src/plan/container.ts';
import { addMounts, likeTarget } from '../../src/plan/mounts.ts';
import { aPod } from '../support/pods.ts';
import { aPlanInput } from '../support/requests.ts';

const secret = { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } };

describe('--like-target', () => {
	const { pod } = aPod()
		.withVolume({ name: 'data' })
		.withContainer('app', {
			volumeMounts: [
				{ name: 'data', mountPath: '/data' },
				{ name: 'data', mountPath: '/etc/app.conf', subPath: 'app.conf' },
			],
			env: [
				{ name: 'MARK', value: 'x' },
				secret,
				{ name: 'LD_PRELOAD', value: '/data/x.so' },
				{ name: 'PATH', value: '/app' },
			],
			envFrom: [{ configMapRef: { name: 'app' } }],
		});

	it('takes mounts and environment over, references as references', () => {
		assert.deepEqual(likeTarget(pod, 'app').fields, {
			volumeMounts: [{ name: 'data', mountPath: '/data' }],
			env: [{ name: 'MARK', value: 'x' }, secret],
			envFrom: [{ configMapRef: { name: 'app' } }],
		});
	});

	it('says what it left: sub-paths, and what would steer our tools', () => {
		assert.deepEqual(likeTarget(pod, 'app').notes, [
			'not mounted: /etc/app.conf (a sub-path, which no ephemeral container may have)',
			'not taken over: LD_PRELOAD and PATH (would steer our own tools)',
		]);
	});

	it('stands in the container, and in its name', () => {
		const plan = planContainer(aPlanInput({ likeTarget: true }, { pod }));
		const [{ container }] = plan.candidates;
		assert.deepEqual(container.envFrom, [{ configMapRef: { name: 'app' } }]);
		assert.deepEqual(container.env?.slice(0, 2), [{ name: 'MARK', value: 'x' }, secret]);
		assert.equal(plan.notes.length, 2);
		assert.notEqual(planContainer(aPlanInput({}, { pod })).candidates[0].container.name, container.name);
	});

	it('gives way to --env in main mode', () => {
		const input = aPlanInput({ likeTarget: true, env: [{ name: 'MARK', value: '$(y)' }] }, { pod, mode: 'main' });
		assert.deepEqual(planContainer(input).candidates[0].container.env?.slice(0, 2), [
			secret,
			{ name: 'MARK', value: '$$(y)' },
		]);
	});
});

describe('--mount', () => {
	it('takes the place of a mount at the same path', () => {
		const { pod } = aPod().withVolume({ name: 'a' }).withVolume({ name: 'b' }).withContainer('app');
		assert.deepEqual(addMounts(pod, [{ name: 'a', mountPath: '/x' }], [{ volume: 'b', path: '/x', readOnly: false }]), [
			{ name: 'b', mountPath: '/x' },
		]);
	});
});
