import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startApiServer } from './api-server.ts';
import { startConnectProxy, startSocksProxy } from './connect-proxy.ts';
import { type Ground, kubeconfig, layGround } from './ground.ts';
import { runtimes } from './run-driver.ts';

for (const runtime of runtimes) {
	describe(`the connection that a kubeconfig and flags come to, under ${runtime}`, function () {
		this.timeout(60_000);
		let ground: Ground;
		/** The cluster entry of the test's server. */
		let cluster: { server: string; 'certificate-authority-data': string };
		before(async () => {
			ground = await layGround();
			cluster = { server: ground.url, 'certificate-authority-data': ground.certificates.data('ca.crt') };
		});
		after(() => ground.close());
		const main = (user: object = {}, more: object = {}, context: object = {}): { KUBECONFIG: string } => ({
			KUBECONFIG: ground.write('main.json', kubeconfig({ ...cluster, ...more }, user, context)),
		});

		describe('several files', () => {
			it('of one name the first file wins, whole entries, and missing and empty files are skipped', async () => {
				const first = ground.write(
					'first.yaml',
					'users: [{name: me, user: {username: u, password: p}}]\ncurrent-context: main\n',
				);
				const empty = ground.write('empty.yaml', '# nothing yet\n');
				const second = ground.write('second.json', {
					...kubeconfig(cluster, { token: 'second' }),
					'current-context': 'other',
				});
				const KUBECONFIG = [join(ground.folder, 'none'), first, '', empty, second].join(':');
				const { seen, connection, error } = await ground.get(runtime, {}, { KUBECONFIG });
				assert.equal(error, undefined);
				assert.equal(connection?.contextName, 'main');
				assert.deepEqual(seen?.headers.authorization, [`Basic ${btoa('u:p')}`]);
			});

			it('paths are relative to the file that names them', async () => {
				const { certificates } = ground;
				ground.write('a/ca.crt', certificates.pem('ca.crt'));
				ground.write('b/me.crt', certificates.pem('alice.crt'));
				ground.write('b/me.key', certificates.pem('alice.key'));
				const a = ground.write('a/config', {
					clusters: [{ name: 'main', cluster: { server: ground.url, 'certificate-authority': 'ca.crt' } }],
				});
				const b = ground.write('b/config', {
					...kubeconfig({}, { 'client-certificate': 'me.crt', 'client-key': './me.key' }),
					clusters: [],
				});
				const { seen } = await ground.get(runtime, {}, { KUBECONFIG: `${a}:${b}` });
				assert.equal(seen?.certificate, 'alice');
			});

			it('without KUBECONFIG it is ~/.kube/config, and --kubeconfig stands alone and must exist', async () => {
				const home = ground.write('home/.kube/config', kubeconfig(cluster, { token: 'home' }));
				const HOME = home.replace('/.kube/config', '');
				assert.deepEqual((await ground.get(runtime, {}, { HOME })).seen?.headers.authorization, ['Bearer home']);
				const flags = { kubeconfig: join(ground.folder, 'nowhere') };
				const { error } = await ground.get(runtime, { flags }, { HOME });
				assert.equal(error?.message, `there is no kubeconfig ${flags.kubeconfig}`);
			});
		});

		it('--context, --cluster, --user and -n choose after the merge, and wrong names are answered with the right ones', async () => {
			const config = {
				'current-context': 'main',
				contexts: [
					{ name: 'main', context: { cluster: 'gone', user: 'me' } },
					{ name: 'work', context: { cluster: 'main', user: 'me', namespace: 'team' } },
				],
				clusters: [{ name: 'main', cluster }],
				users: [
					{ name: 'me', user: { token: 'mine' } },
					{ name: 'you', user: { token: 'yours' } },
				],
			};
			const env = { KUBECONFIG: ground.write('choose.json', config) };
			const work = await ground.get(runtime, { flags: { context: 'work', user: 'you' } }, env);
			assert.deepEqual(work.seen?.headers.authorization, ['Bearer yours']);
			assert.equal(work.connection?.namespace, 'team');
			assert.equal(work.connection?.userName, 'you');
			const named = await ground.get(runtime, { flags: { cluster: 'main', namespace: 'mine' } }, env);
			assert.equal(named.connection?.namespace, 'mine');
			assert.equal((await ground.get(runtime, {}, env)).error?.message, 'the cluster "gone" does not exist');
			const { error } = await ground.get(runtime, { flags: { context: 'wrk' } }, env);
			assert.equal(error?.message, 'the context "wrk" does not exist');
			assert.equal(error?.hint, 'there are: main, work');
		});

		it('--server, --token and the TLS flags lie over the file', async () => {
			const { certificates } = ground;
			const file = kubeconfig(
				{ server: 'https://127.0.0.1:1', 'certificate-authority-data': certificates.data('inner.crt') },
				{ tokenFile: '/nonexistent', 'client-certificate-data': certificates.data('plugin.crt') },
			);
			const env = { KUBECONFIG: ground.write('flags.json', file) };
			const flags = {
				server: ground.url,
				token: 'flag',
				certificateAuthority: certificates.path('ca.crt'),
				clientCertificate: certificates.path('alice.crt'),
				clientKey: certificates.path('alice.key'),
			};
			const { seen } = await ground.get(runtime, { flags }, env);
			assert.deepEqual(seen?.headers.authorization, ['Bearer flag']);
			assert.equal(seen?.certificate, 'alice');
			const insecure = await ground.get(
				runtime,
				{ flags: { ...flags, certificateAuthority: '', insecureSkipTlsVerify: true } },
				env,
			);
			assert.equal(insecure.steps[0]?.status, 200);
		});

		it('--request-timeout ends a request that gets no answer', async () => {
			const steps = [{ request: { path: '/silent' } }];
			const run = await ground.get(runtime, { flags: { requestTimeout: 200 }, steps }, main());
			assert.match(run.steps[0]?.error?.message ?? '', /did not answer within 0\.2 s$/);
		});

		it('impersonation from the file and the flags, each group and extra value a header of its own', async () => {
			const file = main({
				as: 'file-user',
				'as-uid': '7',
				'as-groups': ['g1', 'g2'],
				'as-user-extra': { 'acme.com/Scope%': ['a', 'b'] },
			});
			const { seen, connection } = await ground.get(runtime, {}, file);
			assert.deepEqual(seen?.headers['impersonate-user'], ['file-user']);
			assert.deepEqual(seen?.headers['impersonate-uid'], ['7']);
			assert.deepEqual(seen?.headers['impersonate-group'], ['g1', 'g2']);
			assert.deepEqual(seen?.headers['impersonate-extra-acme.com%2fscope%25'], ['a', 'b']);
			assert.equal(connection?.userName, 'file-user');
			const flags = { as: 'flag-user', asGroup: ['g3'], asUserExtra: ['k=v=w'] };
			const over = (await ground.get(runtime, { flags }, file)).seen?.headers;
			assert.deepEqual(over?.['impersonate-user'], ['flag-user']);
			assert.deepEqual(over?.['impersonate-group'], ['g3']);
			assert.deepEqual(over?.['impersonate-extra-k'], ['v=w']);
			const { error } = await ground.get(runtime, { flags: { asGroup: ['g'] } }, main());
			assert.match(error?.message ?? '', /impersonated without a user/);
		});

		it('tokenFile is read and trimmed, and read again after a 401', async () => {
			const file = ground.write('token', ' old \n');
			ground.api.tokens.add('new');
			try {
				const steps = [{ request: { path: '/seen' } }];
				const run = await ground.get(runtime, { steps }, main({ tokenFile: 'token' }));
				assert.deepEqual(
					ground.api.seen.map(({ headers }) => headers.authorization?.[0]),
					['Bearer old', 'Bearer old'],
				);
				assert.equal(run.steps[0]?.error?.status, 401);
				ground.write('token', 'new\n');
				assert.equal((await ground.get(runtime, { steps }, main({ tokenFile: file }))).steps[0]?.status, 200);
			} finally {
				ground.api.tokens.clear();
			}
		});

		it('a context without a user still trusts the cluster as it says', async () => {
			const file = kubeconfig(cluster);
			const env = {
				KUBECONFIG: ground.write('nouser.json', {
					...file,
					contexts: [{ name: 'main', context: { cluster: 'main' } }],
				}),
			};
			const { seen, steps } = await ground.get(runtime, {}, env);
			assert.equal(steps[0]?.status, 200);
			assert.equal(seen?.headers.authorization, undefined);
		});

		it('http:// servers, and an address without a scheme', async () => {
			const plain = await startApiServer(undefined);
			try {
				for (const server of [`http://127.0.0.1:${plain.port}`, `127.0.0.1:${plain.port}`]) {
					const run = await ground.get(runtime, { flags: { server } });
					assert.equal(run.steps[0]?.status, 200);
				}
				const exec = await ground.get(runtime, {
					flags: { server: `http://127.0.0.1:${plain.port}` },
					steps: [{ exec: ['exit', '3'] }],
				});
				assert.equal(exec.steps[0]?.stdout, 'out');
			} finally {
				await plain.close();
			}
		});

		it('a server with a path prefix, for HTTP and WebSocket', async () => {
			const steps = [{ request: { path: '/seen', query: { a: ['1', '2'], b: undefined } } }, { exec: ['exit', '0'] }];
			await ground.get(runtime, { steps }, main({}, { server: `${ground.url}/prefix/k8s/` }));
			assert.equal(ground.api.seen[0]?.url, '/prefix/k8s/seen?a=1&a=2');
			assert.match(
				ground.api.seen[1]?.url ?? '',
				/^\/prefix\/k8s\/api\/v1\/namespaces\/n\/pods\/p\/exec\?command=exit/,
			);
		});

		it('tls-server-name is what is verified and sent', async () => {
			const inner = await startApiServer(ground.certificates, 'inner');
			try {
				const server = `https://127.0.0.1:${inner.port}`;
				const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '0'] }];
				const wrong = await ground.get(runtime, { steps }, main({}, { server }));
				for (const step of wrong.steps) assert.match(step.error?.message ?? '', /is not for the name 127\.0\.0\.1$/);
				const right = await ground.get(runtime, { steps }, main({}, { server, 'tls-server-name': 'inner.test' }));
				assert.equal(right.steps[0]?.status, 200);
				assert.equal(right.steps[1]?.stdout, 'out');
				assert.deepEqual(
					inner.seen.map(({ serverName }) => serverName),
					['inner.test', 'inner.test'],
				);
				const flag = await ground.get(runtime, { flags: { server, tlsServerName: 'inner.test' }, steps }, main());
				assert.equal(flag.steps[0]?.status, 200);
			} finally {
				await inner.close();
			}
		});

		it('without a CA in the file the authorities of the machine are trusted', async () => {
			const own = { 'certificate-authority-data': undefined };
			const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '0'] }];
			const unknown = await ground.get(runtime, { steps }, main({}, own));
			for (const step of unknown.steps) assert.match(step.error?.message ?? '', /signed by an unknown authority/);
			const known = await ground.get(
				runtime,
				{ steps },
				{
					...main({}, own),
					SSL_CERT_FILE: ground.certificates.path('ca.crt'),
				},
			);
			assert.equal(known.steps[0]?.status, 200);
			assert.equal(known.steps[1]?.stdout, 'out');
			const both = await ground.get(runtime, {}, main({}, { 'insecure-skip-tls-verify': true }));
			assert.match(both.error?.message ?? '', /exclude each other/);
		});

		it('client certificates for HTTP and WebSocket', async () => {
			const { certificates } = ground;
			const user = {
				'client-certificate-data': certificates.data('alice.crt'),
				'client-key-data': certificates.data('alice.key'),
			};
			await ground.get(runtime, { steps: [{ request: { path: '/seen' } }, { exec: ['exit', '0'] }] }, main(user));
			assert.deepEqual(
				ground.api.seen.map(({ certificate }) => certificate),
				['alice', 'alice'],
			);
			const half = await ground.get(runtime, {}, main({ 'client-certificate-data': certificates.data('alice.crt') }));
			assert.match(half.error?.message ?? '', /client-certificate and no client-key/);
		});

		it('in a pod, its own account', async () => {
			ground.write('account/token', 'pod-token\n');
			ground.write('account/ca.crt', ground.certificates.pem('ca.crt'));
			ground.write('account/namespace', 'pod-ns');
			const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(ground.api.port) };
			const job = { serviceAccount: join(ground.folder, 'account') };
			const { seen, connection } = await ground.get(runtime, job, env);
			assert.deepEqual(seen?.headers.authorization, ['Bearer pod-token']);
			assert.equal(connection?.namespace, 'pod-ns');
			const beside = await ground.get(runtime, job, { ...env, ...main({ token: 'file' }) });
			assert.deepEqual(beside.seen?.headers.authorization, ['Bearer file']);
		});

		it('nothing at all configured: one sentence', async () => {
			const { error } = await ground.get(runtime, {});
			assert.equal(error?.message, 'no cluster is configured: there is no kubeconfig, and this is not a pod');
			assert.equal(error?.isUserError, true);
		});

		it('fields that no type knows come through untouched', async () => {
			const body = { metadata: { creationTimestamp: '2026-01-02T03:04:05Z', newField: [1, null] } };
			const steps = [
				{ request: { method: 'PATCH', path: '/seen', body, contentType: 'application/merge-patch+json' } },
			];
			const { seen } = await ground.get(runtime, { steps }, main());
			assert.deepEqual(JSON.parse(seen?.body ?? ''), body);
			assert.deepEqual(seen?.headers['content-type'], ['application/merge-patch+json']);
		});

		describe('through a proxy', () => {
			it('proxy-url of the cluster, for HTTP and WebSocket, with its login', async () => {
				const proxy = await startConnectProxy(ground.api.port);
				try {
					const file = main(
						{},
						{ server: 'https://cluster.test:6443', 'proxy-url': `http://u%40x:p@127.0.0.1:${proxy.port}` },
					);
					const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '3'] }];
					// NO_PROXY is about HTTPS_PROXY alone.
					const run = await ground.get(runtime, { steps }, { ...file, NO_PROXY: '*' });
					assert.equal(run.steps[0]?.status, 200);
					assert.equal(run.steps[1]?.stderr, 'err');
					assert.deepEqual(new Set(proxy.asked), new Set(['cluster.test:6443']));
					assert.deepEqual(new Set(proxy.logins), new Set(['u@x:p']));
				} finally {
					await proxy.close();
				}
			});

			it('HTTPS_PROXY but for NO_PROXY and loopback, for HTTP and WebSocket', async () => {
				const proxy = await startConnectProxy(ground.api.port);
				const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
				const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '3'] }];
				try {
					const away = await ground.get(
						runtime,
						{ steps },
						{ ...main({}, { server: 'https://cluster.test:6443' }), ...env },
					);
					assert.equal(away.steps[0]?.status, 200);
					assert.equal(away.steps[1]?.stdout, 'out');
					assert.deepEqual(new Set(proxy.asked), new Set(['cluster.test:6443']));
					const tunnels = proxy.asked.length;
					const loopback = await ground.get(runtime, { steps }, { ...main(), ...env });
					assert.equal(loopback.steps[0]?.status, 200);
					assert.equal(loopback.steps[1]?.stdout, 'out');
					const past = await ground.get(
						runtime,
						{ steps },
						{ ...main({}, { server: 'https://cluster.test:6443' }), ...env, no_proxy: 'other, .test' },
					);
					for (const step of past.steps)
						assert.match(step.error?.message ?? '', /no address is known for .* cluster\.test$/);
					assert.equal(proxy.asked.length, tunnels);
				} finally {
					await proxy.close();
				}
			});

			it('a proxy with TLS of its own', async () => {
				const proxy = await startConnectProxy(ground.api.port, ground.certificates);
				try {
					const file = main(
						{},
						{ server: 'https://cluster.test:6443', 'proxy-url': `https://localhost:${proxy.port}` },
					);
					const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '3'] }];
					const run = await ground.get(
						runtime,
						{ steps },
						{ ...file, NODE_EXTRA_CA_CERTS: ground.certificates.path('ca.crt') },
					);
					assert.equal(run.steps[0]?.status, 200);
					assert.equal(run.steps[1]?.stdout, 'out');
					assert.deepEqual(new Set(proxy.asked), new Set(['cluster.test:6443']));
				} finally {
					await proxy.close();
				}
			});

			it('a SOCKS5 proxy, with and without a login', async () => {
				const proxy = await startSocksProxy(ground.api.port);
				try {
					for (const login of ['', 'u:p@']) {
						const file = main(
							{},
							{ server: 'https://cluster.test:6443', 'proxy-url': `socks5://${login}127.0.0.1:${proxy.port}` },
						);
						const steps = [{ request: { path: '/seen' } }, { exec: ['echo'], stdin: [100_000], closeStdin: true }];
						const run = await ground.get(runtime, { steps }, file);
						assert.equal(run.steps[0]?.status, 200);
						assert.equal(run.steps[1]?.digest, run.steps[1]?.sent?.digest);
					}
					assert.deepEqual(new Set(proxy.asked), new Set(['cluster.test:6443']));
					assert.deepEqual(new Set(proxy.logins), new Set(['u:p']));
				} finally {
					await proxy.close();
				}
			});

			it('http:// servers by HTTP_PROXY', async () => {
				const proxy = await startConnectProxy(ground.api.port);
				const plain = await startApiServer(undefined);
				const through = await startConnectProxy(plain.port);
				try {
					const run = await ground.get(
						runtime,
						{ flags: { server: 'http://plain.test' } },
						{ HTTP_PROXY: `127.0.0.1:${through.port}`, HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
					);
					assert.equal(run.steps[0]?.status, 200);
					assert.equal(through.asked.length, 1);
					assert.deepEqual(proxy.asked, []);
				} finally {
					await through.close();
					await proxy.close();
					await plain.close();
				}
			});

			it('a proxy that refuses is named, without its password', async () => {
				const proxy = await startConnectProxy(ground.api.port);
				const steps = [{ request: { path: '/seen' } }, { exec: ['exit', '3'] }];
				const at = (host: string) =>
					main({}, { server: `https://${host}`, 'proxy-url': `http://u:sesame@127.0.0.1:${proxy.port}` });
				try {
					const refused = await ground.get(runtime, { steps }, at('refused.test'));
					for (const { error } of refused.steps) {
						assert.match(
							error?.message ?? '',
							/^the proxy http:\/\/127\.0\.0\.1:\d+ does not connect to refused\.test/,
						);
						assert.equal(error?.isUserError, true);
					}
					const login = await ground.get(runtime, { steps }, at('login.test'));
					for (const { error } of login.steps) assert.match(error?.hint ?? '', /wants a user and a password/);
					assert.doesNotMatch(JSON.stringify([refused, login]), /sesame/);
				} finally {
					await proxy.close();
				}
			});
		});
	});
}
