import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialsOf } from '../../src/cluster/credentials.ts';
import type { UserEntry } from '../../src/cluster/kubeconfig.ts';

describe('credentials over time', () => {
	const folder = mkdtempSync(join(tmpdir(), 'ke-credentials-'));
	const now = performance.now;
	after(() => rmSync(folder, { recursive: true }));
	afterEach(() => {
		performance.now = now;
	});
	const of = (user: UserEntry) =>
		credentialsOf(
			{ contextName: 'c', userName: 'u', cluster: { server: 'https://x' }, user, namespace: 'n' },
			process.env,
		);

	it('a token file is looked at again after a minute and not before', async () => {
		const tokenFile = join(folder, 'token');
		writeFileSync(tokenFile, 'one\n');
		const credentials = of({ tokenFile });
		assert.equal((await credentials.current()).authorization, 'Bearer one');
		writeFileSync(tokenFile, 'two\n');
		performance.now = () => now.call(performance) + 59_000;
		assert.equal((await credentials.current()).authorization, 'Bearer one');
		performance.now = () => now.call(performance) + 60_001;
		assert.equal((await credentials.current()).authorization, 'Bearer two');
	});

	it('a token file comes before a token, which stands in where the file cannot be read', async () => {
		const tokenFile = join(folder, 'second');
		writeFileSync(tokenFile, 'file');
		assert.equal((await of({ tokenFile, token: 't' }).current()).authorization, 'Bearer file');
		assert.equal((await of({ tokenFile: join(folder, 'none'), token: 't' }).current()).authorization, 'Bearer t');
		await assert.rejects(
			of({ tokenFile: join(folder, 'none') }).current(),
			/token file \S+ cannot be read \(ENOENT\)$/,
		);
	});

	it('requests made at the same time run an exec plugin once', async () => {
		const log = join(folder, 'runs');
		const status = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token: 't' } };
		const script = `printf x >>${log}; sleep 0.1; printf %s '${JSON.stringify(status)}'`;
		const credentials = of({
			exec: {
				apiVersion: 'client.authentication.k8s.io/v1',
				command: 'sh',
				args: ['-c', script],
				env: [],
				interactiveMode: 'Never',
				provideClusterInfo: false,
				installHint: undefined,
			},
		});
		const all = await Promise.all([1, 2, 3].map(() => credentials.current()));
		assert.deepEqual(
			all.map(({ authorization }) => authorization),
			['Bearer t', 'Bearer t', 'Bearer t'],
		);
		assert.equal(readFileSync(log, 'utf8'), 'x');
	});
});
