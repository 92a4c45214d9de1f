import assert from 'node:assert/strict';
import type { Pod } from './api/pod.ts';
import type { Sandbox } from './sandbox.ts';
import { start } from './testing/containers.ts';
import { sleeper } from './testing/manifests.ts';
import { useSandbox } from './testing/use-sandbox.ts';

describe('stand-in cluster: images', function () {
	this.timeout(60_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
	});

	after(() => sandbox?.stop());

	const run = (pod: string, ...command: string[]) => sandbox.run('default', pod, 'app', command);

	describe('KoolKits', () => {
		const marked = 'env: [{name: MARK, value: target}]';
		const report = (name: string, pod: string) => `${name} uid=0 gid=0 MARK=target hostname=${pod} -h\n`;

		it('jvm keeps the JDK under /root, which is root’s alone, off the PATH', async () => {
			await start(sandbox, 'jvm', sleeper('jvm', { image: 'lightruncom/koolkits:jvm', container: marked }));
			const bin = '/root/.sdkman/candidates/java/current/bin';
			assert.equal((await run('jvm', `${bin}/jcmd`, '-h')).stdout, report('jcmd', 'jvm'));
			assert.equal((await run('jvm', 'sh', '-c', 'command -v jcmd')).code, 127);
			// By way of a shell: what setpriv itself starts may still pass where root may.
			const asUser = `setpriv --reuid 1000 --regid 1000 --clear-groups sh -c ${bin}/jcmd`;
			assert.match((await run('jvm', 'sh', '-c', asUser)).stderr, /Permission denied/);
			assert.equal((await run('jvm', 'stat', '-c', '%a', '/root')).stdout, '700\n');
		});

		it('golang keeps go and dlv under /root', async () => {
			await start(sandbox, 'go', sleeper('go', { image: 'lightruncom/koolkits:golang', container: marked }));
			const { stdout } = await run('go', '/root/.gvm/pkgsets/go1.19/global/bin/dlv', '-h');
			assert.equal(stdout, report('dlv', 'go'));
			assert.equal((await run('go', '/root/.gvm/gos/go1.19/bin/go', '-h')).stdout, report('go', 'go'));
		});

		it('leave the image they are made from as it is', async () => {
			await start(sandbox, 'plain', sleeper('plain', { image: 'debian' }));
			assert.equal((await run('plain', 'sh', '-c', 'ls -A /root; stat -c %a /root')).stdout, '700\n');
		});
	});

	describe('with musl', () => {
		it('hold one program with a library of its own, under many names', async () => {
			await start(sandbox, 'box', sleeper('box', { image: 'registry.test/muslbox:1' }));
			assert.equal((await run('box', 'readlink', '/bin/ls')).stdout, '/bin/box\n');
			assert.match((await run('box', 'ls', '/lib')).stdout, /^ld-musl-\w+\.so\.1\n$/);
			assert.equal((await run('box', 'env', 'A=b', '/bin/env')).stdout.split('\n').includes('A=b'), true);
			assert.equal((await run('box', 'id')).stdout, 'uid=0 gid=0\n');
			assert.equal((await sandbox.run('default', 'box', 'app', ['wc'], 'one\ntwo\n')).stdout, '2 8\n');
			assert.equal((await run('box', 'sh', '-c', '/bin/echo a b | /bin/cat; exit 7')).stdout, 'a b\n');
			const { code, stderr } = await run('box', 'cat', '/absent');
			assert.deepEqual([code, stderr], [1, 'cat: /absent: No such file or directory\n']);
		});

		it('need that library, and the loader beside them', async () => {
			const { code, stderr } = await run('box', 'sh', '-c', 'mv /usr/lib/libbox.so /; /bin/true');
			assert.equal(code, 127);
			assert.match(
				stderr,
				/^Error loading shared library libbox\.so: No such file or directory \(needed by \/bin\/true\)\n/,
			);
		});

		it('serve as a target', async () => {
			const manifest = sleeper('server', { image: 'registry.test/musltarget:1' }).replace(
				'command: [sleep, 1d]',
				'env: []',
			);
			await start(sandbox, 'server', manifest);
			const { podIP } = (sandbox.get('pods', 'default', 'server') as Pod).status;
			const answer = await run('box', 'sh', '-c', `until wget -qO- http://${podIP}:8080; do sleep 0.05; done`);
			assert.equal(answer.stdout, 'hello from musl\n');
		});
	});
});
