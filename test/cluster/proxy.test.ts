import assert from 'node:assert/strict';
import { proxyFor } from '../../src/cluster/proxy.ts';

describe('the proxy between us and the server', () => {
	const env = { HTTPS_PROXY: 'http://proxy.test:3128', HTTP_PROXY: 'plain.test', http_proxy: 'http://lower.test' };
	const of = async (server: string, NO_PROXY = ''): Promise<string | undefined> =>
		(await proxyFor(new URL(server), undefined, { ...env, NO_PROXY }))?.host;

	it('goes by the scheme of the server, upper case first, and a scheme may be left out', async () => {
		assert.equal(await of('https://a.test'), 'proxy.test:3128');
		assert.equal(await of('http://a.test'), 'plain.test');
		assert.equal(
			(await proxyFor(new URL('http://a.test'), undefined, { http_proxy: 'lower.test' }))?.host,
			'lower.test',
		);
		assert.equal(await proxyFor(new URL('https://a.test'), undefined, { HTTP_PROXY: 'plain.test' }), undefined);
	});

	for (const [noProxy, direct, proxied] of [
		['*', ['https://a.test', 'https://10.0.0.1'], []],
		['a.test', ['https://a.test', 'https://x.a.test', 'https://A.TEST'], ['https://ba.test', 'https://a.test.org']],
		['.a.test', ['https://x.a.test'], ['https://a.test', 'https://xa.test']],
		['*.a.test', ['https://x.a.test'], ['https://a.test']],
		['a.test:6443', ['https://a.test:6443', 'https://x.a.test:6443'], ['https://a.test']],
		['a.test:443', ['https://a.test'], ['https://a.test:6443']],
		['10.0.0.0/8', ['https://10.1.2.3'], ['https://11.1.2.3', 'https://a.test']],
		['fd00::/8', ['https://[fd12::1]'], ['https://[fe80::1]', 'https://10.0.0.1']],
		['10.1.2.3', ['https://10.1.2.3', 'https://10.1.2.3:6443'], ['https://10.1.2.4']],
		['10.1.2.3:6443', ['https://10.1.2.3:6443'], ['https://10.1.2.3']],
		['[fd12::1]:6443', ['https://[fd12::1]:6443'], ['https://[fd12::1]']],
		[' b.test , a.test ', ['https://a.test', 'https://b.test'], ['https://c.test']],
		['10.0.0.0/99,x/8,/', [], ['https://10.1.2.3', 'https://x']],
		['', ['https://localhost', 'https://127.0.0.1:6443', 'https://127.9.9.9', 'https://[::1]'], ['https://128.0.0.1']],
	] as const) {
		it(`NO_PROXY="${noProxy}"`, async () => {
			for (const server of direct) assert.equal(await of(server, noProxy), undefined, server);
			for (const server of proxied) assert.equal(await of(server, noProxy), 'proxy.test:3128', server);
		});
	}

	it('proxy-url comes before the environment, also for loopback and against NO_PROXY', async () => {
		const proxy = await proxyFor(new URL('https://127.0.0.1'), 'http://own.test', { ...env, NO_PROXY: '*' });
		assert.equal(proxy?.host, 'own.test');
	});

	it('what is no proxy is refused without its password', async () => {
		await assert.rejects(proxyFor(new URL('https://a.test'), 'ftp://u:sesame@own.test', {}), (error: Error) => {
			assert.match(error.message, /^proxy-url names a proxy of the kind ftp:\/\//);
			assert.doesNotMatch(error.message, /sesame/);
			return true;
		});
		await assert.rejects(proxyFor(new URL('https://a.test'), undefined, { HTTPS_PROXY: 'http://u:sesame@[' }), {
			message: 'HTTPS_PROXY is no URL',
		});
	});
});
