import assert from 'node:assert/strict';
import type { V1EphemeralContainer } from '@kubernetes/client-node';
import type { UserError } from '../../src/errors.ts';
import { applyCustom } from '../../src/plan/custom.ts';

/** What general gives, with a variable or two and a mount. */
const base: V1EphemeralContainer = {
	name: 'x',
	image: 'i',
	stdin: true,
	securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
	env: [
		{ name: 'A', value: '1' },
		{ name: 'B', value: '2' },
	],
	volumeMounts: [{ name: 'host-root', mountPath: '/host' }],
};

const apply = (content: unknown) => applyCustom(base, { file: 'c.yaml', content });

describe('--custom, merged as kubectl merges', () => {
	const cases: [title: string, content: object, changes: object][] = [
		[
			'objects merge',
			{ securityContext: { runAsUser: 0 } },
			{ securityContext: { capabilities: { add: ['SYS_PTRACE'] }, runAsUser: 0 } },
		],
		[
			'K50 lists replace',
			{ securityContext: { capabilities: { add: ['NET_ADMIN'] } } },
			{ securityContext: { capabilities: { add: ['NET_ADMIN'] } } },
		],
		[
			'K50 K48 env merges by name, custom first',
			{
				env: [
					{ name: 'A', value: 'custom' },
					{ name: 'C', value: '3' },
				],
			},
			{
				env: [
					{ name: 'A', value: 'custom' },
					{ name: 'C', value: '3' },
					{ name: 'B', value: '2' },
				],
			},
		],
		[
			'a variable has a value or a source, not both',
			{ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
			{
				env: [
					{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
					{ name: 'B', value: '2' },
				],
			},
		],
		[
			'K49 volumeMounts merge by mountPath',
			{ volumeMounts: [{ name: 'host-root', mountPath: '/host', readOnly: true }] },
			{ volumeMounts: [{ name: 'host-root', mountPath: '/host', readOnly: true }] },
		],
		[
			'K47 false of a field that is off counts',
			{ securityContext: { runAsNonRoot: false } },
			{
				securityContext: { capabilities: { add: ['SYS_PTRACE'] }, runAsNonRoot: false },
			},
		],
		[
			'K46 plain fields are set',
			{ imagePullPolicy: 'Never', workingDir: '/w' },
			{ imagePullPolicy: 'Never', workingDir: '/w' },
		],
		[
			'envFrom, terminationMessagePolicy, stdinOnce',
			{
				envFrom: [{ secretRef: { name: 's', optional: true } }],
				terminationMessagePolicy: 'FallbackToLogsOnError',
				stdinOnce: true,
			},
			{
				envFrom: [{ secretRef: { name: 's', optional: true } }],
				terminationMessagePolicy: 'FallbackToLogsOnError',
				stdinOnce: true,
			},
		],
	];
	for (const [title, content, changes] of cases) {
		it(title, () => assert.deepEqual(apply(content), { ...base, ...changes }));
	}

	it('leaves the container it was given as it was', () => {
		const before = structuredClone(base);
		apply({ securityContext: { capabilities: null }, env: [{ name: 'A', value: 'z' }] });
		assert.deepEqual(base, before);
	});
});

describe('--custom, where it does what kubectl does not (K50)', () => {
	it('unsets by null', () => {
		assert.deepEqual(apply({ securityContext: { capabilities: null } }).securityContext, undefined);
		assert.deepEqual(apply({ env: null }).env, undefined);
		assert.deepEqual(apply({ securityContext: { runAsUser: 5, capabilities: { add: null } } }).securityContext, {
			capabilities: {},
			runAsUser: 5,
		});
	});

	it('lets zero values count', () => {
		assert.equal(apply({ stdin: false }).stdin, false);
		assert.deepEqual(apply({ securityContext: { capabilities: { add: [] } } }).securityContext, {
			capabilities: { add: [] },
		});
	});

	const refused: [content: unknown, message: string, hint: RegExp][] = [
		[{ securtyContext: {} }, 'c.yaml: unknown field "securtyContext"', /Did you mean securityContext\?/],
		[
			{ securityContext: { runasuser: 0 } },
			'c.yaml: unknown field "securityContext.runasuser"',
			/Did you mean runAsUser\?/,
		],
		[{ env: [{ name: 'A', valu: '1' }] }, 'c.yaml: unknown field "env[0].valu"', /Did you mean value\?/],
		[{ spec: {} }, 'c.yaml: unknown field "spec"', /It knows args, command, env/],
		[{ securityContext: { $patch: 'replace' } }, 'c.yaml: unknown field "securityContext.$patch"', /null unsets/],
		[JSON.parse('{"__proto__": {}}'), 'c.yaml: unknown field "__proto__"', /It knows/],
		[{ stdin: 'yes' }, 'c.yaml: stdin must be true or false, not "yes"', /^$/],
		[{ securityContext: { runAsUser: '0' } }, 'c.yaml: securityContext.runAsUser must be an integer, not "0"', /^$/],
		[{ securityContext: { runAsUser: 0.5 } }, 'c.yaml: securityContext.runAsUser must be an integer, not 0.5', /^$/],
		[{ env: [{ name: 'A', value: 1 }] }, 'c.yaml: env[0].value must be a string (in quotes), not 1', /^$/],
		[{ env: { A: '1' } }, 'c.yaml: env must be a list, not an object', /^$/],
		[{ env: [null] }, 'c.yaml: env[0] must be an object, not null', /^$/],
		[{ env: [{ value: '1' }] }, 'c.yaml: env[0] lacks its name', /^$/],
		[{ volumeMounts: [{ name: 'v' }] }, 'c.yaml: volumeMounts[0] lacks its mountPath', /^$/],
		[{ securityContext: [] }, 'c.yaml: securityContext must be an object, not a list', /^$/],
		[{ imagePullPolicy: 'never' }, 'c.yaml: imagePullPolicy must be Always, IfNotPresent or Never, not "never"', /^$/],
		[
			{ volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a' }] },
			'c.yaml may not set volumeMounts[0].subPath',
			/whole volume/,
		],
		[{ resources: {} }, 'c.yaml may not set resources', /no ephemeral container/],
		[null, 'c.yaml does not contain a container spec', /It takes a part of one/],
		[[], 'c.yaml does not contain a container spec', /It takes a part of one/],
		['text', 'c.yaml does not contain a container spec', /It takes a part of one/],
		...['name', 'command', 'image', 'lifecycle', 'volumeDevices', 'targetContainerName'].map(
			(field): [unknown, string, RegExp] => [{ [field]: {} }, `c.yaml may not set ${field}`, /\w/],
		),
	];
	for (const [content, message, hint] of refused) {
		const kubectls = /may not set (name|command|image|lifecycle|volumeDevices)$/.test(message);
		it(`${kubectls ? 'K51 ' : ''}${message}`, () => {
			assert.throws(
				() => apply(content),
				(error: UserError) => {
					assert.equal(error.message, message);
					assert.match(error.hint ?? '', hint);
					return true;
				},
			);
		});
	}
});
