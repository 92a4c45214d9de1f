import assert from 'node:assert/strict';
import { planContainer } from '../../src/plan/container.ts';
import { type Entry, mayChroot, planEntry, wantedRoot } from '../../src/plan/entry.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { aPod } from '../support/pods.ts';
import { aPlanInput, aRequest, aToolkit } from '../support/requests.ts';

const pod = aPod().withContainer('app', {}, { user: { uid: 1000, gid: 1000 } }).pod;
const inside = aToolkit({ shell: { root: 'target' } });

/** How a request enters the best container for it. */
function enter(request: Partial<SessionRequest>, toolkit = aToolkit(), candidate = 0): Entry {
	const input = aPlanInput(request, { pod, toolkit });
	const chosen = planContainer(input).candidates[candidate];
	assert.ok(chosen);
	return planEntry(input.request, toolkit, { pod, candidate: chosen, target: 'app' });
}

describe('the root of a command', () => {
	it('is the debug image’s, unless it was asked for or the toolkit’s shell begins inside', () => {
		assert.equal(wantedRoot(aRequest(), aToolkit()), 'debug');
		assert.equal(wantedRoot(aRequest(), inside), 'try');
		assert.equal(wantedRoot(aRequest({ command: ['ls'] }), inside), 'debug');
		assert.equal(wantedRoot(aRequest({ root: 'debug' }), inside), 'debug');
		assert.equal(wantedRoot(aRequest({ root: 'target', command: ['ls'] }), aToolkit()), 'target');
	});

	it('takes the target’s user, and its environment for a shell', () => {
		assert.deepEqual(enter({}, inside), {
			root: 'try',
			as: 'target',
			keepsRights: false,
			targetEnv: true,
			targetPathFirst: false,
			pid: undefined,
		});
		assert.equal(enter({ root: 'target', command: ['ls'] }).targetEnv, false);
		assert.equal(enter({ root: 'target', command: ['ls'], targetEnv: true }).targetEnv, true);
		assert.equal(enter({ targetEnv: false }, inside).targetEnv, false);
	});

	it('keeps root and its capabilities only for --run-as root', () => {
		const { as, keepsRights } = enter({ root: 'target', runAs: 'root' });
		assert.deepEqual([as, keepsRights], [undefined, true]);
		assert.equal(enter({ runAs: 'root' }).keepsRights, false);
	});

	it('takes the group with the user where --run-as names the target’s user alone', () => {
		assert.deepEqual(enter({ runAs: { uid: 1000 } }).as, { uid: 1000, gid: 1000 });
		assert.deepEqual(enter({ runAs: { uid: 7 } }).as, { uid: 7, gid: 0 });
		assert.deepEqual(enter({ runAs: { uid: 7, gid: 8 } }).as, { uid: 7, gid: 8 });
	});

	it('leaves a container that is not root as it is', () => {
		const { candidates } = planContainer(aPlanInput({}, { pod, toolkit: inside }));
		const restricted = candidates.findIndex(({ profile }) => profile === 'restricted');
		assert.equal(enter({}, inside, restricted).as, undefined);
	});

	it('is refused where no processes are joined, unless one is named', () => {
		const [candidate] = planContainer(aPlanInput({}, { pod, target: undefined })).candidates;
		const at = (request: Partial<SessionRequest>) =>
			planEntry(aRequest(request), aToolkit(), { pod, candidate, target: undefined });
		assert.throws(() => at({ root: 'target' }), /not joined, so its root is not there/);
		assert.throws(() => at({ targetEnv: true }), /not joined, so its environment is not there/);
		assert.deepEqual([at({}).root, at({ root: 'target', pid: 42 }).pid], ['debug', 42]);
	});
});

describe('mayChroot', () => {
	it('is no for restricted alone', () => {
		const { candidates } = planContainer(aPlanInput({}, { pod }));
		assert.deepEqual(
			candidates.filter((candidate) => !mayChroot(candidate)).map(({ profile }) => profile),
			['restricted'],
		);
	});

	it('leaves no candidate that cannot, where the target’s root was asked for', () => {
		const { candidates } = planContainer(aPlanInput({ root: 'target' }, { pod }));
		assert.ok(candidates.every(mayChroot));
		assert.throws(
			() => planContainer(aPlanInput({ root: 'target', profile: 'restricted', runAs: { uid: 1000 } }, { pod })),
			/profile restricted leaves nothing that could chroot/,
		);
	});
});
