import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import { type ContainerPlan, planContainer } from '../../src/plan/container.ts';
import { withinPolicies } from '../../src/plan/policy.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { mergeConfigurations, type Policy, parseConfiguration } from '../../src/toolkit/configuration.ts';
import { aPod, running } from '../support/pods.ts';
import { aPlanInput } from '../support/requests.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

/** The plan of a request under policies: as lines of a file p.yaml. */
async function planned(
	policy: string,
	request: Partial<SessionRequest> = {},
	changes: Parameters<typeof aPlanInput>[1] = {},
): Promise<ContainerPlan> {
	const { policies } = await parseConfiguration(`policy: {${policy}}`, 'p.yaml');
	const input = aPlanInput(request, changes);
	return withinPolicies(planContainer(input), input.request.profile, policies);
}

const refused = (work: Promise<unknown>, message: RegExp): Promise<void> =>
	assert.rejects(
		work,
		(error) => (error instanceof UserError && message.test(error.message)) || assert.fail(String(error)),
	);

describe('a policy of images', () => {
	for (const [image, patterns, admitted] of [
		['registry.test/net:1', 'registry.test/*', true],
		['registry.test/net:1', 'registry.test/net:1', true],
		['registry.test/net:1', 'registry.test/net', false],
		['registry.test/net:1', 'registry.test/net:*', true],
		['registry.test/a/b/c:1', 'registry.test/a/*', true],
		['registry.test/a/b/c:1', 'registry.test/*/c:1', true],
		['registry.test/ab:1', 'registry.test/a/*', false],
		['registry.test.evil.test/net:1', 'registry.test/*', false],
		['evil.test/registry.test/net:1', 'registry.test/*', false],
		['registry.test:5000/net:1', 'registry.test/*', false],
		['registry.test:5000/net:1', 'registry.test:5000/*', true],
		['a.corp.test/net:1', '*.corp.test/*', true],
		['evil.test/x.corp.test/net:1', '*.corp.test/*', false],
		['busybox', 'docker.io/library/*', true],
		['busybox:1.36', 'docker.io/busybox:*', true],
		['nicolaka/netshoot:v0.16', 'docker.io/nicolaka/*', true],
		['index.docker.io/nicolaka/netshoot:v0.16', 'docker.io/nicolaka/netshoot:v0.16', true],
		['nicolaka/netshoot:v0.16', 'registry.test/*, docker.io/nicolaka/*', true],
		['registry.test/net:1', '', false],
	] as const) {
		it(`${admitted ? 'admits' : 'refuses'} ${image} by [${patterns}]`, async () => {
			const work = planned(
				`images: [${patterns
					.split(', ')
					.filter(Boolean)
					.map((one) => JSON.stringify(one))}]`,
				{},
				{ image },
			);
			if (admitted) await work;
			else await refused(work, /^image \S+ is not among policy\.images of p\.yaml$/);
		});
	}

	it('judges what --custom makes of it', async () => {
		const custom = { file: 'c.yaml', content: { image: 'evil.test/x' } };
		const work = planned('images: ["registry.test/*"]', { custom });
		await refused(work, /^(image evil\.test\/x is not among policy\.images|c\.yaml may not set image)/);
	});

	it('may demand a digest', async () => {
		await refused(
			planned('digestRequired: true'),
			/^image registry\.test\/net:1 is not named by its digest, as policy\.digestRequired of p\.yaml demands$/,
		);
		await planned('digestRequired: true', {}, { image: `registry.test/net:1@${DIGEST}` });
		await planned('digestRequired: false');
	});

	for (const pattern of [
		'*',
		'busybox',
		'nicolaka/*',
		'registry.test',
		'registry.test*/x',
		're*.test/x',
		'/x',
		'a.*/x',
	])
		it(`is not to be written as ${pattern}: the registry must be clear`, () =>
			refused(planned(`images: ["${pattern}"]`), /^p\.yaml:1: policy\.images must be a registry and a path in it/));
});

describe('a policy of profiles', () => {
	const ROOT = { runAs: 'root' as const };
	for (const [forbidden, request, message] of [
		['sysadmin', { profile: 'sysadmin' }, /^profile sysadmin is among policy\.forbiddenProfiles of p\.yaml$/],
		['sysadmin', { privileged: true }, /^the container would be privileged, as profile sysadmin is, which is among/],
		['sysadmin', { profile: 'general', privileged: true }, /would be privileged/],
		['sysadmin', { capAdd: ['SYS_ADMIN'] }, /would have SYS_ADMIN/],
		['sysadmin', { capAdd: ['cap_sys_admin'] }, /would have SYS_ADMIN/],
		['sysadmin', { capAdd: ['ALL'] }, /would have all capabilities/],
		['sysadmin', { custom: { file: 'c', content: { securityContext: { privileged: true } } } }, /would be privileged/],
		[
			'sysadmin',
			{ custom: { file: 'c', content: { securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } } } },
			/would have SYS_ADMIN/,
		],
		['netadmin', { profile: 'netadmin' }, /^profile netadmin is among/],
		['netadmin', { capAdd: ['NET_ADMIN'] }, /would have NET_ADMIN, as profile netadmin is/],
		['netadmin', { profile: 'general', capAdd: ['net_admin'] }, /would have NET_ADMIN/],
		[
			'netadmin',
			{ custom: { file: 'c', content: { securityContext: { capabilities: { add: ['NET_ADMIN'] } } } } },
			/would have NET_ADMIN/,
		],
		['netadmin', { profile: 'sysadmin' }, /would be privileged/],
		['general', { profile: 'general' }, /^profile general is among/],
		['legacy', { profile: 'legacy' }, /^profile legacy is among/],
		['auto', {}, /^profile auto is among/],
	] as [string, Partial<SessionRequest>, RegExp][]) {
		it(`that forbids ${forbidden} refuses ${JSON.stringify(request)}`, () =>
			refused(planned(`forbiddenProfiles: [${forbidden}]`, { ...ROOT, ...request }), message));
	}
	for (const [forbidden, request] of [
		['sysadmin', { profile: 'netadmin' }],
		['netadmin', { capAdd: ['NET_RAW'] }],
		['sysadmin, netadmin', {}],
		['baseline', { profile: 'auto' }],
		['restricted', { profile: 'auto' }],
		['sysadmin', { profile: 'general', custom: { file: 'c', content: { securityContext: { privileged: null } } } }],
	] as [string, Partial<SessionRequest>][]) {
		it(`that forbids ${forbidden} admits ${JSON.stringify(request)}`, async () => {
			await planned(`forbiddenProfiles: [${forbidden}]`, { ...ROOT, ...request });
		});
	}

	it('has auto pass over what is forbidden, and says so', async () => {
		const plain = await planned('');
		assert.ok(plain.candidates[0].container.securityContext?.capabilities?.add?.includes('SYS_PTRACE'));
		const { candidates, notes } = await planned('forbiddenProfiles: [general]');
		for (const { container } of candidates)
			assert.ok(!container.securityContext?.capabilities?.add?.includes('SYS_PTRACE'));
		assert.deepEqual(
			candidates.map(({ profile }) => profile),
			plain.candidates.slice(1).map(({ profile }) => profile),
		);
		assert.equal(notes.length, plain.notes.length + 1);
		assert.match(notes.at(-1) ?? '', /^the container would have SYS_PTRACE, .* of p\.yaml; what is left is baseline$/);
	});

	it('does not use what runs already where that is forbidden', async () => {
		const plain = await planned('');
		const [best] = plain.candidates;
		const pod = aPod()
			.withContainer('app', {}, { user: { uid: 65532, gid: 0 } })
			.withEphemeral(best.container, running).pod;
		assert.equal((await planned('', {}, { pod })).reuse?.slot.name, best.slot.name);
		assert.equal((await planned('forbiddenProfiles: [general]', {}, { pod })).reuse, undefined);
	});
});

describe('policies of two files', () => {
	const policyOf = async (text: string, file: string): Promise<Policy[]> =>
		mergeConfigurations(await parseConfiguration('', 'u'), await parseConfiguration(text, file)).policies;

	it('hold both, and none loosens the other', async () => {
		const user = await parseConfiguration('policy: {images: ["registry.test/*"], digestRequired: false}', 'user.yaml');
		const system = await parseConfiguration(
			'policy: {images: ["registry.test/net*", "other.test/*"], digestRequired: true}',
			'system.yaml',
		);
		const { policies } = mergeConfigurations(user, system);
		const judge = (image: string) => {
			const input = aPlanInput({}, { image });
			return async () => withinPolicies(planContainer(input), 'auto', policies);
		};
		await judge(`registry.test/net@${DIGEST}`)();
		await refused(judge('registry.test/net:1')(), /policy\.digestRequired of system\.yaml/);
		await refused(judge(`other.test/net@${DIGEST}`)(), /policy\.images of user\.yaml/);
		await refused(judge(`registry.test/x@${DIGEST}`)(), /policy\.images of system\.yaml/);
	});
	it('are none where nothing is said', async () => {
		assert.deepEqual(await policyOf('policy:\n', 's'), []);
		const [policy] = await policyOf('policy: {images: , trustedSources: }', 's');
		assert.deepEqual(policy, { file: 's' });
	});
});
