import assert from 'node:assert/strict';
import type { V1EphemeralContainer } from '@kubernetes/client-node';
import type { UserError } from '../../src/errors.ts';
import { type ContainerInput, planContainer } from '../../src/plan/container.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { aPod, ended, running } from '../support/pods.ts';
import { aPlanInput, aToolkit } from '../support/requests.ts';

const best = (request: Partial<SessionRequest>, changes: Partial<Omit<ContainerInput, 'request'>> = {}) =>
	planContainer(aPlanInput(request, changes)).candidates[0].container;

/** What has to be equal to kubectl's: all but name, process, env, pull policy, target and our record. */
function fields(container: V1EphemeralContainer): object {
	const { name: _, command: __, stdin: ___, tty: ____, env: _____, ...rest } = container;
	return rest;
}

const bare = { image: 'registry.test/net:1', targetContainerName: 'app', terminationMessagePolicy: 'File' };

describe('the container of a named profile', () => {
	const cases: [title: string, Partial<SessionRequest>, securityContext: object | undefined][] = [
		['K1 legacy: name, image and policy only', { profile: 'legacy' }, undefined],
		['K9 general', { profile: 'general' }, { capabilities: { add: ['SYS_PTRACE'] } }],
		['K10 baseline', { profile: 'baseline' }, undefined],
		['K12 netadmin', { profile: 'netadmin' }, { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } }],
		['K13 sysadmin', { profile: 'sysadmin' }, { privileged: true }],
		[
			'K47 restricted with a custom file: its false wins, the rest is kept',
			{ profile: 'restricted', custom: custom({ securityContext: { runAsNonRoot: false } }) },
			{
				runAsNonRoot: false,
				capabilities: { drop: ['ALL'] },
				allowPrivilegeEscalation: false,
				seccompProfile: { type: 'RuntimeDefault' },
			},
		],
		[
			'K48 netadmin with a variable: capabilities are kept',
			{ profile: 'netadmin', custom: custom({ env: [{ name: 'TEST_KEY', value: 'x' }] }) },
			{ capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
		],
	];
	for (const [title, request, securityContext] of cases) {
		it(title, () => {
			assert.deepEqual(fields(best(request)), { ...bare, ...(securityContext && { securityContext }) });
		});
	}

	it('K46 baseline with a custom file: exactly what the file says', () => {
		const securityContext = { capabilities: { drop: ['ALL'] }, runAsNonRoot: false };
		const content = { imagePullPolicy: 'Never', stdin: true, securityContext };
		const container = best({ profile: 'baseline', custom: custom(content) });
		assert.deepEqual(fields(container), { ...bare, imagePullPolicy: 'Never', securityContext });
		assert.equal(container.stdin, true);
	});

	it('K11 restricted, on a pod that names the user', () => {
		const pod = aPod().withContainer('app').withSecurity({ runAsUser: 1000, runAsNonRoot: true }).pod;
		assert.deepEqual(fields(best({ profile: 'restricted' }, { pod })), {
			...bare,
			securityContext: {
				runAsNonRoot: true,
				capabilities: { drop: ['ALL'] },
				allowPrivilegeEscalation: false,
				seccompProfile: { type: 'RuntimeDefault' },
			},
		});
	});

	it('K2 the target is named; without one the field is left out', () => {
		assert.equal(best({ profile: 'legacy' }, { target: 'app' }).targetContainerName, 'app');
		assert.ok(!('targetContainerName' in best({ profile: 'legacy' }, { target: undefined })));
	});

	it('K3 K4 in main mode the command is the command, and there are no args', () => {
		const container = best({ profile: 'legacy', command: ['/bin/echo', 'one', 'two', 'three'] }, { mode: 'main' });
		assert.deepEqual(container.command, ['/bin/echo', 'one', 'two', 'three']);
		assert.ok(!('args' in container));
	});

	it('K4 a custom file may give args in main mode; a sleeper has none', () => {
		const request = { profile: 'legacy', custom: custom({ args: ['-x'] }) } as const;
		assert.deepEqual(best(request, { mode: 'main' }).args, ['-x']);
		assert.throws(() => best(request), /custom\.yaml may not set args/);
	});

	it('K5 an unnamed container gets a name of its own', () => {
		assert.match(best({ profile: 'legacy' }).name, /^ke-net-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
	});

	it('K6 K7 K8 the name avoids containers, init containers and ephemeral ones', () => {
		const name = best({ profile: 'legacy' }).name;
		const others = [
			aPod().withContainer('app').withContainer(name),
			aPod().withContainer('app').withInitContainer(name),
			aPod().withContainer('app').withEphemeral(name, ended()),
		];
		for (const { pod } of others) assert.equal(best({ profile: 'legacy' }, { pod }).name, `${name}2`);
	});

	it('K50 --env lies under the custom file, which comes first', () => {
		const request = {
			profile: 'general',
			env: [
				{ name: 'A', value: '1' },
				{ name: 'B', value: '2' },
			],
			custom: custom({
				env: [
					{ name: 'A', value: 'custom' },
					{ name: 'C', value: '3' },
				],
			}),
		} as const satisfies Partial<SessionRequest>;
		const names = (request_: Partial<SessionRequest>, mode: 'main' | 'sleeper') =>
			best(request_, { mode })
				.env?.map(({ name, value }) => `${name}=${value}`)
				.filter((one) => !one.startsWith('KE_'));
		assert.deepEqual(names(request, 'main'), ['A=custom', 'C=3', 'B=2']);
		assert.deepEqual(names(request, 'sleeper'), ['A=custom', 'C=3']);
		assert.deepEqual(planContainer(aPlanInput(request)).execEnv, [{ name: 'B', value: '2' }]);
	});

	it('leaves the pull policy to the API unless told; auto says IfNotPresent', () => {
		assert.ok(!('imagePullPolicy' in best({ profile: 'general' })));
		assert.equal(best({ profile: 'general', imagePullPolicy: 'Never' }).imagePullPolicy, 'Never');
		assert.equal(best({}).imagePullPolicy, 'IfNotPresent');
		assert.equal(best({ imagePullPolicy: 'Always' }).imagePullPolicy, 'Always');
	});
});

describe('what stands in the container', () => {
	it('has the record in its environment, dollar signs kept from the kubelet', () => {
		assert.deepEqual(best({ reason: 'INC-7 $(HOME)', ttl: 60 }).env, [
			{ name: 'KE_BY', value: 'jane' },
			{ name: 'KE_REASON', value: 'INC-7 $$(HOME)' },
			{ name: 'KE_TTL', value: '60' },
			{ name: 'KE_TOOLKIT', value: 'net' },
			{ name: 'KE_VERSION', value: '0.1.0' },
		]);
	});

	it('hands commands on to the letter: the kubelet turns $$ into $ and $(X) into a value', () => {
		const sleeper = { command: ['sh', '-c', 'echo $$ $(date)'] };
		assert.deepEqual(best({}, { sleeper }).command, ['sh', '-c', 'echo $$$$ $$(date)']);
	});

	it('refuses a custom file that would forge the record', () => {
		assert.throws(
			() => best({ custom: custom({ env: [{ name: 'KE_BY', value: 'x' }] }) }),
			/custom\.yaml may not set KE_BY/,
		);
	});

	it('opens stdin once for a piped main process, and keeps it for a terminal', () => {
		const piped = best({ command: ['cat'], stdin: true }, { mode: 'main' });
		assert.deepEqual([piped.stdin, piped.stdinOnce, piped.tty], [true, true, undefined]);
		const terminal = best({ stdin: true, tty: true }, { mode: 'main' });
		assert.deepEqual([terminal.stdin, terminal.stdinOnce, terminal.tty], [true, undefined, true]);
		assert.ok(!('stdin' in best({ stdin: true, tty: true })));
	});

	it('mounts a volume of the pod; the right names are said for a wrong one', () => {
		const pod = aPod().withContainer('app').withVolume({ name: 'data', emptyDir: {} }).withVolume({ name: 'tmp' }).pod;
		const mounts = [{ volume: 'data', path: '/mnt/data', readOnly: true }];
		assert.deepEqual(best({ mounts }, { pod }).volumeMounts, [
			{ name: 'data', mountPath: '/mnt/data', readOnly: true },
		]);
		assert.throws(
			() => best({ mounts: [{ volume: 'dat', path: '/x', readOnly: false }] }, { pod }),
			(error: UserError) => /no volume "dat"/.test(error.message) && error.hint === 'It has data and tmp.',
		);
	});
});

describe('reuse', () => {
	it('takes the best candidate that runs, and joins one that waits', () => {
		const { candidates } = planContainer(aPlanInput());
		const [first, second] = candidates.map(({ container }) => container);
		assert.ok(first && second);
		const with_ = (...added: [V1EphemeralContainer, ReturnType<typeof ended> | undefined][]) => {
			const pod = aPod().withContainer('app', {}, { user: { uid: 65532, gid: 0 } });
			for (const [container, state] of added) pod.withEphemeral(container, state);
			return planContainer(aPlanInput({}, { pod: pod.pod })).reuse;
		};
		assert.equal(with_(), undefined);
		assert.equal(with_([second, running])?.container.name, second.name);
		assert.equal(with_([first, undefined])?.slot.state, 'waiting');
		assert.equal(with_([first, undefined], [second, running])?.container.name, second.name);
		assert.equal(with_([first, ended(137)]), undefined);
	});

	it('names the same container whatever --env, reason, ttl and pull policy say', () => {
		const { name } = best({});
		for (const request of [
			{ env: [{ name: 'A', value: '1' }] },
			{ reason: 'x', ttl: 5 },
			{ imagePullPolicy: 'Never' as const },
			{ command: ['true'], stdin: true },
		]) {
			assert.equal(best(request).name, name);
		}
		assert.equal(best({}, { sleeper: { command: ['other'] } }).name, name);
		assert.notEqual(best({}, { image: 'registry.test/net:2' }).name, name);
		assert.notEqual(best({ capAdd: ['BPF'] }).name, name);
		assert.notEqual(best({ custom: custom({ workingDir: '/' }) }).name, name);
	});

	it('never shares a main process', () => {
		const input = aPlanInput({ command: ['true'] }, { mode: 'main' });
		const { container } = planContainer(input).candidates[0];
		const pod = aPod().withContainer('app').withEphemeral(container, running).pod;
		const again = planContainer({ ...input, pod });
		assert.equal(again.reuse, undefined);
		assert.equal(again.candidates[0].container.name, `${container.name}2`);
		assert.notEqual(planContainer({ ...input, nonce: 'a' }).candidates[0].container.name, container.name);
	});
});

describe('rights in the way', () => {
	const pod = aPod()
		.withContainer('app', {}, { user: { uid: 1000, gid: 1000 } })
		.withSecurity({ runAsNonRoot: true }).pod;

	it('refuses a root image under a named profile in a pod that demands another user, with the remedy', () => {
		assert.throws(
			() => best({ profile: 'baseline' }, { pod }),
			(error: UserError) =>
				error.message ===
					'pod "web-0" demands a user other than root (runAsNonRoot), names none, and registry.test/net:1 starts as root' &&
				error.hint === '--run-as target (app runs as 1000:1000), or --run-as UID:GID.',
		);
		assert.deepEqual(best({ profile: 'baseline', runAs: 'target' }, { pod }).securityContext, {
			runAsUser: 1000,
			runAsGroup: 1000,
		});
		assert.deepEqual(best({ profile: 'baseline', runAs: 'root' }, { pod }).securityContext, {
			runAsUser: 0,
			runAsGroup: 0,
			runAsNonRoot: false,
		});
		assert.equal(best({ profile: 'baseline' }, { pod, imageUser: 'other' }).securityContext, undefined);
	});

	it('refuses uid 0 of a custom file in such a pod', () => {
		const request = { profile: 'general', custom: custom({ securityContext: { runAsUser: 0 } }) } as const;
		assert.throws(() => best(request, { pod }), /runAsUser is 0/);
	});

	it('removes candidates that cannot give what is needed, and says which right each lacks when none is left', () => {
		const toolkit = aToolkit({ needs: ['SYS_PTRACE'], wants: ['NET_RAW'] });
		assert.deepEqual(
			planContainer(aPlanInput({}, { toolkit })).candidates.map(({ profile }) => profile),
			['full'],
		);
		assert.throws(
			() => planContainer(aPlanInput({ profile: 'baseline' }, { toolkit })),
			(error: UserError) =>
				error.message === 'net needs SYS_PTRACE: baseline lacks SYS_PTRACE' && /--profile auto/.test(error.hint ?? ''),
		);
		assert.throws(
			() => planContainer(aPlanInput({ runAs: { uid: 5, gid: 5 } }, { toolkit })),
			/full lacks SYS_PTRACE; .*restricted lacks SYS_PTRACE/,
		);
	});

	it('says what has no effect for a user other than root, as kubectl does', () => {
		const nonRoot = aPod().withContainer('app').withSecurity({ runAsUser: 1000 }).pod;
		assert.deepEqual(planContainer(aPlanInput({ profile: 'netadmin' }, { pod: nonRoot })).notes, [
			"NET_ADMIN and NET_RAW without effect for the pod's user 1000 (--run-as root changes it)",
		]);
		assert.deepEqual(planContainer(aPlanInput({}, { pod: nonRoot })).notes, []);
	});
});

function custom(content: object) {
	return { file: 'custom.yaml', content };
}
