import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ke, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { aHome, type Home, recipesYaml, SCRIPT, toolkitYaml } from '../support/home.ts';
import { podYaml } from '../support/manifests.ts';

describe('toolkits sync', () => {
	let cluster: TestCluster;
	let namespace: string;
	let home: Home;
	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
	});
	beforeEach(() => {
		home = aHome();
		configure(`toolkits: {configMap: {namespace: ${namespace}, name: kits}}\n`);
	});
	afterEach(() => home.remove());

	const configure = (text: string): string => home.write('.config/kubectl-ephemeral/config.yaml', text);
	const config = (name: string): string => join(home.folder, '.config/kubectl-ephemeral', name);
	const run = (...words: string[]): Promise<Ran> =>
		ke(cluster, words, { env: { HOME: home.folder, XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '' } });
	const put = async (data: Record<string, string>): Promise<void> => {
		const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kits', namespace }, data };
		await cluster.kubectl('delete', 'configmap', 'kits', '-n', namespace, '--ignore-not-found');
		await cluster.apply(namespace, JSON.stringify(map));
	};
	const inline = (script = SCRIPT): string =>
		toolkitYaml(
			'acme',
			`helpers: [say.sh]\ninclude: [common]\nrecipes: {hello: {description: Hello, run: echo hello}}\nfiles:\n  say.sh: ${JSON.stringify(script)}\n`,
		);
	const COMMON = recipesYaml('common', 'recipes: {where: {description: Where, run: pwd}}\n');

	it('fetches the ConfigMap, says what has changed, and is the only one to ask for it', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON, 'README.md': 'no toolkit' });
		const first = await run('toolkits', 'sync');
		assert.deepEqual([first.code, first.stdout], [0, 'added    acme\nadded    common\n']);
		assert.match(
			first.stderr,
			/^Warning: README\.md is no NAME\.yaml, and is left out\n2 of ConfigMap \S+\/kits: synced from resource version \d+, /,
		);
		const again = await run('toolkits', 'sync');
		assert.deepEqual([again.code, again.stdout], [0, '']);
		assert.match(again.stderr, /: nothing has changed in resource version \d+, /);
		await put({ 'acme.yaml': inline(`${SCRIPT}# more\n`), 'other.yaml': toolkitYaml('other') });
		const changed = await run('toolkits', 'sync');
		assert.equal(changed.stdout, 'added    other\nchanged  acme\ngone     common\n');
		assert.equal(changed.code, 1, 'what acme includes is gone');
		assert.match(changed.stderr, /^Warning: ConfigMap \S+\/kits, acme\.yaml:7: include names common, /m);
	});

	it('makes them toolkits like any other, by digest, with sets of the same ConfigMap', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		const offline = { env: { KUBECONFIG: '/absent' } };
		const listed = home.run(['toolkits'], offline);
		assert.match(
			listed.stdout,
			new RegExp(`^acme +registry\\.test/acme:1 +2 +ConfigMap ${namespace}/kits, acme\\.yaml +no$`, 'm'),
		);
		assert.deepEqual([listed.code, listed.stderr], [0, '']);
		const help = home.run(['acme', '--help'], offline);
		assert.match(help.stdout, /^ {2}hello +Hello$/m);
		assert.match(help.stdout, /^ {2}where +Where$/m);
		const refused = await run('acme', 'web-0', '-n', namespace, '--yes', '--', 'true');
		assert.match(
			refused.stderr,
			/^error: toolkit "acme" from ConfigMap \S+\/kits, acme\.yaml has not been agreed to on this machine\n/,
		);
		assert.equal(home.trust('acme', offline).code, 0);
		assert.match(home.run(['toolkits']).stdout, /^acme .* yes$/m);
		const out = home.run(['toolkits', 'show', 'acme', '--files', 'out']);
		assert.deepEqual(
			out.stdout.trimEnd().split('\n').sort(),
			['acme', 'common'].map((name) => join(home.folder, 'out', name, 'toolkit.yaml')),
		);
		assert.equal(home.run(['toolkits', 'check', 'out']).code, 0);
	});

	it('asks again where a script was changed, and shows it', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		home.trust('acme');
		await put({ 'acme.yaml': inline('#!/bin/sh\nrm -rf /\n'), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		const { code, stderr } = await run('acme', 'web-0', '-n', namespace, '--yes', '--', 'true');
		assert.equal(code, 125);
		assert.match(
			stderr,
			/^- {2}say\.sh: "#!\/bin\/sh\\necho hello\\n"\n\+ {2}say\.sh: "#!\/bin\/sh\\nrm -rf \/\\n"\n/m,
		);
		assert.match(
			stderr,
			/has changed since it was agreed to\nTo agree to it as it is now: kubectl ephemeral toolkits trust acme@/,
		);
		await put({
			'acme.yaml': inline(),
			'common.yaml': recipesYaml('common', 'recipes: {where: {description: Where, run: ls}}\n'),
		});
		await run('toolkits', 'sync');
		const included = await run('acme', 'web-0', '-n', namespace, '--', 'true');
		assert.match(included.stderr, /^--- agreed\/\.\.\/common\/toolkit\.yaml$/m);
	});

	it('tells what is wrong with a document, with its key and line, and takes the others', async () => {
		await put({
			'acme.yaml': toolkitYaml('acme', 'nedes: []\n'),
			'other.yaml': toolkitYaml('other'),
			'sh.yaml': toolkitYaml('sh', 'helpers: [a.sh]\n'),
		});
		const { code, stderr } = await run('toolkits', 'sync');
		assert.equal(code, 1);
		assert.match(stderr, /^Warning: ConfigMap \S+\/kits, acme\.yaml:6: nedes is no known key; did you mean needs\?$/m);
		assert.match(
			stderr,
			/^Warning: ConfigMap \S+\/kits, sh\.yaml:6: helpers a\.sh does not stand under files, where those of a ConfigMap are$/m,
		);
		const listed = home.run(['toolkits']);
		assert.match(listed.stdout, /^other .* no$/m);
		assert.match(listed.stdout, /^acme .* disabled$/m);
		assert.match(listed.stderr, /acme\.yaml:6: nedes is no known key/);
		assert.match(home.run(['acme', 'web-0']).stderr, /^error: ConfigMap \S+, acme\.yaml:6: nedes/);
	});

	it('keeps what there was where it fails', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		const kept = (): void => assert.match(home.run(['toolkits']).stdout, /^acme .* no$/m);
		await cluster.kubectl('delete', 'configmap', 'kits', '-n', namespace);
		const gone = await run('toolkits', 'sync');
		assert.deepEqual([gone.code, gone.stdout], [1, '']);
		assert.match(gone.stderr, /^error: configmaps "kits" not found\nWhat was synced before stays in use\.\n$/);
		kept();
		const user = await cluster.user(`nobody-${namespace}`, namespace, [['pods', 'get']]);
		const refused = await run('toolkits', 'sync', '--kubeconfig', user);
		assert.match(
			refused.stderr,
			/^error: \S+ may not get configmaps in namespace \S+\nIt takes the verb get on that ConfigMap\. What was synced before stays in use\.\n$/,
		);
		kept();
		const unreachable = await run('toolkits', 'sync', '--server', 'http://127.0.0.1:1');
		assert.equal(unreachable.code, 1);
		assert.match(unreachable.stderr, /What was synced before stays in use\.\n$/);
		kept();
		await put({ 'other.yaml': toolkitYaml('other') });
		rmSync(join(home.folder, '.cache/kubectl-ephemeral/synced'), { recursive: true });
		writeFileSync(join(home.folder, '.cache/kubectl-ephemeral/synced'), '');
		const unwritable = await run('toolkits', 'sync');
		assert.match(unwritable.stderr, /^error: \S+ cannot be written: E\w+\nWhat was synced before stays in use\.\n$/);
		assert.match(readFileSync(config('synced.json'), 'utf8'), /"acme"/);
	});

	it('pins what it fetched: a cache that is lost or changed is told, never used', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		home.trust('acme');
		const folder = join(home.folder, '.cache/kubectl-ephemeral/synced');
		const [file = ''] = readdirSync(folder);
		const texts = readFileSync(join(folder, file), 'utf8');
		writeFileSync(join(folder, file), texts.replace('echo hello', 'echo fooled'));
		const fooled = await run('acme', 'web-0', '-n', namespace, '--', 'true');
		assert.match(
			fooled.stderr,
			/^error: ConfigMap \S+, acme\.yaml is not in the cache as it was synced; kubectl ephemeral toolkits sync fetches it again\n$/,
		);
		rmSync(join(home.folder, '.cache'), { recursive: true });
		const lost = await run('acme', 'web-0', '-n', namespace, '--', 'true');
		assert.match(
			lost.stderr,
			/acme\.yaml: is no longer in the cache; kubectl ephemeral toolkits sync fetches it again\n$/,
		);
		assert.match(home.run(['--help']).stderr, /^Warning: ConfigMap \S+, acme\.yaml: is no longer in the cache; /);
		const again = await run('toolkits', 'sync');
		assert.equal(again.code, 0);
		assert.match(home.run(['toolkits']).stdout, /^acme .* yes$/m);
	});

	it('does not believe a pin that is damaged or that others may write', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		chmodSync(config('synced.json'), 0o666);
		assert.match(home.run(['toolkits']).stderr, /^Warning: \S+\/synced\.json may be written by others; /);
		rmSync(config('synced.json'));
		for (const text of [
			'',
			'{}',
			'{"configMap":{"namespace":"a","name":"b"},"server":"s","resourceVersion":"1","digest":"../../x","names":["acme"]}',
		]) {
			rmSync(config('synced.json'), { force: true });
			writeFileSync(config('synced.json'), text, { mode: 0o600 });
			const { code, stdout, stderr } = home.run(['toolkits']);
			assert.equal(code, 0);
			assert.match(stderr, /^Warning: \S+\/synced\.json is damaged; /);
			assert.doesNotMatch(stdout, /^acme/m);
		}
		assert.equal((await run('toolkits', 'sync')).code, 0);
	});

	it('forgets what it synced when no ConfigMap is named any more', async () => {
		await put({ 'acme.yaml': inline(), 'common.yaml': COMMON });
		await run('toolkits', 'sync');
		configure('');
		const { code, stderr } = await run('toolkits', 'sync');
		assert.deepEqual([code, stderr], [0, 'No ConfigMap is named any more: what was synced is gone.\n']);
		assert.ok(!existsSync(config('synced.json')));
		assert.doesNotMatch(home.run(['toolkits']).stdout, /^acme/m);
		assert.equal((await run('toolkits', 'sync')).code, 1);
	});

	it('keeps no more than the last two', async () => {
		for (const word of ['one', 'two', 'three', 'four']) {
			await put({ 'acme.yaml': toolkitYaml('acme').replace('Tools', word) });
			await run('toolkits', 'sync');
		}
		assert.equal(readdirSync(join(home.folder, '.cache/kubectl-ephemeral/synced')).length, 2);
	});

	it('brings toolkits that run', async () => {
		await cluster.apply(namespace, podYaml('web'), 'web');
		const yaml = toolkitYaml(
			'acme',
			'recipes: {hello: {description: Hello, script: say.sh}}\nfiles: {say.sh: "#!/bin/sh\\necho hello from $POD\\n"}\n',
		);
		await put({ 'acme.yaml': yaml.replace('registry.test/acme:1', 'busybox:1.36') });
		await run('toolkits', 'sync');
		home.trust('acme');
		const ran = await run('acme', 'hello', 'web', '-n', namespace);
		assert.deepEqual([ran.code, ran.stdout], [0, 'hello from web\n'], ran.stderr);
	});
});
