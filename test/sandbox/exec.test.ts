import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Sandbox } from './sandbox.ts';
import { sleeper } from './testing/manifests.ts';
import { kubectlOnTerminal, runKubectl } from './testing/real-kubectl.ts';
import { Refused, StreamClient } from './testing/stream-client.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const EXEC = 'namespaces/default/pods/p/exec';
const STDIN = 0;
const STDOUT = 1;
const STATUS = 3;

describe('stand-in cluster: exec', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		await sandbox.apply(sleeper('p'));
		await sandbox.ready('default', 'p');
	});

	after(() => sandbox?.stop());

	describe('exec', () => {
		it('keeps the streams apart and gives the exit code, by the real kubectl', async () => {
			const ran = await runKubectl(sandbox, ['exec', 'p', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
			assert.deepEqual(ran, { code: 7, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 7\n' });
		});

		it('says what containerd says of commands that cannot run', async () => {
			const cases = [
				['nosuch', 'exec: "nosuch": executable file not found in $PATH'],
				['/etc/passwd', 'exec: "/etc/passwd": permission denied'],
			] as const;
			for (const [command, text] of cases) {
				const ran = await runKubectl(sandbox, ['exec', 'p', '--', command]);
				assert.equal(ran.code, 1);
				const prefix =
					'error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "ID": OCI runtime exec failed: exec failed: unable to start container process: ';
				assert.equal(ran.stderr.replace(/[0-9a-f]{64}/, 'ID'), `${prefix}${text}\n`);
			}
		});

		it('sends nothing but the frames that a real server sends', async () => {
			const client = await StreamClient.open(sandbox, EXEC, {
				command: ['sh', '-c', 'exit 3'],
				stdout: 'true',
				stderr: 'true',
			});
			assert.equal(await client.closed, 1000);
			assert.deepEqual(JSON.parse(client.text(STATUS)), {
				metadata: {},
				status: 'Failure',
				message: 'command terminated with non-zero exit code: command terminated with exit code 3',
				reason: 'NonZeroExitCode',
				details: { causes: [{ reason: 'ExitCode', message: '3' }] },
			});
		});

		it('half-closes stdin with v5, and cannot with v4', async () => {
			const query = { command: 'cat', stdin: 'true', stdout: 'true' };
			const newer = await StreamClient.open(sandbox, EXEC, query, {
				protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
			});
			newer.send(STDIN, 'hello');
			newer.end(STDIN);
			assert.equal(await newer.closed, 1000);
			assert.equal(newer.text(STDOUT), 'hello');
			sandbox.misbehaviour.v4Only = true;
			const older = await StreamClient.open(sandbox, EXEC, query, {
				protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
			});
			sandbox.misbehaviour.v4Only = false;
			assert.equal(older.socket.protocol, 'v4.channel.k8s.io');
			older.send(STDIN, 'hello');
			older.end(STDIN);
			await older.until(STDOUT, 'hello');
			older.socket.terminate();
		});

		it('refuses what is wrong before the handshake, in the server’s words', async () => {
			const refused = async (path: string, query: Record<string, string>, options = {}) => {
				const error = await StreamClient.open(sandbox, path, query, options).catch((reason: unknown) => reason);
				assert.ok(error instanceof Refused, String(error));
				return [error.status, error.body.startsWith('{') ? JSON.parse(error.body).message : error.body];
			};
			const stdout = 'true';
			assert.deepEqual(await refused(EXEC, { stdout, container: 'nope' }), [
				400,
				'container nope is not valid for pod p',
			]);
			assert.deepEqual(await refused(EXEC.replace('/p/', '/none/'), { stdout }), [404, 'pods "none" not found']);
			assert.deepEqual(await refused(EXEC, { stdout }, { protocols: ['v9'] }), [403, '']);
			assert.deepEqual(await refused(EXEC, {}), [400, 'you must specify at least 1 of stdin, stdout, stderr']);
			const forbidden =
				'pods "p" is forbidden: User "u" cannot get resource "pods/exec" in API group "" in the namespace "default"';
			assert.deepEqual(await refused(EXEC, { stdout }, { user: 'u' }), [403, forbidden]);
			sandbox.grant('u', { verbs: ['get'], resources: ['pods/exec'] });
			assert.deepEqual(await refused(EXEC, { stdout }, { user: 'u' }), [403, 'pods "p" is forbidden: ']);
		});

		it('carries 64 MiB in and out unchanged, by the real kubectl', async () => {
			const input = randomBytes(64 * 1024 * 1024);
			const ran = await runKubectl(sandbox, ['exec', '-i', 'p', '--', 'sha256sum'], { input });
			assert.equal(ran.stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'));
			const out = await runKubectl(sandbox, ['exec', 'p', '--', 'sh', '-c', 'head -c 67108864 /dev/zero']);
			assert.equal(out.stdout.length, 64 * 1024 * 1024);
		});

		it('makes the process wait for a client that does not read, and a client for a process that does not', async () => {
			const before = process.memoryUsage().rss;
			const lazy = await StreamClient.open(sandbox, EXEC, {
				command: ['sh', '-c', 'head -c 500000000 /dev/zero; echo done >/tmp/read'],
				stdout: 'true',
			});
			lazy.socket.pause();
			const deaf = await StreamClient.open(sandbox, EXEC, {
				command: ['sleep', '1000'],
				stdin: 'true',
				stdout: 'true',
			});
			const chunk = Buffer.alloc(1024 * 1024);
			for (let sent = 0; sent < 100 && deaf.socket.bufferedAmount < 4 * chunk.length; sent += 1) {
				deaf.send(STDIN, chunk);
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
			assert.ok(deaf.socket.bufferedAmount >= 4 * chunk.length, 'the server went on reading');
			assert.equal((await sandbox.run('default', 'p', 'app', ['ls', '/tmp/read'])).code, 1);
			assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
			lazy.socket.terminate();
			deaf.socket.terminate();
		});

		it('lets the process see the end of its stdin when the client is gone, and live on', async () => {
			const command = ['sh', '-c', 'cat >/dev/null; echo over >/tmp/over'];
			const client = await StreamClient.open(sandbox, EXEC, { command, stdin: 'true', stdout: 'true' });
			client.send(STDIN, 'x');
			client.socket.terminate();
			const wait = 'for i in $(seq 100); do [ -e /tmp/over ] && break; sleep 0.05; done; cat /tmp/over';
			assert.equal((await sandbox.run('default', 'p', 'app', ['sh', '-c', wait])).stdout, 'over\n');
		});
	});

	describe('terminals', () => {
		it('have a size, take a new one, colours, Ctrl-C and Ctrl-D, by the real kubectl', async () => {
			const session = await kubectlOnTerminal(sandbox, ['exec', '-it', 'p', '--', 'sh']);
			await session.until('# ');
			session.type('stty size; echo $TERM\r');
			await session.until(/30 100\r\nxterm/);
			session.resize(120, 40);
			session.type("sh -c 'echo asl''eep; exec sleep 100'\r");
			await session.until('asleep\r\n');
			session.type('\x03');
			await session.until('^C');
			session.type('stty size; printf "\\033[31mred\\n"\r');
			await session.until(/40 120\r\n/);
			await session.until('\x1b[31mred');
			session.type('exit 5\r');
			assert.equal(await session.exited, 5);
		});

		it('live on when the client is gone, as under containerd', async () => {
			const query = { command: ['sh', '-c', 'sleep 4321; true'], stdin: 'true', stdout: 'true', tty: 'true' };
			const client = await StreamClient.open(sandbox, EXEC, query);
			const find = async () =>
				(await sandbox.run('default', 'p', 'app', ['sh', '-c', 'ps -o args= | grep -q "[s]leep 4321"'])).code;
			while ((await find()) !== 0) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
			client.socket.terminate();
			await client.closed;
			await new Promise((resolve) => setTimeout(resolve, 300));
			assert.equal(await find(), 0);
		});
	});
});
