import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import type { Sandbox } from './sandbox.ts';
import { sleeper } from './testing/manifests.ts';
import { kubectlOnTerminal } from './testing/real-kubectl.ts';
import { Refused, StreamClient } from './testing/stream-client.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const EXEC = 'namespaces/default/pods/p/exec';
const STDIN = 0;
const STDOUT = 1;
const STATUS = 3;

describe('stand-in cluster: connections', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		await sandbox.apply(sleeper('p'));
		await sandbox.ready('default', 'p');
	});

	after(() => sandbox?.stop());

	describe('misbehaviour', () => {
		const refusal = async () => {
			const error = await StreamClient.open(sandbox, EXEC, { command: 'true', stdout: 'true' }).catch(
				(reason: unknown) => reason,
			);
			return error instanceof Refused ? [error.status, error.body] : String(error);
		};

		it('answers an upgrade as a proxy does that knows none, or with a 403', async () => {
			sandbox.misbehaviour.refuseUpgrade = { status: 502, body: '<h1>Bad Gateway</h1>' };
			assert.deepEqual(await refusal(), [502, '<h1>Bad Gateway</h1>']);
			sandbox.misbehaviour.refuseUpgrade = undefined;
			sandbox.misbehaviour.forbidUpgrade = true;
			assert.match(String(await refusal()), /^403,.*pods \\"p\\" is forbidden: /);
			sandbox.misbehaviour.forbidUpgrade = false;
		});

		it('cuts streams without a status, at once or after some bytes', async () => {
			sandbox.cutStreams();
			const command = ['sh', '-c', 'echo begun; sleep 100'];
			const client = await StreamClient.open(sandbox, EXEC, { command, stdout: 'true' });
			await client.until(STDOUT, 'begun');
			assert.equal(sandbox.cutStreams(), 1);
			assert.equal(await client.closed, 1006);
			assert.equal(client.text(STATUS), '');
			sandbox.misbehaviour.cutAfterBytes = 1000;
			const other = await StreamClient.open(sandbox, EXEC, {
				command: ['head', '-c', '100000', '/dev/zero'],
				stdout: 'true',
			});
			assert.equal(await other.closed, 1006);
			sandbox.misbehaviour.cutAfterBytes = undefined;
		});

		it('falls silent: no data, no status, no answer to pings', async () => {
			const client = await StreamClient.open(sandbox, EXEC, { command: 'cat', stdin: 'true', stdout: 'true' });
			let pongs = 0;
			client.socket.on('pong', () => {
				pongs += 1;
			});
			const answered = new Promise((resolve) => client.socket.once('pong', resolve));
			client.socket.ping();
			await answered;
			sandbox.misbehaviour.silentStreams = true;
			client.socket.ping();
			client.send(STDIN, 'lost');
			await new Promise((resolve) => setTimeout(resolve, 200));
			sandbox.misbehaviour.silentStreams = false;
			assert.deepEqual([pongs, client.text(STDOUT)], [1, '']);
			client.socket.terminate();
		});

		it('is as silent to the process: a lease that reads heartbeats ends', async () => {
			const lease = 'while read -r -t 1 line; do echo "$line" >>/tmp/lease; done; echo silence >>/tmp/lease';
			const client = await StreamClient.open(sandbox, EXEC, { command: ['sh', '-c', lease], stdin: 'true' });
			const heart = setInterval(() => client.send(STDIN, 'beat\n'), 50);
			await untilFile('/tmp/lease', 'beat');
			sandbox.misbehaviour.silentStreams = true;
			client.end(STDIN);
			await untilFile('/tmp/lease', 'silence');
			clearInterval(heart);
			sandbox.misbehaviour.silentStreams = false;
			client.socket.terminate();
		});

		it('does not tell the process that the client is gone until the line is back', async () => {
			const command = ['sh', '-c', 'echo begun; cat; echo ended >/tmp/ended'];
			const client = await StreamClient.open(sandbox, EXEC, { command, stdin: 'true', stdout: 'true' });
			await client.until(STDOUT, 'begun');
			sandbox.misbehaviour.silentStreams = true;
			client.socket.terminate();
			while (sandbox.cutStreams() > 0) {
				await new Promise((resolve) => setImmediate(resolve));
			}
			assert.equal((await sandbox.run('default', 'p', 'app', ['test', '-e', '/tmp/ended'])).code, 1);
			sandbox.misbehaviour.silentStreams = false;
			await untilFile('/tmp/ended', 'ended');
		});

		const untilFile = (path: string, text: string) =>
			sandbox.run('default', 'p', 'app', ['sh', '-c', `until grep -qs ${text} ${path}; do sleep 0.05; done`]);
	});

	describe('port-forward', () => {
		const listen = (port: number, answer: string) =>
			sandbox.run('default', 'p', 'app', ['sh', '-c', `nc -l -p ${port} -e sh -c 'read line; echo "${answer} $line"'`]);

		const untilListening = (port: number) => {
			const hex = port.toString(16).toUpperCase();
			return sandbox.run('default', 'p', 'app', [
				'sh',
				'-c',
				`until grep -q ":${hex} 0*:0000 0A" /proc/net/tcp*; do sleep 0.05; done`,
			]);
		};

		it('works with the real kubectl, one connection after the other, and says when nothing listens', async () => {
			const session = await kubectlOnTerminal(sandbox, ['port-forward', 'pod/p', ':7100']);
			await session.until(/127\.0\.0\.1:(\d+) -> 7100/);
			const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(session.shown())?.[1]);
			for (const answer of ['first', 'second']) {
				const served = listen(7100, answer);
				await untilListening(7100);
				assert.equal(await talk(local, 'hello\n'), `${answer} hello\n`);
				await served;
			}
			await talk(local, 'x');
			await session.until('failed to connect to localhost:7100 inside namespace');
			session.type('\x03');
			await session.exited;
		});

		it('works over channels', async () => {
			const served = listen(7200, 'plain');
			await untilListening(7200);
			const path = 'namespaces/default/pods/p/portforward';
			const client = await StreamClient.open(sandbox, path, { ports: '7200' }, { protocols: ['v4.channel.k8s.io'] });
			client.send(0, 'hello\n');
			await client.closed;
			const port = Buffer.from([7200 & 255, 7200 >> 8]);
			assert.deepEqual(Buffer.concat(client.received[0] ?? []), Buffer.concat([port, Buffer.from('plain hello\n')]));
			await served;
		});
	});

	describe('request lines', () => {
		it('hold no secret', () => {
			const secrets = ['admin', 'u'].map((user) => sandbox.token(user));
			assert.ok(sandbox.requests.length > 5);
			assert.ok(sandbox.requests.every(({ url }) => !secrets.some((secret) => url.includes(secret))));
		});
	});
});

/** Sends a line to a port of this machine and returns all that comes back. */
async function talk(port: number, line: string): Promise<string> {
	const socket = createConnection(port, '127.0.0.1');
	socket.on('error', () => undefined);
	socket.write(line);
	let answer = '';
	socket.on('data', (chunk: Buffer) => {
		answer += chunk.toString();
	});
	await new Promise((resolve) => socket.on('close', resolve));
	return answer;
}
