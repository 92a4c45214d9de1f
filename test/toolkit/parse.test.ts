import assert from 'node:assert/strict';
import { openCatalogue } from '../../src/catalogue/open.ts';
import { UserError } from '../../src/errors.ts';
import { parseToolkit as parseDocument } from '../../src/toolkit/parse.ts';
import type { Toolkit } from '../../src/toolkit/toolkit.ts';

/** A document that is a toolkit's. */
async function parseToolkit(text: string, source: string, folder: string): Promise<Toolkit> {
	const parsed = await parseDocument(text, source, folder);
	assert.ok(parsed.kind === 'Toolkit');
	return parsed.toolkit;
}

const HEAD = 'apiVersion: ephemeral/v1\nkind: Toolkit\nname: net\ndescription: Network tools\nimage: r.test/net:1\n';

/** The head with one line replaced. */
const but = (line: string): string => HEAD.replace(new RegExp(`^${line.split(':')[0]}:.*$`, 'm'), line);

describe('parseToolkit', () => {
	it('fills in what is not said', async () => {
		assert.deepEqual(await parseToolkit(HEAD, 't.yaml', 'net'), {
			name: 'net',
			description: 'Network tools',
			image: 'r.test/net:1',
			path: [],
			profile: 'auto',
			needs: [],
			wants: [],
			shell: { root: 'debug' },
			default: false,
			images: {},
			helpers: [],
			include: [],
			recipes: [],
		});
	});
	for (const more of [
		'path: [/a, /b c]\n',
		'target: {container: app}\n',
		'profile: sysadmin\n',
		'needs: [same-user, NET_RAW]\nwants: [SYS_PTRACE]\n',
		'shell: {command: [bash, sh], root: target}\n',
	]) {
		it(`takes ${JSON.stringify(more)}`, () => parseToolkit(HEAD + more, 't.yaml', 'net'));
	}
	for (const image of [
		'busybox',
		'a/b',
		'r.test:5000/a/b:v1.2',
		`a@sha256:${'0'.repeat(64)}`,
		`a:1@sha256:${'f'.repeat(64)}`,
	]) {
		it(`takes the image ${image}`, async () =>
			assert.equal((await parseToolkit(but(`image: ${image}`), 't.yaml', 'net')).image, image));
	}

	for (const [text, message] of [
		['', /^t\.yaml: the file must be a mapping/],
		['[]', /^t\.yaml: the file must be a mapping/],
		[`${HEAD}foo: 1\n`, /^t\.yaml:6: foo is no known key/],
		[`${HEAD}want: []\n`, /^t\.yaml:6: want is no known key; did you mean wants\?/],
		[but('apiVersion: ephemeral/v2'), /^t\.yaml:1: apiVersion must be ephemeral\/v1, not "ephemeral\/v2"/],
		[but('kind: Toolkits'), /^t\.yaml:2: kind must be Toolkit/],
		[but('name: other'), /^t\.yaml:3: name must be "net", as its folder is called/],
		[but('name: Net'), /^t\.yaml:3: name must be lower-case/],
		[but('name: 5'), /^t\.yaml:3: name must be a string, not 5/],
		[but('description:'), /^t\.yaml(:4)?: description is missing/],
		[HEAD.replace(/image.*\n/, ''), /^t\.yaml: image is missing/],
		[but('image: "a b"'), /^t\.yaml:5: image must be an image reference/],
		[but('image: a@sha256:00'), /^t\.yaml:5: image must be an image reference/],
		[but('image: [a]'), /^t\.yaml:5: image must be a string/],
		[`${HEAD}path: /a\n`, /^t\.yaml:6: path must be a list of strings/],
		[`${HEAD}path: [a]\n`, /^t\.yaml:6: path must be an absolute folder, not "a"/],
		[`${HEAD}path: ["/a:/b"]\n`, /^t\.yaml:6: path must be an absolute folder/],
		[`${HEAD}target: app\n`, /^t\.yaml:6: target must be a mapping/],
		[`${HEAD}target: {}\n`, /^t\.yaml:6: target\.container is missing/],
		[`${HEAD}profile: sysadmn\n`, /^t\.yaml:6: profile must be .*did you mean sysadmin\?/],
		[`${HEAD}needs: [net_raw]\n`, /^t\.yaml:6: needs must be same-user or a capability, not "net_raw"/],
		[
			`${HEAD}shell:\n  root: targte\n`,
			/^t\.yaml:7: shell\.root must be target or debug, not "targte"; did you mean target\?/,
		],
		[`${HEAD}shell:\n  comand: [sh]\n`, /^t\.yaml:7: shell\.comand is no known key; did you mean command\?/],
		[`${HEAD}shell: {command: sh}\n`, /^t\.yaml:6: shell\.command must be a list/],
		[`${HEAD}name: net\n`, /^t\.yaml:6:\d+: duplicated mapping key/],
		[`${HEAD}a: !!js/function "x"\n`, /^t\.yaml:6:\d+: /],
	] as const) {
		it(`refuses ${JSON.stringify(text.replace(HEAD, '… '))}`, async () => {
			await assert.rejects(
				parseToolkit(text, 't.yaml', 'net'),
				(error) => (error instanceof UserError && message.test(error.message)) || assert.fail(String(error)),
			);
		});
	}

	it('ends soon for aliases that multiply', async () => {
		const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
			.split('')
			.map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]\n`)
			.join('')}`;
		const began = Date.now();
		await assert.rejects(parseToolkit(HEAD + bomb, 't.yaml', 'net'), UserError);
		await assert.rejects(parseToolkit(`${bomb}${HEAD.replace('Network tools', '*j')}`, 't.yaml', 'net'), UserError);
		assert.ok(Date.now() - began < 2000);
	});

	it('ends soon for deep nesting', async () => {
		const began = Date.now();
		await assert.rejects(parseToolkit(`${HEAD}a: ${'['.repeat(20_000)}`, 't.yaml', 'net'), UserError);
		assert.ok(Date.now() - began < 2000);
	});
});

describe('the toolkits in the box', () => {
	it('parse, and are named like their folders', async () => {
		const { toolkits: all } = await openCatalogue({ HOME: '/absent' }, '0');
		assert.deepEqual(all.map(({ toolkit }) => toolkit.name).sort(), ['go', 'java', 'net']);
		for (const { source } of all) assert.equal(source, 'built-in');
	});
});
