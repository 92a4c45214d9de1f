import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Runtime, runtimes } from './run-driver.ts';

const run = promisify(execFile);
const bun = join(import.meta.dirname, '../../node_modules/.bin/bun');
const source = join(import.meta.dirname, '../../src/cluster/kubeconfig.ts');

/** What readKubeconfig makes of a file in a runtime; its maps as lists of pairs, or its error. */
async function read(runtime: Runtime, file: string): Promise<Record<string, unknown>> {
	const script = `
		const { readKubeconfig } = await import(${JSON.stringify(source)});
		const plain = (_, value) => (value instanceof Map ? [...value] : value);
		try { console.log(JSON.stringify(await readKubeconfig(${JSON.stringify(file)}), plain)); }
		catch (error) { console.log(JSON.stringify({ error: error.message, name: error.name })); }`;
	const command = runtime === 'node' ? process.execPath : bun;
	const { stdout } = await run(command, ['--input-type=module', '-e', script].slice(runtime === 'node' ? 0 : 1));
	return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a kubeconfig file, the same in both runtimes', function () {
	this.timeout(60_000);
	let folder: string;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'ke-kubeconfig-'));
	});
	after(() => rmSync(folder, { recursive: true }));
	const both = async (text: string): Promise<Record<string, unknown>> => {
		const file = join(folder, 'config');
		writeFileSync(file, text);
		const [node, other] = await Promise.all(runtimes.map((runtime) => read(runtime, file)));
		assert.deepEqual(other, node);
		return node ?? {};
	};
	const userOf = async (text: string): Promise<unknown> =>
		((await both(`users:\n- name: me\n  user:\n${text}`)).users as [string, object][])[0]?.[1];

	it('texts keep their spelling, whatever YAML 1.1 or 1.2 would make of them', async () => {
		const user = await userOf(`    token: 0123
    username: yes
    password: 2026-01-01
    as: 1e3
    as-uid: 0o17
    as-groups: [1_000, .inf, Off, true, 12345678901234567890]
`);
		assert.deepEqual(user, {
			token: '0123',
			username: 'yes',
			password: '2026-01-01',
			as: '1e3',
			asUid: '0o17',
			asGroups: ['1_000', '.inf', 'Off', 'true', '12345678901234567890'],
		});
	});

	it('booleans are read where they are meant, in all the words of YAML 1.1', async () => {
		for (const [word, value] of [
			['true', true],
			['yes', true],
			['"on"', true],
			['False', false],
			['no', false],
		] as const) {
			const { clusters } = await both(`clusters: [{name: c, cluster: {insecure-skip-tls-verify: ${word}}}]`);
			assert.deepEqual(clusters, [['c', { insecureSkipTlsVerify: value }]]);
		}
	});

	it('nulls, empty lists and an empty file are nothing', async () => {
		const nothing = { contexts: [], clusters: [], users: [] };
		assert.deepEqual(await both(''), nothing);
		assert.deepEqual(await both('# nothing\n'), nothing);
		assert.deepEqual(await both('clusters: null\nusers: ~\ncontexts: []\npreferences: {}\n'), nothing);
		assert.deepEqual(await userOf('    exec: null\n    as-groups: null\n    token: ""\n'), {});
	});

	it('JSON with tabs, a byte order mark and CRLF, anchors and merge keys, several documents', async () => {
		const { currentContext } = await both('{\n\t"current-context":\t"c"\n}');
		assert.equal(currentContext, 'c');
		assert.equal((await both('\uFEFFcurrent-context: c\r\nkind: Config\r\n')).currentContext, 'c');
		assert.equal((await both('current-context: a\n---\ncurrent-context: b\n')).currentContext, 'a');
		const { clusters } = await both(
			'clusters:\n- name: a\n  cluster: &a {server: s}\n- name: b\n  cluster:\n    <<: *a\n    proxy-url: p\n',
		);
		assert.deepEqual(clusters, [
			['a', { server: 's' }],
			['b', { server: 's', proxyUrl: 'p' }],
		]);
	});

	it('of two entries or keys of one name one wins', async () => {
		const { users } = await both('users: [{name: a, user: {token: x}}, {name: a, user: {token: y}}]');
		assert.deepEqual(users, [['a', { token: 'x' }]]);
		assert.equal((await both('current-context: a\ncurrent-context: b\n')).currentContext, 'b');
	});

	it('what is no YAML is told by file and line, without its content', async () => {
		const { error, name } = await both('users:\n- name: me\n  user: {token: sesame\n  bad: [\n');
		assert.equal(name, 'UserError');
		assert.match(String(error), /^the kubeconfig \/\S+\/config is not valid YAML, line \d+$/);
		assert.doesNotMatch(String(error), /sesame/);
	});

	it('what is no kubeconfig is told by file and key', async () => {
		assert.match(String((await both('just a text')).error), /is not one: it must be a map of keys and values$/);
		assert.match(String((await both('users: {a: 1}')).error), /: users must be a list$/);
		assert.match(String((await both('users: [{name: a, user: {token: [sesame]}}]')).error), /: token must be a text$/);
		assert.match(
			String((await both('clusters: [{name: a, cluster: {insecure-skip-tls-verify: maybe}}]')).error),
			/: insecure-skip-tls-verify must be true or false$/,
		);
	});
});
