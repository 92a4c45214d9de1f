import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import {
	mapImage,
	mergeConfigurations,
	NO_CONFIGURATION,
	parseConfiguration,
} from '../../src/toolkit/configuration.ts';

describe('parseConfiguration', () => {
	it('reads all there is', async () => {
		const text =
			'images: {net: r.test/net:1}\nregistries:\n  docker.io/*: r.test/hub/*\n  ghcr.io/a/*: r.test/a/*\ndefaults: {ttl: 30m, profile: general}\n';
		assert.deepEqual(await parseConfiguration(text, 'c.yaml'), {
			images: { net: 'r.test/net:1' },
			registries: [
				['docker.io/*', 'r.test/hub/*'],
				['ghcr.io/a/*', 'r.test/a/*'],
			],
			defaults: { ttl: '30m', profile: 'general' },
			overrides: {},
			trust: {},
			policies: [],
		});
	});
	it('reads what is said of toolkits, trust and policy', async () => {
		const digest = `sha256:${'0'.repeat(64)}`;
		const text = `overrides: {net: team}\ntrust: {acme: "${digest}"}\ntoolkits: {configMap: {namespace: platform, name: kits}}\npolicy: {images: ["r.test/*"], digestRequired: true, forbiddenProfiles: [sysadmin], trustedSources: [team]}\n`;
		assert.deepEqual(await parseConfiguration(text, 'c.yaml'), {
			...NO_CONFIGURATION,
			overrides: { net: 'team' },
			trust: { acme: [digest] },
			configMap: { namespace: 'platform', name: 'kits' },
			policies: [
				{
					file: 'c.yaml',
					images: ['r.test/*'],
					digestRequired: true,
					forbiddenProfiles: ['sysadmin'],
					trustedSources: ['team'],
				},
			],
		});
	});
	for (const text of ['', '# nothing\n', '{}', 'images:\ndefaults:\n', '---\n']) {
		it(`reads ${JSON.stringify(text)} as nothing`, async () => {
			assert.deepEqual(await parseConfiguration(text, 'c.yaml'), NO_CONFIGURATION);
		});
	}
	for (const [text, message] of [
		['image: {}', /^c\.yaml:1: image is no known key; did you mean images\?$/],
		['images: []', /^c\.yaml:1: images must be a mapping$/],
		['images:\n  net: 5\n', /^c\.yaml:2: images\.net must be a string, not 5$/],
		['- a', /^c\.yaml: the file must be a mapping at the top$/],
		['text', /^c\.yaml: the file must be a mapping at the top$/],
		['registries:\n  docker.io: r.test/*\n', /^c\.yaml:2: registries\.docker\.io must map/],
		['registries:\n  "*": r.test/*\n', /^c\.yaml:2: registries\.\* must map/],
		['registries:\n  docker.io/*: r.test\n', /^c\.yaml:2: registries\.docker\.io\/\* must map/],
		['defaults:\n  ttl: 5\n', /^c\.yaml:2: defaults\.ttl must be a string, not 5$/],
		['defaults:\n  ttl: soon\n', /^c\.yaml:2: defaults\.ttl must be a duration like 90s or 1h30m, not "soon"$/],
		['defaults:\n  profile: sysadmn\n', /^c\.yaml:2: defaults\.profile must be .* did you mean sysadmin\?$/],
		['overrides: {net: [team]}\n', /^c\.yaml:1: overrides\.net must be a string, not a list$/],
		['trust:\n  acme: sha256:12\n', /^c\.yaml:2: trust\.acme must be a digest, sha256:…, not "sha256:12"$/],
		['toolkits: {configMap: {name: a}}\n', /^c\.yaml:1: toolkits\.configMap\.namespace is missing$/],
		[
			'toolkits: {configMap: {namespace: ../a, name: a}}\n',
			/^c\.yaml:1: toolkits\.configMap\.namespace must be the name/,
		],
		['policy:\n  image: []\n', /^c\.yaml:2: policy\.image is no known key; did you mean images\?$/],
		['policy: {images: r.test/*}\n', /^c\.yaml:1: policy\.images must be a list of strings$/],
		[
			'policy: {forbiddenProfiles: [sysadmn]}\n',
			/^c\.yaml:1: policy\.forbiddenProfiles must be .* did you mean sysadmin\?$/,
		],
		['policy: {digestRequired: "yes"}\n', /^c\.yaml:1: policy\.digestRequired must be true or false$/],
		['images: {net: a\n', /^c\.yaml:\d+:\d+: /],
		['images: {}\nimages: {}\n', /^c\.yaml:2:\d+: duplicated mapping key/],
		['a: &a\n  <<: *b', /^c\.yaml:\d+:\d+: /],
		['\tx: 1', /^c\.yaml:1:\d+: /],
		['--- \na: 1\n---\nb: 2\n', /^c\.yaml holds 2 YAML documents/],
	] as const) {
		it(`refuses ${JSON.stringify(text)}`, async () => {
			await assert.rejects(
				parseConfiguration(text, 'c.yaml'),
				(error) => (error instanceof UserError && message.test(error.message)) || assert.fail(String(error)),
			);
		});
	}
	it('does not take __proto__ for a key of ours', async () => {
		await assert.rejects(parseConfiguration('__proto__: {images: {net: x}}', 'c.yaml'), UserError);
		assert.equal(({} as Record<string, unknown>).images, undefined);
	});
});

describe('mergeConfigurations', () => {
	it("has the user's words win over the machine's, and both policies hold", async () => {
		const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
		const user = await parseConfiguration(
			`images: {a: u}\nregistries: {docker.io/*: u.test/*}\ndefaults: {ttl: 1m}\noverrides: {a: user}\ntrust: {a: "${digest('1')}"}\npolicy: {digestRequired: false}\n`,
			'u',
		);
		const system = await parseConfiguration(
			`images: {a: s, b: s}\nregistries: {docker.io/*: s.test/*}\ndefaults: {ttl: 2m, profile: general}\noverrides: {a: team, b: team}\ntrust: {a: "${digest('2')}", b: "${digest('3')}"}\ntoolkits: {configMap: {namespace: s, name: s}}\npolicy: {digestRequired: true}\n`,
			's',
		);
		assert.deepEqual(mergeConfigurations(user, system), {
			images: { a: 'u', b: 's' },
			registries: [
				['docker.io/*', 'u.test/*'],
				['docker.io/*', 's.test/*'],
			],
			defaults: { ttl: '1m', profile: 'general' },
			overrides: { a: 'user', b: 'team' },
			trust: { a: [digest('1'), digest('2')], b: [digest('3')] },
			configMap: { namespace: 's', name: 's' },
			policies: [
				{ file: 's', digestRequired: true },
				{ file: 'u', digestRequired: false },
			],
		});
	});
});

describe('mapImage', () => {
	const MAP: [string, string][] = [
		['docker.io/library/*', 'r.test/lib/*'],
		['docker.io/*', 'r.test/hub/*'],
		['ghcr.io/a/*', 'other.test:5000/*'],
	];
	for (const [image, mapped] of [
		['busybox', 'r.test/lib/busybox'],
		['busybox:1.36', 'r.test/lib/busybox:1.36'],
		['nicolaka/netshoot:v0.16', 'r.test/hub/nicolaka/netshoot:v0.16'],
		['docker.io/nicolaka/netshoot', 'r.test/hub/nicolaka/netshoot'],
		['docker.io/busybox', 'r.test/lib/busybox'],
		['index.docker.io/library/busybox', 'r.test/lib/busybox'],
		[`busybox@sha256:${'a'.repeat(64)}`, `r.test/lib/busybox@sha256:${'a'.repeat(64)}`],
		['ghcr.io/a/b:1', 'other.test:5000/b:1'],
		['ghcr.io/ab/c:1', 'ghcr.io/ab/c:1'],
		['localhost/x:1', 'localhost/x:1'],
		['localhost:5000/x', 'localhost:5000/x'],
		['registry.test/x:1', 'registry.test/x:1'],
	] as const) {
		it(`makes ${mapped} of ${image}`, () => assert.equal(mapImage(image, MAP), mapped));
	}
	it('leaves everything as it was written without a map', () => assert.equal(mapImage('busybox', []), 'busybox'));
});
