import assert from 'node:assert/strict';
import { type Ground, layGround } from './ground.ts';
import { runDriver, runtimes } from './run-driver.ts';

for (const runtime of runtimes) {
	describe(`one request, under ${runtime}`, function () {
		this.timeout(60_000);
		let ground: Ground;
		let flags: { server: string; certificateAuthority: string; token: string };
		before(async () => {
			ground = await layGround();
			flags = { server: ground.url, certificateAuthority: ground.certificates.path('ca.crt'), token: 'sesame' };
		});
		after(() => ground.close());

		it('sends JSON, texts and bytes as they are, with a User-Agent of our own', async () => {
			const steps = [
				{ request: { method: 'POST', path: '/seen', body: { a: 'ü' } } },
				{ request: { method: 'PUT', path: '/seen', body: 'as it is', contentType: 'text/plain', accept: 'text/csv' } },
			];
			await ground.get(runtime, { flags, steps });
			const [json, text] = ground.api.seen;
			assert.equal(json?.body, '{"a":"ü"}');
			assert.deepEqual(json?.headers['content-type'], ['application/json']);
			assert.deepEqual(json?.headers['user-agent'], ['kubectl-ephemeral']);
			assert.equal(text?.body, 'as it is');
			assert.deepEqual(text?.headers['content-type'], ['text/plain']);
			assert.deepEqual(text?.headers.accept, ['text/csv']);
		});

		it('reads compressed answers', async () => {
			const run = await ground.get(runtime, { flags, steps: [{ request: { path: '/gzip' } }] });
			assert.equal(JSON.parse(run.steps[0]?.text ?? '').text.length, 200_000);
			assert.match(ground.api.seen[0]?.headers['accept-encoding']?.[0] ?? '', /gzip/);
		});

		it('gives a stream line by line, as it comes, the last without a line feed too', async () => {
			const run = await ground.get(runtime, { flags, steps: [{ request: { path: '/watch' }, read: 'lines' }] });
			assert.deepEqual(run.steps[0]?.lines, ['{"n":1}', '{"n":2}', '{"n":"ü"}']);
		});

		it('a stream that is left early is ended, and holds no more than what was read', async () => {
			const steps = [{ request: { path: '/endless' }, read: 'some' as const }, { request: { path: '/seen' } }];
			const run = await ground.get(runtime, { flags, steps });
			assert.ok((run.steps[0]?.count ?? 0) > 1e6);
			assert.equal(run.steps[1]?.status, 200);
			assert.ok(run.memory.peak - run.memory.start < 60, JSON.stringify(run.memory));
		});

		it('warnings of the server are handed on', async () => {
			const run = await ground.get(runtime, { flags, steps: [{ request: { path: '/warn' } }] });
			assert.deepEqual(run.steps[0]?.warnings, ['one "quoted"', 'two']);
		});

		it('a refusal is an ApiError with the Status; one that is none says that no API server answered', async () => {
			const paths = ['/forbidden', '/login', '/redirect'];
			const run = await ground.get(runtime, { flags, steps: paths.map((path) => ({ request: { path } })) });
			const [forbidden, login, redirect] = run.steps.map(({ error }) => error);
			assert.equal(forbidden?.name, 'ApiError');
			assert.equal(forbidden?.message, 'pods is forbidden');
			assert.equal(forbidden?.status, 403);
			assert.equal(forbidden?.reason, 'Forbidden');
			assert.match(login?.message ?? '', /answered 403 with a web page; it is not a Kubernetes API server/);
			assert.equal(redirect?.status, 302);
			assert.doesNotMatch(JSON.stringify(run), /secret-looking/);
		});

		it('a stream that breaks off is an error, and an aborted one ends with the reason given', async () => {
			const steps = [
				{ request: { path: '/cut' } },
				{ request: { path: '/silent' }, abortAfter: 50 },
				{ request: { path: '/endless' }, abortAfter: 50 },
				{ request: { path: '/silent', timeout: 50 } },
			];
			const run = await ground.get(runtime, { flags, steps });
			const [cut, silent, endless, late] = run.steps.map(({ error }) => error);
			assert.match(cut?.message ?? '', /^the connection to the server 127\.0\.0\.1:\d+ failed/);
			assert.equal(silent?.message, 'ended by us');
			assert.equal(endless?.message, 'ended by us');
			assert.match(late?.message ?? '', /did not answer within 0\.05 s/);
		});

		it('a server that is not there is told in one sentence, for HTTP and WebSocket', async () => {
			const steps = [{ request: { path: '/' } }, { exec: ['exit', '0'] }];
			const refused = await runDriver(runtime, { flags: { server: 'https://127.0.0.1:1' }, steps });
			for (const { error } of refused.steps) {
				assert.equal(error?.message, 'the connection to the server 127.0.0.1:1 was refused');
			}
			const unknown = await runDriver(runtime, { flags: { server: 'https://no.such.invalid' }, steps });
			for (const { error } of unknown.steps) {
				assert.equal(error?.message, 'no address is known for the server no.such.invalid');
			}
			const plain = await runDriver(runtime, { flags: { server: ground.url.replace('https', 'http') }, steps });
			for (const { error } of plain.steps) assert.equal(error?.isUserError, true);
		});

		it('the request log has the lines of kubectl and never a credential', async () => {
			const steps = [
				{ request: { method: 'POST', path: '/seen', body: { text: 'x'.repeat(3000) } } },
				{ request: { path: '/forbidden' } },
				{ exec: ['exit', '0'] },
			];
			const { log } = await ground.get(runtime, { flags, steps, log: 8 });
			const text = log.join('\n');
			assert.match(text, /^POST https:\/\/127\.0\.0\.1:\d+\/seen 200 OK in \d+ milliseconds$/m);
			assert.match(text, /^GET https:\S+\/forbidden 403 Forbidden in \d+ milliseconds$/m);
			assert.match(text, /^GET https:\S+\/exec\?command=exit\S+ 101 Switching Protocols in \d+ milliseconds$/m);
			assert.match(text, /^ {4}Authorization: Bearer <masked>$/m);
			assert.match(text, /^Request Body: \{"text":"x+ \[truncated \d+ chars\]$/m);
			assert.match(text, /^Response Body: \{"kind":"Status"/m);
			assert.doesNotMatch(text, /sesame/);
			const six = await ground.get(runtime, { flags, steps, log: 6 });
			assert.equal(six.log.length, 3);
		});
	});
}
