import assert from 'node:assert/strict';
import type { UserError } from '../../src/errors.ts';
import { planContainer } from '../../src/plan/container.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { aPod, type PodBuilder } from '../support/pods.ts';
import { aPlanInput, aToolkit } from '../support/requests.ts';

const nonroot = () => aPod().withContainer('app', {}, { user: { uid: 65532, gid: 0 } });

function auto(
	builder: PodBuilder = nonroot(),
	request: Partial<SessionRequest> = {},
	target: string | undefined = 'app',
) {
	return planContainer(aPlanInput(request, { pod: builder.pod, target })).candidates;
}

const restricted = (uid: number, gid: number) => ({
	runAsNonRoot: true,
	capabilities: { drop: ['ALL'] },
	allowPrivilegeEscalation: false,
	seccompProfile: { type: 'RuntimeDefault' },
	runAsUser: uid,
	runAsGroup: gid,
});

describe('auto: the least that serves, the most that is admitted', () => {
	it('tries all that is wanted, what baseline admits, nothing added, what restricted admits', () => {
		assert.deepEqual(
			auto().map(({ profile, container, lost, likely }) => ({ profile, sc: container.securityContext, lost, likely })),
			[
				{
					profile: 'full',
					sc: { runAsUser: 0, capabilities: { add: ['SYS_PTRACE', 'NET_RAW', 'SYS_CHROOT'] } },
					lost: [],
					likely: [],
				},
				{
					profile: 'baseline',
					sc: { runAsUser: 0, capabilities: { add: ['SYS_CHROOT'] } },
					lost: ['SYS_PTRACE'],
					likely: ['NET_RAW'],
				},
				{ profile: 'plain', sc: undefined, lost: ['SYS_PTRACE'], likely: ['NET_RAW'] },
				{ profile: 'restricted', sc: restricted(65532, 0), lost: ['SYS_PTRACE', 'NET_RAW'], likely: [] },
			],
		);
	});

	it('says root aloud where the pod would have it otherwise', () => {
		const pod = nonroot().withSecurity({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 7 });
		const [full, baseline, plain] = auto(pod).map(({ container }) => container.securityContext);
		for (const context of [full, baseline, plain]) {
			assert.deepEqual([context?.runAsUser, context?.runAsGroup, context?.runAsNonRoot], [0, 0, false]);
		}
	});

	it("respects a plain image's own user", () => {
		const input = aPlanInput({}, { toolkit: undefined });
		assert.deepEqual(planContainer(input).candidates[0].container.securityContext, {
			capabilities: { add: ['SYS_PTRACE', 'SYS_CHROOT'] },
		});
	});

	it('as an unknown user, or beside root, restricted takes other ids and loses the same user', () => {
		const toolkit = aToolkit({ wants: ['same-user'] });
		const last = (builder: PodBuilder) =>
			planContainer(aPlanInput({}, { pod: builder.pod, toolkit })).candidates.at(-1);
		const cases: [PodBuilder, [uid: number, gid: number]][] = [
			[aPod().withContainer('app'), [65534, 65534]],
			[aPod().withContainer('app', { securityContext: { runAsUser: 1000 } }), [1000, 0]],
			[aPod().withContainer('app', {}, { user: { uid: 0, gid: 0 } }), [65534, 65534]],
		];
		for (const [builder, ids] of cases) {
			assert.deepEqual(last(builder)?.container.securityContext, restricted(...ids));
			assert.deepEqual(last(builder)?.lost, ['same-user']);
		}
		assert.deepEqual(last(nonroot())?.lost, []);
	});

	it('offers no such candidate to a toolkit that needs the same user', () => {
		const toolkit = aToolkit({ needs: ['same-user'] });
		const words = (builder: PodBuilder) =>
			planContainer(aPlanInput({}, { pod: builder.pod, toolkit })).candidates.map(({ profile }) => profile);
		assert.ok(words(nonroot()).includes('restricted'));
		assert.ok(!words(aPod().withContainer('app')).includes('restricted'));
	});

	it('asks for nothing of processes when none are joined', () => {
		const input = aPlanInput({}, { target: undefined });
		assert.deepEqual(
			planContainer(input).candidates.map(({ profile, container }) => [
				profile,
				container.securityContext?.capabilities?.add,
			]),
			[
				['full', ['NET_RAW']],
				['baseline', undefined],
				['restricted', undefined],
			],
		);
	});

	it('tells what admission judges by the security context alone', () => {
		const keys = (request: Partial<SessionRequest>) => auto(nonroot(), request).map(({ admission }) => admission);
		assert.equal(new Set(keys({})).size, 4);
		assert.deepEqual(keys({ image: 'other', env: [{ name: 'A', value: '1' }] }), keys({}));
		assert.ok(!keys({ capAdd: ['BPF'] }).some((key) => keys({}).includes(key)));
	});

	it('says each form once', () => {
		const toolkit = aToolkit({ wants: [] });
		assert.deepEqual(
			planContainer(aPlanInput({}, { toolkit })).candidates.map(({ profile }) => profile),
			['full', 'plain', 'restricted'],
		);
	});
});

describe('flags on top, in docker’s words', () => {
	const named = (request: Partial<SessionRequest>) =>
		planContainer(aPlanInput({ profile: 'general', ...request })).candidates[0].container.securityContext;

	it('--cap-add and --cap-drop', () => {
		assert.deepEqual(named({ capAdd: ['cap_net_admin', 'BPF'] }), {
			capabilities: { add: ['SYS_PTRACE', 'NET_ADMIN', 'BPF'] },
		});
		assert.deepEqual(named({ capDrop: ['SYS_PTRACE'] }), { capabilities: { drop: ['SYS_PTRACE'] } });
		assert.deepEqual(named({ capDrop: ['all'], capAdd: ['NET_RAW'] }), {
			capabilities: { add: ['NET_RAW'], drop: ['ALL'] },
		});
		assert.deepEqual(named({ profile: 'legacy', capAdd: ['ALL'] }), { capabilities: { add: ['ALL'] } });
	});

	it('an unknown capability is answered with the nearest', () => {
		assert.throws(
			() => named({ capAdd: ['NET_ADMN'] }),
			(error: UserError) =>
				error.message === 'unknown capability "NET_ADMN" in --cap-add' && error.hint === 'Did you mean NET_ADMIN?',
		);
		assert.throws(() => named({ capDrop: ['x'] }), /"x" in --cap-drop/);
	});

	it('--privileged, and not beside a forbidden escalation, which the API refuses', () => {
		assert.deepEqual(named({ privileged: true }), { capabilities: { add: ['SYS_PTRACE'] }, privileged: true });
		const tight = aPod().withContainer('app').withSecurity({ runAsUser: 5 }).pod;
		const container = planContainer(aPlanInput({ profile: 'restricted', privileged: true }, { pod: tight }))
			.candidates[0].container;
		assert.equal(container.securityContext?.allowPrivilegeEscalation, undefined);
		assert.deepEqual(
			auto(nonroot(), { privileged: true }).map(({ profile, container: { securityContext } }) => [
				profile,
				securityContext,
			]),
			[['privileged', { runAsUser: 0, privileged: true }]],
		);
	});

	it('--run-as', () => {
		assert.deepEqual(named({ runAs: 'target' }), {
			capabilities: { add: ['SYS_PTRACE'] },
			runAsUser: 65532,
			runAsGroup: 0,
		});
		assert.deepEqual(named({ runAs: { uid: 7 } }), { capabilities: { add: ['SYS_PTRACE'] }, runAsUser: 7 });
		assert.deepEqual(named({ runAs: 'root' }), { capabilities: { add: ['SYS_PTRACE'] }, runAsUser: 0, runAsGroup: 0 });
		// A toolkit's container is shared: who is another user in it is so by the launcher, for one command.
		assert.deepEqual(
			auto(nonroot(), { runAs: 'target' }).map(({ profile, container: { securityContext } }) => [
				profile,
				securityContext?.runAsUser,
			]),
			auto(nonroot()).map(({ profile, container: { securityContext } }) => [profile, securityContext?.runAsUser]),
		);
		const restrictedIds = auto(nonroot(), { runAs: { uid: 7, gid: 8 } }).find(
			({ profile }) => profile === 'restricted',
		);
		assert.deepEqual(restrictedIds?.container.securityContext, restricted(7, 8));
		assert.deepEqual(
			planContainer(aPlanInput({ runAs: 'target' }, { pod: nonroot().pod, toolkit: undefined })).candidates.map(
				({ profile, container: { securityContext } }) => [profile, securityContext],
			),
			[
				['user', { runAsUser: 65532, runAsGroup: 0 }],
				['restricted', restricted(65532, 0)],
			],
		);
		assert.ok(!auto(nonroot(), { runAs: 'root' }).some(({ profile }) => profile === 'restricted'));
	});

	it('--run-as target of a target whose user is unknown says so, where nothing in the container finds it out', () => {
		assert.throws(
			() =>
				planContainer(aPlanInput({ runAs: 'target' }, { pod: aPod().withContainer('app').pod, toolkit: undefined })),
			(error: UserError) =>
				/user of container "app" is not known/.test(error.message) && /UID:GID/.test(error.hint ?? ''),
		);
	});

	it('a capability asked for leaves no form without it', () => {
		assert.ok(!auto(nonroot(), { capAdd: ['BPF'] }).some(({ profile }) => profile === 'restricted'));
		for (const { container } of auto(nonroot(), { capAdd: ['BPF'] })) {
			assert.ok(container.securityContext?.capabilities?.add?.includes('BPF'));
		}
	});
});

describe('a target that is root', () => {
	const rootUser = (fields = {}) => aPod().withContainer('app', fields, { user: { uid: 0, gid: 0 } });
	const forms = (request: Partial<SessionRequest>, builder = rootUser()) =>
		auto(builder, { command: ['ls'], ...request }).map(({ profile, container }) => [
			profile,
			container.securityContext?.capabilities,
		]);

	it('is entered only from a container that may do no more than it', () => {
		const inside = ['inside', { add: ['SYS_CHROOT'] }];
		assert.deepEqual(forms({ root: 'target' }), [inside]);
		assert.deepEqual(forms({ targetEnv: true })[0], inside);
		const dropping = rootUser({ securityContext: { capabilities: { drop: ['NET_RAW', 'CHOWN'] } } });
		assert.deepEqual(forms({ root: 'target' }, dropping), [
			['inside', { add: ['SYS_CHROOT'], drop: ['NET_RAW', 'CHOWN'] }],
		]);
	});

	it('so is one whose user is not known', () => {
		assert.equal(forms({ root: 'target' }, aPod().withContainer('app'))[0]?.[0], 'inside');
		assert.equal(forms({ root: 'target' }, nonroot())[0]?.[0], 'full');
	});

	it('is entered with more where that was said', () => {
		assert.equal(forms({ root: 'target', runAs: 'root' })[0]?.[0], 'full');
		assert.equal(forms({ root: 'target', capAdd: ['BPF'] })[0]?.[0], 'full');
	});

	it('needs no SYS_PTRACE from a toolkit that stays beside it, and gets it from one whose shell does not', () => {
		assert.deepEqual(forms({})[0], ['full', { add: ['NET_RAW', 'SYS_CHROOT'] }]);
		const toolkit = aToolkit({ shell: { root: 'target' } });
		const [best] = planContainer(aPlanInput({ command: ['ls'] }, { pod: rootUser().pod, toolkit })).candidates;
		assert.deepEqual(best.container.securityContext?.capabilities?.add, ['SYS_PTRACE', 'NET_RAW', 'SYS_CHROOT']);
	});
});
