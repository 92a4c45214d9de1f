import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, packFiles } from '../support/archives.ts';
import { ke, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { aHome, type Home } from '../support/home.ts';
import { ACME } from '../support/machine.ts';
import { podYaml } from '../support/manifests.ts';

/** A toolkit as a team writes it. */
const toolkit = (name: string, recipe: string, more = ''): string =>
	[
		'apiVersion: ephemeral/v1',
		'kind: Toolkit',
		`name: ${name}`,
		`description: What team ${name} reaches for`,
		'image: nicolaka/netshoot:v0.16',
		'wants: [SYS_PTRACE]',
		'include: [process]',
		'recipes:',
		'  threads:',
		'    description: All threads',
		'    inputs: {match: {description: Only these, short: m}}',
		`    ${recipe}`,
		'    test: {run: command -v sh}',
		more,
	].join('\n');

/** What the package's recipe says. */
const GREETING = 'Ada says hello to web\n';

const SAYS = (source: string): string => `echo "${source} $POD $INPUT_MATCH"`;

describe('a team’s toolkits', () => {
	let cluster: TestCluster;
	let namespace: string;
	let home: Home;
	let shared: string;
	let env: NodeJS.ProcessEnv;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
		home = aHome();
		const { write, folder } = home;
		shared = join(folder, 'shared');
		env = {
			HOME: folder,
			XDG_CONFIG_HOME: join(folder, '.config'),
			XDG_CACHE_HOME: join(folder, '.cache'),
			XDG_DATA_HOME: join(folder, '.local/share'),
			KUBECTL_EPHEMERAL_PATH: shared,
		};
		write('.config/kubectl-ephemeral/toolkits/single/toolkit.yaml', toolkit('single', `run: ${SAYS('single')}`));
		write('shared/scripted/toolkit.yaml', toolkit('scripted', 'script: scripts/threads.sh'));
		write('shared/scripted/scripts/threads.sh', `#!/bin/sh\n${SAYS('scripted')}\n`);
		const document = toolkit(
			'mapped',
			'script: threads.sh',
			`files:\n  threads.sh: |\n    #!/bin/sh\n    ${SAYS('mapped')}\n`,
		);
		const configMap = {
			apiVersion: 'v1',
			kind: 'ConfigMap',
			metadata: { name: 'toolkits' },
			data: { 'mapped.yaml': document },
		};
		await cluster.apply(namespace, JSON.stringify(configMap));
		write(
			'.config/kubectl-ephemeral/config.yaml',
			`toolkits: {configMap: {namespace: ${namespace}, name: toolkits}}\n`,
		);
		writeFileSync(join(folder, 'acme.tgz'), packFiles(filesOf(ACME)));
	});
	after(() => home?.remove());

	const run = (...words: string[]): Promise<Ran> => ke(cluster, words, { env, cwd: home.folder });
	const inPod = (...words: string[]): Promise<Ran> => run('-n', namespace, ...words);

	it('come from a folder of one YAML file, and need no trust', async () => {
		assert.deepEqual(await inPod('single', 'threads', 'web', '-q', '-m', 'x'), {
			code: 0,
			stdout: 'single web x\n',
			stderr: '',
		});
	});

	it('come from a team’s folder with a script, once the user says yes', async () => {
		const unasked = await inPod('scripted', 'threads', 'web', '-q');
		assert.equal(unasked.code, 125);
		assert.match(unasked.stderr, /scripted/);
		assert.equal((await inPod('scripted', 'threads', 'web', '-q', '--yes', '--match=y')).stdout, 'scripted web y\n');
	});

	it('come from a ConfigMap, once it is fetched and trusted; then without asking the cluster', async () => {
		assert.doesNotMatch((await run('toolkits', '-o', 'name')).stdout, /mapped/);
		const synced = await run('toolkits', 'sync');
		assert.equal(synced.code, 0, synced.stderr);
		const untrusted = await inPod('mapped', 'threads', 'web', '-q', '--yes');
		assert.equal(untrusted.code, 125);
		const digest = /sha256:[0-9a-f]{64}/.exec(untrusted.stderr)?.[0];
		assert.ok(digest, untrusted.stderr);
		const trusted = await run('toolkits', 'trust', `mapped@${digest}`);
		assert.equal(trusted.code, 0, trusted.stderr);
		assert.equal((await inPod('mapped', 'threads', 'web', '-q', '-mz')).stdout, 'mapped web z\n');
	});

	it('come from an extension package, with a command of its own', async () => {
		const installed = await run('plugins', 'install', join(home.folder, 'acme.tgz'));
		assert.equal(installed.code, 0, installed.stderr);
		const { stdout, stderr } = await run('toolkits', 'show', 'acme', '-o', 'json');
		const { digest } = JSON.parse(stdout);
		assert.match(digest, /^sha256:/, stderr);
		assert.equal((await run('toolkits', 'trust', `acme@${digest}`)).code, 0);
		assert.match((await run('acme', '--help')).stdout, /^Recipes:\n {2}greet {3}Says hello to a pod$/m);
		assert.deepEqual(await inPod('acme', 'greet', 'web', 'Ada', '-q'), { code: 0, stdout: GREETING, stderr: '' });
		assert.equal((await run('acme-report')).code, 0);
	});

	it('are listed with where they come from, and helped with like the built-ins', async () => {
		const { stdout } = await run('toolkits');
		for (const [name, source] of [
			['single', '\\S+/toolkits/single/toolkit.yaml +yes'],
			['scripted', '\\S+/shared/scripted/toolkit.yaml +asks'],
			['mapped', `ConfigMap ${namespace}/toolkits, mapped.yaml +yes`],
			['acme', 'acme-ephemeral 1.0.0, toolkit acme +yes'],
			['acme-db', 'acme-ephemeral 1.0.0, toolkit acme-db +no'],
		] as const) {
			assert.match(stdout, new RegExp(`^${name} +\\S+ +\\d +${source}$`, 'm'));
		}
		for (const name of ['single', 'scripted', 'mapped']) {
			const help = (await run(name, 'threads', '--help')).stdout;
			assert.match(help, /-m, --match=''/);
			assert.match((await run(name, '--help')).stdout, /^ {2}limits {2,}Memory/m);
		}
		assert.equal((await run('toolkits', 'check')).code, 0);
	});

	it('are tested in a pod: what the image lacks is told', async () => {
		const good = await run('toolkits', 'test', 'single', 'web', '-n', namespace, '-q');
		assert.equal(good.code, 0, good.stderr);
		assert.match(good.stdout, /^ok +threads$/m);
		assert.match(good.stdout, /^- +single +says no test$/m);
		home.write(
			'.config/kubectl-ephemeral/toolkits/lacking/toolkit.yaml',
			toolkit('lacking', 'run: no-such-tool').replace('command -v sh', 'no-such-tool --version'),
		);
		const lacking = await run('toolkits', 'test', 'lacking', 'web', '-n', namespace, '-q');
		assert.equal(lacking.code, 1);
		assert.match(lacking.stdout, /^FAIL +threads +.*no-such-tool.*not found/m);
	});

	it('ask again when a script has changed, and show what', async () => {
		const document = toolkit(
			'mapped',
			'script: threads.sh',
			`files:\n  threads.sh: |\n    #!/bin/sh\n    ${SAYS('changed')}\n`,
		);
		const configMap = {
			apiVersion: 'v1',
			kind: 'ConfigMap',
			metadata: { name: 'toolkits' },
			data: { 'mapped.yaml': document },
		};
		await cluster.apply(namespace, JSON.stringify(configMap));
		assert.equal(
			(await inPod('mapped', 'threads', 'web', '-q')).stdout,
			'mapped web \n',
			'the one that was synced stays',
		);
		assert.equal((await run('toolkits', 'sync')).code, 0);
		const changed = await inPod('mapped', 'threads', 'web', '-q', '--yes');
		assert.deepEqual([changed.code, changed.stdout], [125, '']);
		assert.match(changed.stderr, /^\+.*changed \$POD/m);
		assert.match(changed.stderr, /^-.*mapped \$POD/m);
	});
});
