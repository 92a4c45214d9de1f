import assert from 'node:assert/strict';
import { applyProfile, type KubectlProfile, PROFILE_NAMES, PROFILES } from '../../src/plan/profiles.ts';

const restricted = {
	runAsNonRoot: true,
	capabilities: { drop: ['ALL'] },
	allowPrivilegeEscalation: false,
	seccompProfile: { type: 'RuntimeDefault' },
};

describe('profiles, to the field of kubectl 1.36', () => {
	const cases: [title: string, KubectlProfile, before: object | undefined, after: object | undefined][] = [
		['K1 legacy asks for nothing', 'legacy', undefined, undefined],
		['K9 general adds SYS_PTRACE', 'general', undefined, { capabilities: { add: ['SYS_PTRACE'] } }],
		['K10 baseline asks for nothing', 'baseline', undefined, undefined],
		['K10 baseline clears what came with the container', 'baseline', { runAsUser: 101 }, undefined],
		['K11 restricted sets four fields', 'restricted', undefined, restricted],
		[
			'K11 restricted lets a pre-set SYS_PTRACE disappear',
			'restricted',
			{ capabilities: { add: ['SYS_PTRACE'] } },
			restricted,
		],
		[
			'K12 netadmin adds both in that order',
			'netadmin',
			undefined,
			{ capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
		],
		['K13 sysadmin is privileged', 'sysadmin', undefined, { privileged: true }],
		[
			'K14 netadmin appends to what is added already',
			'netadmin',
			{ capabilities: { add: ['SYS_PTRACE'] } },
			{ capabilities: { add: ['SYS_PTRACE', 'NET_ADMIN', 'NET_RAW'] } },
		],
		[
			'K15 sysadmin keeps what is added already',
			'sysadmin',
			{ capabilities: { add: ['SYS_PTRACE'] } },
			{ capabilities: { add: ['SYS_PTRACE'] }, privileged: true },
		],
	];
	for (const [title, profile, before, after] of cases) {
		it(title, () => assert.deepEqual(applyProfile(profile, before), after));
	}

	it('K16 does not depend on an object whose kind a profile might not know: nothing at all will do', () => {
		for (const profile of Object.keys(PROFILES) as KubectlProfile[]) assert.doesNotThrow(() => applyProfile(profile));
	});

	it('K17 the values of --profile are the keys of the table, and auto', () => {
		assert.deepEqual([...PROFILE_NAMES], ['auto', ...Object.keys(PROFILES)]);
		assert.deepEqual([...PROFILE_NAMES].sort(), [
			'auto',
			'baseline',
			'general',
			'legacy',
			'netadmin',
			'restricted',
			'sysadmin',
		]);
		for (const { help } of Object.values(PROFILES)) assert.match(help, /\w/);
	});

	it('gives a new object each time', () => {
		const [one, two] = [applyProfile('general'), applyProfile('general')];
		one?.capabilities?.add?.push('X');
		assert.deepEqual(two, { capabilities: { add: ['SYS_PTRACE'] } });
	});
});
