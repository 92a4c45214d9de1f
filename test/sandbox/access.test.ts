import assert from 'node:assert/strict';
import type { Sandbox } from './sandbox.ts';
import { call, STRATEGIC } from './testing/api-client.ts';
import { ephemeral, sleeper } from './testing/manifests.ts';
import { runKubectl } from './testing/real-kubectl.ts';
import { useSandbox } from './testing/use-sandbox.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('stand-in cluster: access', function () {
	this.timeout(30_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
		await sandbox.apply(sleeper('a'));
	});

	after(() => sandbox?.stop());

	describe('users and rights', () => {
		it('refuses unknown tokens, and users without rights in the API server’s words', async () => {
			assert.equal((await call(sandbox, 'GET', PODS, { token: 'nobody' })).status, 401);
			const answer = await call(sandbox, 'GET', `${PODS}/a`, { user: 'dev-user' });
			assert.equal(answer.status, 403);
			const text =
				'pods "a" is forbidden: User "dev-user" cannot get resource "pods" in API group "" in the namespace "default"';
			assert.equal(answer.body.message, text);
		});

		it('lets a user do what was granted, in that namespace, and answers reviews accordingly', async () => {
			sandbox.grant('dev-user', { verbs: ['patch'], resources: ['pods/ephemeralcontainers'], namespaces: ['default'] });
			const patch = (name: string) =>
				call(sandbox, 'PATCH', `${PODS}/${name}/ephemeralcontainers?dryRun=All`, {
					body: ephemeral('x'),
					contentType: STRATEGIC,
					user: 'dev-user',
				});
			assert.equal((await patch('a')).status, 200);
			const review = async (namespace: string) => {
				const attributes = { verb: 'patch', resource: 'pods', subresource: 'ephemeralcontainers', namespace };
				const answer = await call(sandbox, 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
					body: { spec: { resourceAttributes: attributes } },
					user: 'dev-user',
				});
				return (answer.body.status as { allowed: boolean }).allowed;
			};
			assert.deepEqual([await review('default'), await review('kube-system')], [true, false]);
			sandbox.revoke('dev-user');
			assert.equal((await patch('a')).status, 403);
		});

		it('takes a verb away from everyone', async () => {
			sandbox.misbehaviour.denied.add('watch pods');
			const answer = await call(sandbox, 'GET', `${PODS}?watch=true`);
			sandbox.misbehaviour.denied.clear();
			assert.equal(answer.status, 403);
			assert.match(answer.body.message ?? '', /cannot watch resource "pods"/);
		});

		it('acts as another user when an administrator impersonates', async () => {
			const { stdout } = await runKubectl(sandbox, [
				'auth',
				'whoami',
				'--as',
				'eve',
				'-o',
				'jsonpath={.status.userInfo.username}',
			]);
			assert.equal(stdout, 'eve');
		});

		it('asks what it may do', async () => {
			const may = (user: string) => runKubectl(sandbox, ['auth', 'can-i', 'create', 'pods/exec'], { user });
			assert.equal((await may('admin')).stdout, 'yes\n');
			assert.equal((await may('dev-user')).stdout, 'no\n');
		});
	});

	describe('requests', () => {
		it('keeps a list of them with verb, user and status', async () => {
			sandbox.requests.length = 0;
			await call(sandbox, 'GET', `${PODS}/a`, { user: 'token-user' });
			const [entry] = sandbox.requests;
			assert.equal(entry?.verb, 'get');
			assert.equal(entry?.user, 'token-user');
			assert.equal(entry?.status, 403);
			assert.equal(entry?.url, `${PODS}/a`);
		});

		it('refuses request lines that are longer than a proxy takes', async () => {
			sandbox.misbehaviour.requestLineLimit = 8192;
			const long = await call(sandbox, 'GET', `${PODS}?labelSelector=${'a'.repeat(9000)}`);
			const short = await call(sandbox, 'GET', PODS);
			sandbox.misbehaviour.requestLineLimit = undefined;
			assert.deepEqual([long.status, short.status], [431, 200]);
		});
	});
});
