import assert from 'node:assert/strict';
import type { ConnectionFlags } from '../../src/cluster/connect.ts';
import type { Step } from './driver.ts';
import { type Ground, layGround } from './ground.ts';
import { runtimes } from './run-driver.ts';

/** Two groups need two headers of one name, which Bun's own WebSocket cannot send: ours takes its place. */
const groups = { as: 'someone', asGroup: ['g1', 'g2'] };

for (const { runtime, title, impersonate } of [
	...runtimes.map((runtime) => ({ runtime, title: runtime, impersonate: {} })),
	{ runtime: 'bun' as const, title: 'bun with headers of one name', impersonate: groups },
]) {
	describe(`the channels of an exec, under ${title}`, function () {
		this.timeout(60_000);
		let ground: Ground;
		let flags: ConnectionFlags;
		before(async () => {
			ground = await layGround();
			flags = { server: ground.url, certificateAuthority: ground.certificates.path('ca.crt'), ...impersonate };
		});
		after(() => ground.close());
		const one = async (step: Step) => {
			const run = await ground.get(runtime, { flags, steps: [step] });
			assert.equal(run.error, undefined);
			return { ...run.steps[0], memory: run.memory };
		};

		it('keep stdout and stderr apart and end with the Status', async () => {
			const got = await one({ exec: ['exit', '7'] });
			assert.equal(got.protocol, 'v5');
			assert.equal(got.stdout, 'out');
			assert.equal(got.stderr, 'err');
			const { details } = got.ended as { details: { causes: object[] } };
			assert.deepEqual(details.causes, [{ reason: 'ExitCode', message: '7' }]);
			assert.deepEqual(ground.api.seen[0]?.headers['impersonate-group'], flags.asGroup);
		});

		it('speak v5 on the wire: stdin in frames of 32 KiB, sizes on channel 4, the end of stdin on 255', async () => {
			const got = await one({ exec: ['seen'], resize: [80, 24], stdin: ['hi', 40_000], closeStdin: true });
			assert.equal(got.closedStdin, true);
			const frames = (got.stdout ?? '').trim().split(' ');
			assert.equal(Buffer.from(frames[0] ?? '', 'hex').toString(), '\u0004{"Width":80,"Height":24}');
			assert.deepEqual(frames.slice(1), ['006869', '32769-bytes-of-0', '7233-bytes-of-0', 'ff00']);
		});

		it('v4 has no end of stdin, and everything else', async () => {
			ground.api.protocols = ['v4.channel.k8s.io'];
			try {
				const got = await one({ exec: ['drink', '5'], stdin: ['hello'], closeStdin: true });
				assert.equal(got.protocol, 'v4');
				assert.equal(got.closedStdin, false);
				assert.match(got.stdout ?? '', /^5 /);
			} finally {
				ground.api.protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
			}
		});

		it('ignore unknown channels, CLOSE and empty messages, and take texts', async () => {
			const got = await one({ exec: ['odd'] });
			assert.equal(got.stdout, 'text and bytes');
			assert.deepEqual(got.ended, { metadata: {}, status: 'Success' });
		});

		it('an end without a Status is a lost connection, after all output was handled', async () => {
			for (const verb of ['vanish', 'leave']) {
				const got = await one({ exec: [verb] });
				assert.equal(got.stdout, 'half');
				assert.equal(got.error?.name, 'ConnectionLost');
				assert.match(got.error?.message ?? '', /^the connection to 127\.0\.0\.1:\d+ was lost/);
			}
		});

		it('a server that sends the Status and does not close is left', async () => {
			const got = await one({ exec: ['linger'] });
			assert.equal(got.stdout, 'all');
			assert.deepEqual(got.ended, { metadata: {}, status: 'Success' });
		});

		it('a server that falls silent is given up after six pings; one with nothing to say is not', async () => {
			const mute = await one({ exec: ['mute'], pingInterval: 50 });
			assert.equal(mute.error?.name, 'ConnectionLost');
			assert.match(mute.error?.message ?? '', /no sign of life/);
			assert.ok((mute.milliseconds ?? 0) >= 300);
			const idle = await one({ exec: ['idle', '1000'], pingInterval: 50 });
			assert.equal(idle.stdout, 'done');
			assert.deepEqual(idle.ended, { metadata: {}, status: 'Success' });
		});

		it('a process that leaves its stdin unread is no silent server', async () => {
			const got = await one({ exec: ['balk', '1500'], stdin: [20_000_000], closeStdin: true, pingInterval: 50 });
			assert.equal(got.stdout, `20000000 ${got.sent?.digest}`);
			const mute = await one({ exec: ['mute'], stdin: ['typed'], pingInterval: 50 });
			assert.equal(mute.error?.name, 'ConnectionLost');
		});

		it('a reader that is slower than the pings is no reason to give up', async () => {
			const got = await one({ exec: ['pour', '9000000'], slow: 700, pingInterval: 50 });
			assert.equal(got.count, 9_000_000);
			assert.deepEqual(got.ended, { metadata: {}, status: 'Success' });
		});

		it('end with the reason of the signal, also before the handshake', async () => {
			assert.equal((await one({ exec: ['echo'], abortAfter: 80 })).error?.message, 'ended by us');
			assert.equal((await one({ exec: ['echo'], abortAfter: 0 })).error?.message, 'ended by us');
		});

		it('a refused handshake is the ApiError that the server sent', async () => {
			const got = await one({ exec: ['exit', '0'], path: '/forbidden' });
			assert.equal(got.error?.name, 'ApiError');
			assert.equal(got.error?.status, 403);
			assert.equal(got.error?.message, 'cannot create resource "pods/exec"');
		});

		it('what is no API server is named with the cure', async () => {
			for (const path of ['/gateway', '/plain']) {
				const { error } = await one({ exec: ['exit', '0'], path });
				assert.match(error?.message ?? '', /lets no WebSocket through$/);
				assert.match(error?.hint ?? '', /Upgrade: websocket/);
			}
			ground.api.protocols = [];
			try {
				const { error } = await one({ exec: ['exit', '0'] });
				assert.match(error?.message ?? '', /without the Kubernetes subprotocol; .* lets no WebSocket through$/);
			} finally {
				ground.api.protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
			}
		});

		it('carry bytes both ways unchanged', async () => {
			const got = await one({ exec: ['echo'], stdin: ['a', 3_000_001, 'z'], closeStdin: true });
			assert.equal(got.count, 3_000_003);
			assert.equal(got.digest, got.sent?.digest);
		});

		it('200 MB into a slow reader, and out to a slow one, in constant memory', async () => {
			const out = await one({ exec: ['pour', '200000000'], slow: 20 });
			assert.equal(out.count, 200_000_000);
			assert.ok(out.memory.peak - out.memory.start < 100, JSON.stringify(out.memory));
			const into = await one({ exec: ['drink', '200000000'], stdin: [200_000_000] });
			assert.equal(into.stdout, `200000000 ${into.sent?.digest}`);
			assert.ok(into.memory.peak - into.memory.start < 100, JSON.stringify(into.memory));
		});
	});
}
