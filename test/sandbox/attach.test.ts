import assert from 'node:assert/strict';
import type { Pod } from './api/pod.ts';
import type { Sandbox } from './sandbox.ts';
import { sleeper } from './testing/manifests.ts';
import { kubectlOnTerminal, runKubectl } from './testing/real-kubectl.ts';
import { StreamClient } from './testing/stream-client.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const STDIN = 0;
const STDOUT = 1;

describe('stand-in cluster: attach, logs and files', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		const shell = sleeper('tty', { container: 'stdin: true, tty: true' }).replace('[sleep, 1d]', '[sh]');
		const chatty = sleeper('chatty', { container: 'stdin: true' }).replace(
			'[sleep, 1d]',
			'[sh, -c, "echo early; cat"]',
		);
		await sandbox.apply(sleeper('p'), shell, chatty);
		await Promise.all(['p', 'tty', 'chatty'].map((name) => sandbox.ready('default', name)));
	});

	after(() => sandbox?.stop());

	describe('attach', () => {
		it('plays nothing again, and takes what is typed, by the real kubectl', async () => {
			const session = await kubectlOnTerminal(sandbox, ['attach', '-it', 'tty']);
			await session.until('press');
			session.type('echo typed-$((1+1))\r');
			await session.until('typed-2');
			session.type('exit 3\r');
			await session.exited;
			const restarted = (object: unknown) => (object as Pod).status.containerStatuses?.[0]?.restartCount === 1;
			await sandbox.until('pods', 'default', 'tty', restarted);
		});

		it('ends for the client at the end of its input without stdinOnce, and the process never hears of it', async () => {
			const query = { stdin: 'true', stdout: 'true', stderr: 'true' };
			const client = await StreamClient.open(sandbox, 'namespaces/default/pods/chatty/attach', query);
			client.send(STDIN, 'echoed\n');
			await client.until(STDOUT, 'echoed');
			client.end(STDIN);
			assert.equal(await client.closed, 1000);
			assert.ok(!client.text(STDOUT).includes('early'));
			const pod = sandbox.get('pods', 'default', 'chatty') as Pod;
			assert.ok(pod.status.containerStatuses?.[0]?.state.running);
			assert.equal((await runKubectl(sandbox, ['logs', 'chatty'])).stdout, 'early\nechoed\n');
		});

		it('serves kubectl debug with a target', async () => {
			const words = [
				'debug',
				'p',
				'--image=nicolaka/netshoot:v0.16',
				'--target=app',
				'-c',
				'dbg',
				'--attach',
				'-q',
				'--',
			];
			const ran = await runKubectl(sandbox, [...words, 'bash', '-c', 'sleep 0.5; ps -o args= 1']);
			assert.deepEqual([ran.code, ran.stdout], [0, 'sleep 1d\n']);
		});
	});

	describe('kubectl debug', () => {
		it('copies a pod, and runs one on the node', async () => {
			const copy = [
				'debug',
				'p',
				'--copy-to=copied',
				'--profile=general',
				'--image=busybox:1.36',
				'-c',
				'dbg',
				'--attach',
				'-q',
				'--',
			];
			const ran = await runKubectl(sandbox, [...copy, 'sh', '-c', 'sleep 0.5; ps -o args= | grep -c "[s]leep 1d"']);
			assert.deepEqual([ran.code, ran.stdout], [0, '1\n'], ran.stderr);
			const words = ['debug', 'node/node1', '--profile=general', '--image=busybox:1.36', '--attach', '-q', '--'];
			const onNode = await runKubectl(sandbox, [
				...words,
				'sh',
				'-c',
				'sleep 0.5; ls -d /host/proc; tr "\\0" "\\n" </proc/1/cmdline',
			]);
			assert.deepEqual(
				[onNode.code, onNode.stdout.split('\n').slice(-3)],
				[0, ['/host/proc', 'cat', '']],
				onNode.stderr,
			);
		});
	});

	describe('logs', () => {
		it('come as a whole, in part, with times, and as they grow', async () => {
			await sandbox.apply(
				sleeper('log').replace('[sleep, 1d]', '[sh, -c, "echo 1; echo 2; printf 3; sleep 1; echo; exec sleep 1d"]'),
			);
			await sandbox.ready('default', 'log');
			const follow = runKubectl(sandbox, ['logs', '-f', 'log']);
			await sandbox.run('default', 'log', 'app', [
				'sh',
				'-c',
				'while ps -o args= | grep -q "[s]leep 1$"; do sleep 0.1; done',
			]);
			assert.equal((await runKubectl(sandbox, ['logs', 'log'])).stdout, '1\n2\n3\n');
			assert.equal((await runKubectl(sandbox, ['logs', 'log', '--tail=1'])).stdout, '3\n');
			assert.equal((await runKubectl(sandbox, ['logs', 'log', '--limit-bytes=3'])).stdout, '1\n2');
			const timed = (await runKubectl(sandbox, ['logs', 'log', '--timestamps', '--tail=1'])).stdout;
			assert.match(timed, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 3\n$/);
			sandbox.kill('default', 'log', 'app');
			assert.equal((await follow).stdout, '1\n2\n3\n');
		});
	});

	describe('files', () => {
		it('are copied in and out by kubectl cp', async () => {
			await sandbox.run('default', 'p', 'app', ['sh', '-c', 'echo content >/tmp/out']);
			const path = `${sandbox.directory}/copied`;
			assert.equal((await runKubectl(sandbox, ['cp', 'p:/tmp/out', path])).code, 0);
			assert.equal((await runKubectl(sandbox, ['cp', path, 'p:/tmp/in'])).code, 0);
			assert.equal((await sandbox.run('default', 'p', 'app', ['cat', '/tmp/in'])).stdout, 'content\n');
		});
	});
});
