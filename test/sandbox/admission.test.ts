import assert from 'node:assert/strict';
import type { Sandbox } from './sandbox.ts';
import { type Answer, call, STRATEGIC } from './testing/api-client.ts';
import { ephemeral, LEVELS, sleeper } from './testing/manifests.ts';
import { runKubectl } from './testing/real-kubectl.ts';
import { useSandbox } from './testing/use-sandbox.ts';

/** The texts here were taken from a real API server 1.36. */
describe('stand-in cluster: admission', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		const strict =
			'securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}';
		const volumes = 'volumes: [{name: tmp, emptyDir: {}}]';
		await sandbox.apply(
			LEVELS,
			sleeper('app', { spec: volumes }),
			sleeper('app', { namespace: 'base' }),
			sleeper('app', { namespace: 'tight', container: strict }),
			sleeper('win', { spec: 'os: {name: windows}' }),
			sleeper('static', { spec: 'nodeSelector: {none: here}' }).replace(
				'labels: {app: static}',
				'annotations: {kubernetes.io/config.mirror: x}',
			),
		);
	});

	after(() => sandbox?.stop());

	const patch = (namespace: string, more: Record<string, unknown>, pod = 'app'): Promise<Answer> =>
		call(sandbox, 'PATCH', `/api/v1/namespaces/${namespace}/pods/${pod}/ephemeralcontainers?dryRun=All`, {
			body: ephemeral('d', more),
			contentType: STRATEGIC,
		});

	const refusals = (pod: string, cases: [string, Record<string, unknown>, string][]) => {
		for (const [title, more, text] of cases) {
			it(title, async () => {
				const answer = await patch('default', more, pod);
				assert.equal(answer.status, 422);
				assert.equal(answer.body.message, `Pod "${pod}" is invalid: ${text}`);
			});
		}
	};

	describe('validation of an ephemeral container', () => {
		const field = 'spec.ephemeralContainers[0]';
		const forbidden = 'Forbidden: cannot be set for an Ephemeral Container';
		const label = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
		refusals('app', [
			['target that is not there', { targetContainerName: 'nope' }, `${field}.targetContainerName: Not found: "nope"`],
			['name of another container', { name: 'app' }, `${field}.name: Duplicate value: "app"`],
			['name that is none', { name: 'Bad_Name' }, `${field}.name: Invalid value: "Bad_Name": ${label}`],
			['no image', { image: '' }, `${field}.image: Required value`],
			[
				'fields that it may not have',
				{ ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } }, lifecycle: { preStop: { exec: {} } } },
				`[${field}.ports: ${forbidden}, ${field}.resources: ${forbidden}, ${field}.lifecycle: ${forbidden}]`,
			],
			[
				'subPath',
				{ volumeMounts: [{ name: 'tmp', mountPath: '/x', subPath: 'y' }] },
				`${field}.volumeMounts[0].subPath: ${forbidden}`,
			],
			[
				'volume that is not there',
				{ volumeMounts: [{ name: 'nope', mountPath: '/x' }] },
				`${field}.volumeMounts[0].name: Not found: "nope"`,
			],
			[
				'pull policy that is none',
				{ imagePullPolicy: 'Zzz' },
				`${field}.imagePullPolicy: Unsupported value: "Zzz": supported values: "Always", "IfNotPresent", "Never"`,
			],
		]);
		refusals('win', [
			[
				'Linux fields in a Windows pod',
				{ securityContext: { privileged: true } },
				`${field}.securityContext.privileged: Forbidden: cannot be set for a windows pod`,
			],
		]);
		refusals('static', [['static pod', {}, '[]: Forbidden: static pods do not support ephemeral containers']]);

		it('warns of fields that it does not know', async () => {
			const answer = await patch('default', { bogus: 1 });
			assert.equal(answer.status, 200);
			assert.equal(answer.headers.warning, `299 - "unknown field \\"${field}.bogus\\""`);
		});

		it('says which may not be changed or removed', async () => {
			const path = '/api/v1/namespaces/default/pods/app/ephemeralcontainers';
			await call(sandbox, 'PATCH', path, { body: ephemeral('kept'), contentType: STRATEGIC });
			const changed = await call(sandbox, 'PATCH', path, {
				body: ephemeral('kept', { tty: true }),
				contentType: STRATEGIC,
			});
			const text = (word: string) =>
				`Pod "app" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "kept" may not be ${word}\n`;
			assert.equal(changed.body.message, text('changed'));
			const body = { spec: { ephemeralContainers: [{ name: 'kept', $patch: 'delete' }] } };
			const removed = await call(sandbox, 'PATCH', path, { body, contentType: STRATEGIC });
			assert.equal(removed.body.message, text('removed'));
		});
	});

	describe('Pod Security', () => {
		const restricted = {
			runAsNonRoot: true,
			capabilities: { drop: ['ALL'] },
			allowPrivilegeEscalation: false,
			seccompProfile: { type: 'RuntimeDefault' },
		};
		const cases: [string, string, Record<string, unknown> | undefined, string | undefined][] = [
			['base', 'no context', undefined, undefined],
			['base', 'SYS_CHROOT', { capabilities: { add: ['SYS_CHROOT'] } }, undefined],
			['base', 'restricted', restricted, undefined],
			[
				'base',
				'SYS_PTRACE',
				{ capabilities: { add: ['SYS_PTRACE'] } },
				'non-default capabilities (container "d" must not include "SYS_PTRACE" in securityContext.capabilities.add)',
			],
			[
				'base',
				'privileged',
				{ privileged: true },
				'privileged (container "d" must not set securityContext.privileged=true)',
			],
			['tight', 'restricted', restricted, undefined],
			[
				'tight',
				'SYS_PTRACE',
				{ ...restricted, allowPrivilegeEscalation: undefined, capabilities: { add: ['SYS_PTRACE'] } },
				'allowPrivilegeEscalation != false (container "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "d" must set securityContext.capabilities.drop=["ALL"]; container "d" must not include "SYS_PTRACE" in securityContext.capabilities.add)',
			],
			['tight', 'root', { ...restricted, runAsUser: 0 }, 'runAsUser=0 (container "d" must not set runAsUser=0)'],
			[
				'tight',
				'no context',
				undefined,
				'allowPrivilegeEscalation != false (container "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "d" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "d" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "d" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
			],
		];
		for (const [namespace, title, securityContext, text] of cases) {
			const level = namespace === 'base' ? 'baseline' : 'restricted';
			it(`${level}: ${title} is ${text ? 'refused' : 'admitted'}`, async () => {
				const answer = await patch(namespace, { ...(securityContext && { securityContext }) });
				assert.equal(answer.status, text ? 403 : 200, answer.body.message);
				if (text) {
					assert.equal(answer.body.message, `pods "app" is forbidden: violates PodSecurity "${level}:latest": ${text}`);
				}
			});
		}

		it('warns in a header, naming every container', async () => {
			const answer = await patch('base', {});
			const warning = String(answer.headers.warning);
			assert.ok(warning.startsWith('299 - "would violate PodSecurity \\"restricted:latest\\": '));
			assert.match(warning, /containers \\"app\\", \\"d\\" must set securityContext\.allowPrivilegeEscalation=false/);
		});

		it('is what the real kubectl meets with its default profile', async () => {
			const words = ['debug', 'app', '-n', 'base', '--profile=general', '--image=busybox:1.36', '-c', 'dbg'];
			const ran = await runKubectl(sandbox, words);
			assert.equal(ran.code, 1);
			const text =
				'Error from server (Forbidden): pods "app" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "dbg" must not include "SYS_PTRACE" in securityContext.capabilities.add)\n';
			assert.equal(ran.stderr, text);
		});
	});

	it('refuses in a webhook’s words', async () => {
		sandbox.misbehaviour.refusePod = () => 'no debugging on Fridays';
		const answer = await patch('default', {});
		sandbox.misbehaviour.refusePod = undefined;
		assert.equal(
			answer.body.message,
			'admission webhook "policy.sandbox.test" denied the request: no debugging on Fridays',
		);
	});
});
