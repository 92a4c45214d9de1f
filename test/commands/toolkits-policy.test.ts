import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ran, runAny, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { aHome, type Home, toolkitYaml } from '../support/home.ts';
import { podYaml } from '../support/manifests.ts';

/** Puts a copy of /etc in the place of /etc, for what it runs alone: nothing of this is left on the machine. */
const WRAPPER = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"'];

describe('policy', () => {
	let cluster: TestCluster;
	let namespace: string;
	let home: Home;
	const folder = mkdtempSync(join(tmpdir(), 'ke-etc-'));
	const etc = join(folder, 'etc');

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		assert.equal(
			spawnSync('unshare', ['--mount', 'true']).status,
			0,
			'mount namespaces are needed, as the stand-in needs them',
		);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web', { container: 'securityContext: {runAsUser: 1234}' }), 'web');
		execFileSync('cp', ['-a', '/etc/.', etc]);
		mkdirSync(join(etc, 'kubectl-ephemeral'));
	});
	after(() => {
		rmSync(folder, { recursive: true, force: true });
		assert.ok(!existsSync('/etc/kubectl-ephemeral'));
	});
	beforeEach(() => {
		home = aHome();
	});
	afterEach(() => home.remove());

	const system = (text: string): void => writeFileSync(join(etc, 'kubectl-ephemeral/config.yaml'), text);
	const user = (text: string): string => home.write('.config/kubectl-ephemeral/config.yaml', text);
	const run = (words: string[], env: Record<string, string> = {}): Promise<Ran> => {
		const all = { HOME: home.folder, XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '', ...env };
		const set = Object.entries(all).map(([name, value]) => `${name}=${value}`);
		const [program = '', ...rest] = [...WRAPPER, etc, 'env', ...set, executable(), ...words];
		return runAny(program, rest, cluster.kubeconfig);
	};
	const planned = (...words: string[]): Promise<Ran> =>
		run(['net', 'web', '-n', namespace, '--dry-run', '-o', 'json', ...words]);
	const isRefused = ({ code, stdout, stderr }: Ran, says: RegExp): void => {
		assert.deepEqual([code, stdout], [125, ''], stderr);
		assert.match(stderr, says);
	};
	const added = async (): Promise<number> => {
		const { stdout } = await cluster.kubectl('get', 'pod', 'web', '-n', namespace, '-o', 'json');
		return JSON.parse(stdout).spec.ephemeralContainers?.length ?? 0;
	};

	it('of the machine judges images after the registry map: of toolkits, of --image, of the configuration', async () => {
		system('registries: {docker.io/*: mirror.test/*}\npolicy: {images: ["mirror.test/nicolaka/*"]}\n');
		assert.equal((await planned()).code, 0);
		isRefused(
			await planned('--image', 'busybox:1.36'),
			/^error: image mirror\.test\/library\/busybox:1\.36 is not among policy\.images of \/etc\/kubectl-ephemeral\/config\.yaml\nIt admits mirror\.test\/nicolaka\/\*\.\n$/,
		);
		user('images: {net: "evil.test/net:1"}\n');
		isRefused(await planned(), /^error: image evil\.test\/net:1 is not among/);
		user('registries: {docker.io/*: evil.test/*}\n');
		isRefused(await planned(), /^error: image evil\.test\/nicolaka\/netshoot:\S+ is not among/);
		isRefused(await run(['shell', 'web', '-n', namespace, '--image', 'busybox', '--', 'true']), /policy\.images/);
		assert.equal(await added(), 0);
	});

	it('is not loosened by the user, nor by any variable', async () => {
		system('policy: {images: ["mirror.test/*"], forbiddenProfiles: [sysadmin]}\n');
		const file = user('policy: {images: ["docker.io/*"], forbiddenProfiles: []}\n');
		isRefused(await planned(), /policy\.images of \/etc\/kubectl-ephemeral\/config\.yaml/);
		const elsewhere = join(home.folder, 'elsewhere');
		for (const env of [
			{ XDG_CONFIG_HOME: elsewhere },
			{ XDG_CONFIG_DIRS: elsewhere },
			{ HOME: elsewhere },
			{ KUBECTL_EPHEMERAL_CONFIG: '/dev/null' },
			{ KUBECTL_EPHEMERAL_PATH: elsewhere },
		] as Record<string, string>[])
			isRefused(await run(['net', 'web', '-n', namespace, '--', 'true'], env), /policy\.images of \/etc\//);
		system('policy: {forbiddenProfiles: [sysadmin]}\n');
		user('policy: {images: ["mirror.test/*"]}\n');
		isRefused(await planned(), new RegExp(`policy\\.images of ${file}`));
	});

	it('forbids profiles by name and by what they mean, however they are asked for', async () => {
		system('policy: {forbiddenProfiles: [sysadmin, netadmin]}\n');
		const custom = home.write('custom.yaml', 'securityContext: {privileged: true}\n');
		const where = 'policy\\.forbiddenProfiles of /etc/kubectl-ephemeral/config\\.yaml\n';
		for (const [words, says] of [
			[['--profile', 'sysadmin'], `profile sysadmin is among ${where}`],
			[['--privileged'], `the container would be privileged, as profile sysadmin is, which is among ${where}`],
			[['--custom', custom], `the container would be privileged, .* ${where}`],
			[['--profile', 'netadmin'], `profile netadmin is among ${where}`],
			[
				['--cap-add', 'net_admin'],
				`the container would have NET_ADMIN, as profile netadmin is, which is among ${where}`,
			],
		] as [string[], string][])
			isRefused(await planned(...words), new RegExp(`^error: ${says}`));
		assert.equal((await planned()).code, 0);
		assert.equal(await added(), 0);
	});

	it('has auto take what is permitted, and says what was passed over', async () => {
		system('policy: {forbiddenProfiles: [general]}\n');
		const { code, stdout, stderr } = await planned();
		assert.equal(code, 0, stderr);
		const { add } = JSON.parse(stdout).container.securityContext.capabilities;
		assert.ok(!add.includes('SYS_PTRACE'), String(add));
		assert.match(stderr, /^the container would have SYS_PTRACE, as profile general is, .*; what is left is baseline$/m);
	});

	it('may demand digests', async () => {
		system('policy: {digestRequired: true}\n');
		isRefused(await planned(), /is not named by its digest, as policy\.digestRequired of \/etc\//);
		assert.equal((await planned('--image', `busybox@sha256:${'a'.repeat(64)}`)).code, 0);
	});

	it('says whose toolkits may run, whatever was agreed to', async () => {
		home.write(join(home.toolkits, 'mine/toolkit.yaml'), toolkitYaml('mine'));
		system('policy: {trustedSources: [built-in]}\n');
		const ran = await run(['mine', 'web', '-n', namespace, '--yes', '--', 'true']);
		isRefused(
			ran,
			/^error: toolkit "mine" from \S+ is not among policy\.trustedSources of \/etc\/kubectl-ephemeral\/config\.yaml\nIt admits built-in\.\n$/,
		);
		assert.equal((await planned()).code, 0);
		assert.match((await run(['toolkits'])).stdout, /^mine .* forbidden$/m);
		system('policy: {trustedSources: [user]}\n');
		isRefused(await planned(), /toolkit "net" from built-in is not among policy\.trustedSources/);
	});

	it('that cannot be read lets nothing pass', async () => {
		for (const [make, says] of [
			[
				() => system('policy: {image: []}\n'),
				/^error: \/etc\/kubectl-ephemeral\/config\.yaml:1: policy\.image is no known key; did you mean images\?\n/,
			],
			[() => system('policy: [\n'), /^error: \/etc\/kubectl-ephemeral\/config\.yaml:\d+:\d+: /],
			[
				() => mkdirSync(join(etc, 'kubectl-ephemeral/config.yaml')),
				/^error: the configuration \/etc\/kubectl-ephemeral\/config\.yaml is no regular file\n/,
			],
			[() => execFileSync('mkfifo', [join(etc, 'kubectl-ephemeral/config.yaml')]), /is no regular file\n/],
			[() => system(`#${'x'.repeat(2 << 20)}`), /is too large/],
			[() => symlinkSync('config.yaml', join(etc, 'kubectl-ephemeral/config.yaml')), /is a link that leads nowhere\n/],
		] as [() => void, RegExp][]) {
			rmSync(join(etc, 'kubectl-ephemeral/config.yaml'), { recursive: true, force: true });
			make();
			isRefused(await planned(), says);
		}
		rmSync(join(etc, 'kubectl-ephemeral/config.yaml'));
	});

	it('of the machine may name what is trusted, and which of two is meant', async () => {
		rmSync(join(etc, 'kubectl-ephemeral/config.yaml'), { force: true });
		const named = { KUBECTL_EPHEMERAL_PATH: join(home.folder, 'team') };
		home.write('team/net/toolkit.yaml', toolkitYaml('net'));
		assert.match((await run(['toolkits'], named)).stderr, /"net" comes twice/);
		system('overrides: {net: team}\n');
		const { stdout } = await run(['toolkits', 'show', 'net', '-o', 'json'], named);
		const { kind, digest } = JSON.parse(stdout);
		assert.equal(kind, 'team');
		system(`overrides: {net: team}\ntrust: {net: "${digest}"}\n`);
		assert.match((await run(['toolkits'], named)).stdout, /^net .*\/team\/net\/toolkit\.yaml +yes$/m);
	});
});
