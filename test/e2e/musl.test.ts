import assert from 'node:assert/strict';
import { ke, programEnv, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal } from '../support/terminal.ts';

const MUSL = 'registry.test/muslbox:1';

/** Targets by what they are linked with; a name in the root of each, and one that only the debug image has. */
const TARGETS = {
	empty: { holds: 'etc', options: {} },
	glibc: { holds: 'usr', options: { image: 'docker.io/nicolaka/netshoot:latest', command: ['/bin/sleep', '1d'] } },
	musl: { holds: 'lib', options: { image: MUSL, command: ['/bin/sleep', '100000'] } },
	'musl-as-user': {
		holds: 'lib',
		options: {
			image: MUSL,
			command: ['/bin/sleep', '100000'],
			spec: 'securityContext: {runAsUser: 1234, runAsGroup: 2345}',
		},
	},
};

describe('a musl debug image', function () {
	this.timeout(60_000);
	let cluster: TestCluster;
	let namespace: string;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		const pods = Object.entries(TARGETS).map(([name, { options }]) => podYaml(name, options));
		// What a musl image without a shell looks like; only the stand-in has one.
		if (cluster.sandbox) pods.push(podYaml('bare', { image: 'registry.test/musltarget:1' }));
		await cluster.apply(namespace, pods.join(''), ...Object.keys(TARGETS), ...(cluster.sandbox ? ['bare'] : []));
	});

	const musl = (pod: string, ...words: string[]): Promise<Ran> =>
		ke(cluster, ['shell', pod, '-n', namespace, '-q', '--image', MUSL, '--root', 'target', '--', ...words]);
	const gives = async (ran: Promise<Ran>, code: number, stdout: string | RegExp): Promise<void> => {
		const { code: was, stdout: said, stderr } = await ran;
		assert.equal(was, code, stderr);
		if (typeof stdout === 'string') assert.equal(said, stdout, stderr);
		else assert.match(said, stdout);
	};

	for (const [pod, { holds }] of [...Object.entries(TARGETS), ['bare', { holds: 'lib' }] as const]) {
		describe(`in a target of ${pod}`, () => {
			before(function () {
				if (pod === 'bare' && !cluster.sandbox) this.skip();
			});

			it('lists the root by name and by path', async () => {
				await gives(musl(pod, 'ls', '/'), 0, new RegExp(`^${holds}$`, 'm'));
				await gives(musl(pod, '/bin/ls', '/'), pod === 'empty' || pod === 'bare' ? 127 : 0, /^/);
			});

			it('tells by what name it was called', async () => {
				await gives(musl(pod, 'echo', 'a b', '', 'c'), 0, 'a b  c\n');
				await gives(musl(pod, 'env', 'X=1', 'echo', 'through env'), 0, 'through env\n');
			});

			it("is the target's user, in its environment's terms", async () => {
				const uid = pod === 'musl-as-user' ? 1234 : 0;
				await gives(musl(pod, 'id'), 0, new RegExp(`^uid=${uid}\\b.* gid=${uid === 0 ? 0 : 2345}\\b`));
				await gives(musl(pod, 'env'), 0, new RegExp(`^TARGET_UID=${uid}$`, 'm'));
			});

			it('gives exit codes', async () => {
				await gives(musl(pod, 'true'), 0, '');
				await gives(musl(pod, 'false'), 1, '');
				await gives(musl(pod, 'sh', '-c', 'exit 7'), 7, '');
				await gives(musl(pod, 'sh', '-c', 'kill -9 $$'), 137, '');
				await gives(musl(pod, 'no-such-program'), 127, '');
			});

			it('starts one tool from another', async () => {
				await gives(musl(pod, 'sh', '-c', `env ls / | grep -c '^${holds}$'`), 0, '1\n');
				await gives(musl(pod, 'find', '/', '-maxdepth', '0', '-exec', 'echo', 'found', '{}', ';'), 0, 'found /\n');
				await gives(musl(pod, 'sh', '-c', 'echo 1 2 | awk "{print \\$1 + \\$2}"'), 0, '3\n');
			});

			it('has a shell at a terminal', async () => {
				const words = ['shell', pod, '-n', namespace, '--image', MUSL, '--root', 'target'];
				const terminal = openTerminal(executable(), words, programEnv(cluster.kubeconfig));
				try {
					await terminal.see(/[#$] $/);
					terminal.type(`ls / | wc -l; ls -d /${holds} | cat; exit 5\r`);
					await terminal.see(new RegExp(`\\n\\d+[^\\n]*\\r\\n/?${holds}`));
					assert.equal(await terminal.ended, 5);
				} finally {
					terminal.kill('SIGKILL');
				}
			});

			it('is entered by a glibc image too', async () => {
				const net = (...words: string[]) =>
					ke(cluster, ['net', pod, '-n', namespace, '-q', '--root', 'target', '--', ...words]);
				await gives(net('ls', '/'), 0, new RegExp(`^${holds}$`, 'm'));
				await gives(net('curl', '--version'), 0, /^curl \d/);
				await gives(net('bash', '-c', 'echo $BASH; exit 3'), 3, /bash\n$/);
				await gives(net('find', '/', '-maxdepth', '0', '-exec', 'echo', 'found', '{}', ';'), 0, 'found /\n');
			});
		});
	}
});
