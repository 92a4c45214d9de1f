import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificates } from './certificates.ts';
import { type Ground, kubeconfig, layGround } from './ground.ts';
import { runtimes } from './run-driver.ts';

/** A token whose `exp` is so many seconds from now. */
function idToken(seconds: number, claims: object = {}): string {
	const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
	const exp = Math.floor(Date.now() / 1000) + seconds;
	return `${part({ alg: 'RS256' })}.${part({ exp, ...claims })}.c2ln`;
}

/** An OpenID provider that answers discovery and one kind of token request (RFC 6749 §6). */
async function startIssuer(
	certificates: Certificates,
): Promise<{ url: string; bodies: string[]; given: string[]; close(): Promise<unknown> }> {
	const bodies: string[] = [];
	const given: string[] = [];
	let url = '';
	const server = createServer(
		{ key: certificates.pem('server.key'), cert: certificates.pem('server.crt') },
		async (request, response) => {
			const chunks: Buffer[] = [];
			for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
			response.setHeader('content-type', 'application/json');
			if (request.url?.endsWith('/.well-known/openid-configuration')) {
				response.end(
					JSON.stringify({ issuer: url, token_endpoint: `${url}/token`, authorization_endpoint: `${url}/auth` }),
				);
				return;
			}
			bodies.push(Buffer.concat(chunks).toString());
			const now = Math.floor(Date.now() / 1000);
			const token = idToken(3600, { iss: url, aud: 'kubectl', sub: 'me', iat: now });
			given.push(token);
			response.end(
				JSON.stringify({
					access_token: 'a',
					token_type: 'Bearer',
					expires_in: 3600,
					refresh_token: 'next',
					id_token: token,
				}),
			);
		},
	);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	url = `https://localhost:${(server.address() as AddressInfo).port}`;
	return {
		url,
		bodies,
		given,
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	};
}

for (const runtime of runtimes) {
	describe(`legacy auth providers, under ${runtime}`, function () {
		this.timeout(60_000);
		let ground: Ground;
		before(async () => {
			ground = await layGround();
		});
		after(() => ground.close());
		const user = (name: string, config: object): { KUBECONFIG: string } => ({
			KUBECONFIG: ground.write(
				'config',
				kubeconfig(
					{ server: ground.url, 'certificate-authority': 'pki/ca.crt' },
					{ 'auth-provider': { name, config } },
				),
			),
		});
		const twice = { steps: [{ request: { path: '/seen' } }, { exec: ['exit', '0'] }] };
		const sent = () => ground.api.seen.map(({ headers }) => headers.authorization?.[0]);

		it('oidc: a token that is valid is used', async () => {
			const token = idToken(3600);
			await ground.get(runtime, twice, user('oidc', { 'id-token': token }));
			assert.deepEqual(sent(), [`Bearer ${token}`, `Bearer ${token}`]);
		});

		it('oidc: a token that has ended is renewed at the issuer, and nothing is written', async () => {
			const issuer = await startIssuer(ground.certificates);
			try {
				const env = user('oidc', {
					'id-token': idToken(-10),
					'refresh-token': 'refresh-me',
					'client-id': 'kubectl',
					'idp-issuer-url': issuer.url,
					'idp-certificate-authority': ground.certificates.path('ca.crt'),
				});
				const before = readFileSync(env.KUBECONFIG, 'utf8');
				const run = await ground.get(runtime, twice, env);
				assert.equal(run.steps[0]?.error, undefined);
				assert.match(issuer.bodies[0] ?? '', /grant_type=refresh_token/);
				assert.match(issuer.bodies[0] ?? '', /refresh_token=refresh-me/);
				assert.equal(issuer.bodies.length, 1);
				assert.deepEqual(sent(), [`Bearer ${issuer.given[0]}`, `Bearer ${issuer.given[0]}`]);
				assert.equal(readFileSync(env.KUBECONFIG, 'utf8'), before);
			} finally {
				await issuer.close();
			}
		});

		it('oidc: a token that has ended and cannot be renewed is told, without it', async () => {
			const token = idToken(-10);
			const run = await ground.get(runtime, {}, user('oidc', { 'id-token': token }));
			assert.match(run.steps[0]?.error?.message ?? '', /^the OpenID Connect token has ended/);
			assert.equal(run.steps[0]?.error?.isUserError, true);
			assert.ok(!JSON.stringify(run).includes(token));
		});

		it('gcp and azure: a token that is valid, and one that a command renews', async () => {
			for (const name of ['gcp', 'azure']) {
				await ground.get(
					runtime,
					twice,
					user(name, { 'access-token': 'at', expiry: '2999-01-01T00:00:00Z', 'expires-on': '32472144000' }),
				);
				assert.deepEqual(sent(), ['Bearer at', 'Bearer at']);
				const command = ground.write(
					'renew',
					'#!/bin/sh\necho \'{"c": {"t": "renewed", "e": "2999-01-01T00:00:00Z"}}\'\n',
				);
				const config = { 'cmd-path': command, 'cmd-args': 'x', 'token-key': '{.c.t}', 'expiry-key': '{.c.e}' };
				await ground.get(runtime, twice, user(name, config));
				assert.deepEqual(sent(), ['Bearer renewed', 'Bearer renewed'], name);
			}
		});

		it('an unknown provider is named with what replaces it', async () => {
			const run = await ground.get(runtime, {}, user('magic', {}));
			assert.match(run.steps[0]?.error?.message ?? '', /auth-provider "magic", which is not known$/);
		});
	});
}
