import assert from 'node:assert/strict';
import type { Sandbox } from './sandbox.ts';
import { runEphemeral, start } from './testing/containers.ts';
import { sleeper } from './testing/manifests.ts';
import { useSandbox } from './testing/use-sandbox.ts';

describe('stand-in cluster: traces in a target', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		await start(sandbox, 'p', sleeper('p'));
		await runEphemeral(sandbox, 'p', 'ke', { targetContainerName: 'app' });
	});

	after(() => sandbox?.stop());

	const sh = (script: string, container = 'app') => sandbox.run('default', 'p', container, ['sh', '-c', script]);
	const changes = () => sandbox.changes('default', 'p', 'app');
	const paths = () => changes().map(({ kind, path }) => `${kind} ${path}`);

	describe('files', () => {
		it('are the same before and after a visit that only reads', async () => {
			const before = changes();
			await sh('ls -lR /proc/1/root/etc /proc/1/root/tmp; cat /proc/1/root/etc/passwd; touch /tmp/mine', 'ke');
			assert.deepEqual(changes(), before);
		});

		it('tell of what was written, changed and removed, by whichever container', async () => {
			await sh('echo seen >/proc/1/root/tmp/new; ln -s new /proc/1/root/tmp/link; rm /proc/1/root/bin/vi', 'ke');
			await sh('echo more >>/etc/group; chmod 600 /etc/passwd');
			for (const change of [
				'file /tmp/new',
				'link /tmp/link',
				'removed /bin/vi',
				'file /etc/group',
				'file /etc/passwd',
			]) {
				assert.ok(paths().includes(change), `${change} is not among ${paths()}`);
			}
			const { mode, uid, size } = changes().find(({ path }) => path === '/etc/passwd') ?? {};
			assert.deepEqual([mode, uid, size], [0o600, 0, 'root:x:0:0:root:/:/bin/sh\n'.length]);
			const before = changes();
			await sh('sed -i s/more/less/ /etc/group');
			assert.notDeepEqual(changes(), before);
		});

		it('tell of what was made and removed again', async () => {
			const before = changes();
			await sh('touch /proc/1/root/tmp/brief; rm /proc/1/root/tmp/brief', 'ke');
			assert.deepEqual(
				changes().map(({ path }) => path),
				before.map(({ path }) => path),
			);
			assert.notDeepEqual(changes(), before);
		});
	});

	describe('children of process 1', () => {
		const children = () => sandbox.children('default', 'p', 'app');

		it('are none where what ran in the container beside has ended with its parent', async () => {
			await sh('sleep 0.1; true | cat', 'ke');
			assert.deepEqual(children(), []);
		});

		it('are orphans of a container that joined, then zombies, since the application does not wait', async () => {
			const watch = sandbox.watchChildren('default', 'p', 'app');
			await sh('sleep 100 >/dev/null 2>&1 & sh -c "sleep 0 &"', 'ke');
			const sleeping = () => watch.seen.find(({ command }) => command === 'sleep 100');
			while (!sleeping()) {
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
			assert.equal(sleeping()?.container, 'ke');
			assert.notEqual(sleeping()?.state, 'Z');
			process.kill(sleeping()?.pid ?? 0, 'SIGKILL');
			while (children().some(({ state }) => state !== 'Z')) {
				await new Promise((resolve) => setImmediate(resolve));
			}
			const seen = watch.stop();
			assert.deepEqual(
				seen.map(({ container, state }) => `${container} ${state}`),
				['ke Z', 'ke Z'],
			);
			assert.ok(seen.some(({ command }) => command === 'sleep 100'));
		});

		it('are seen over time where the parent does wait', async () => {
			const command = 'command: [sh, -c, "while :; do sleep 1; done"]';
			await start(sandbox, 'waits', sleeper('waits').replace('command: [sleep, 1d]', command));
			await runEphemeral(sandbox, 'waits', 'ke', { targetContainerName: 'app' });
			const watch = sandbox.watchChildren('default', 'waits', 'app');
			await sandbox.run('default', 'waits', 'ke', ['sh', '-c', 'sleep 0.3 >/dev/null 2>&1 &']);
			const orphans = () => sandbox.children('default', 'waits', 'app').filter(({ container }) => container === 'ke');
			while (orphans().length > 0) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
			assert.deepEqual(
				watch.stop().flatMap(({ command, container }) => (container === 'ke' ? [command] : [])),
				['sleep 0.3'],
			);
			assert.ok(watch.seen.some(({ command, container }) => command === 'sleep 1' && container === 'app'));
		});

		it('belong to the pod’s own process where all share theirs', async () => {
			await start(sandbox, 'shared', sleeper('shared', { spec: 'shareProcessNamespace: true' }));
			await runEphemeral(sandbox, 'shared', 'ke', { targetContainerName: 'app' });
			await sandbox.run('default', 'shared', 'ke', ['sh', '-c', 'sleep 100 >/dev/null 2>&1 &']);
			const of = (container: string) => sandbox.children('default', 'shared', container).map(({ command }) => command);
			while (!of('POD').includes('sleep 100')) {
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
			assert.deepEqual(of('app'), []);
		});
	});
});
