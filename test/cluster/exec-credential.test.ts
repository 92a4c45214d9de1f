import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import type { Job, Result } from './driver.ts';
import { type Ground, kubeconfig, layGround } from './ground.ts';
import { runtimes } from './run-driver.ts';

const v1 = 'client.authentication.k8s.io/v1';

/** A plugin: counts its runs in `runs`, keeps its environment in `env`, and prints an ExecCredential with this status. */
function plugin(status: string, apiVersion = v1): string {
	return `#!/bin/sh
cd "$(dirname "$0")" || exit 1
printf x >>runs
printf %s "$KUBERNETES_EXEC_INFO" >info
env >env
if [ -t 0 ]; then printf tty >stdin; else printf none >stdin; fi
echo 'to sign in, open https://login.test' >&2
n=$(wc -c <runs)
cat <<END
{"kind": "ExecCredential", "apiVersion": "${apiVersion}", "status": ${status}}
END
`;
}

for (const runtime of runtimes) {
	describe(`credentials from an exec plugin, under ${runtime}`, function () {
		this.timeout(60_000);
		let ground: Ground;
		before(async () => {
			ground = await layGround();
		});
		after(() => ground.close());
		beforeEach(() => {
			for (const name of ['runs', 'info', 'env', 'stdin']) rmSync(join(ground.folder, name), { force: true });
			ground.api.tokens.clear();
		});
		const left = (name: string): string => readFileSync(join(ground.folder, name), 'utf8');
		const user = (exec: object): { KUBECONFIG: string } => ({
			KUBECONFIG: ground.write(
				'config',
				kubeconfig(
					{
						server: ground.url,
						'certificate-authority': 'pki/ca.crt',
						'proxy-url': '',
						extensions: [
							{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a', level: 5, on: true } },
						],
					},
					{ exec: { apiVersion: v1, interactiveMode: 'IfAvailable', command: './plugin', ...exec } },
				),
			),
		});
		const twice: Job = {
			steps: [{ request: { path: '/seen' } }, { request: { path: '/seen' } }, { exec: ['exit', '0'] }],
		};

		it('a relative command is found beside the file, gets its args and environment, and its stderr is seen', async () => {
			ground.write('plugin', plugin('{"token": "t-$1"}'));
			const env = user({ args: ['one'], env: [{ name: 'AWS_PROFILE', value: 'prod' }] });
			const run = await ground.get(runtime, twice, { ...env, KEPT: 'yes' });
			assert.deepEqual(
				ground.api.seen.map(({ headers }) => headers.authorization?.[0]),
				['Bearer t-one', 'Bearer t-one', 'Bearer t-one'],
			);
			assert.equal(left('runs'), 'x');
			assert.match(left('env'), /^AWS_PROFILE=prod$/m);
			assert.match(left('env'), /^KEPT=yes$/m);
			assert.match(run.stderr, /to sign in, open/);
		});

		it('a bare command is looked up on PATH', async () => {
			ground.write(
				'bin/my-login',
				plugin('{"token": "from-path"}').replace('cd "$(dirname "$0")"', 'cd "$(dirname "$0")/.."'),
			);
			const env = { ...user({ command: 'my-login' }), PATH: `${join(ground.folder, 'bin')}:${process.env.PATH}` };
			assert.deepEqual((await ground.get(runtime, {}, env)).seen?.headers.authorization, ['Bearer from-path']);
		});

		it('KUBERNETES_EXEC_INFO tells of the cluster where provideClusterInfo asks for it', async () => {
			ground.write('plugin', plugin('{"token": "t"}'));
			await ground.get(runtime, {}, user({}));
			assert.deepEqual(JSON.parse(left('info')), {
				kind: 'ExecCredential',
				apiVersion: v1,
				spec: { interactive: false },
			});
			await ground.get(runtime, {}, user({ provideClusterInfo: true }));
			assert.deepEqual(JSON.parse(left('info')).spec.cluster, {
				server: ground.url,
				'certificate-authority-data': ground.certificates.data('ca.crt'),
				config: { audience: 'a', level: 5, on: true },
			});
		});

		it('v1beta1 is understood, other versions and answers in another version are refused', async () => {
			const v1beta1 = 'client.authentication.k8s.io/v1beta1';
			ground.write('plugin', plugin('{"token": "beta"}', v1beta1));
			const beta = user({ apiVersion: v1beta1, interactiveMode: undefined });
			assert.deepEqual((await ground.get(runtime, {}, beta)).seen?.headers.authorization, ['Bearer beta']);
			const mixed = await ground.get(runtime, {}, user({}));
			assert.match(mixed.steps[0]?.error?.message ?? '', /answered in another version than client\.authentication/);
			const old = await ground.get(runtime, {}, user({ apiVersion: 'client.authentication.k8s.io/v1alpha1' }));
			assert.match(old.steps[0]?.error?.message ?? '', /which is not supported$/);
			const modeless = await ground.get(runtime, {}, user({ interactiveMode: undefined }));
			assert.match(modeless.steps[0]?.error?.message ?? '', /no valid interactiveMode/);
		});

		it('a credential past its expirationTimestamp is had anew, one before it is kept', async () => {
			ground.write('plugin', plugin('{"token": "t$n", "expirationTimestamp": "2020-01-01T00:00:00Z"}'));
			await ground.get(runtime, twice, user({}));
			assert.deepEqual(
				ground.api.seen.map(({ headers }) => headers.authorization?.[0]),
				['Bearer t1', 'Bearer t2', 'Bearer t3'],
			);
			rmSync(join(ground.folder, 'runs'));
			ground.write('plugin', plugin('{"token": "t$n", "expirationTimestamp": "2999-01-01T00:00:00Z"}'));
			await ground.get(runtime, twice, user({}));
			assert.equal(left('runs'), 'x');
		});

		it('a 401 is tried once more with a new credential, for HTTP and WebSocket', async () => {
			ground.write('plugin', plugin('{"token": "t$n"}'));
			ground.api.tokens.add('t2');
			const good = await ground.get(runtime, twice, user({}));
			assert.deepEqual(
				good.steps.map(({ status, stdout }) => status ?? stdout),
				[200, 200, 'out'],
			);
			assert.equal(left('runs'), 'xx');
			const socket = await ground.get(runtime, { steps: [{ exec: ['exit', '0'] }] }, user({}));
			assert.equal(socket.steps[0]?.error?.status, 401);
			assert.equal(left('runs'), 'xxxx');
			assert.doesNotMatch(JSON.stringify(socket.steps), /t3|t4/);
		});

		it('a client certificate in the credential is used for HTTP and WebSocket', async () => {
			const pair = {
				clientCertificateData: ground.certificates.pem('plugin.crt'),
				clientKeyData: ground.certificates.pem('plugin.key'),
			};
			ground.write('plugin', plugin(JSON.stringify(pair)).replace('<<END', "<<'END'"));
			await ground.get(runtime, twice, user({}));
			assert.deepEqual(
				ground.api.seen.map(({ certificate }) => certificate),
				['plugin', 'plugin', 'plugin'],
			);
		});

		it('a missing plugin is answered with its installHint, a failing one with its exit code, never with its words', async () => {
			const missing = await ground.get(runtime, {}, user({ command: 'no-such-login', installHint: 'brew install it' }));
			assert.equal(missing.steps[0]?.error?.message, 'the credential plugin no-such-login was not found');
			assert.equal(missing.steps[0]?.error?.hint, 'brew install it');
			ground.write('plugin', '#!/bin/sh\necho sesame\nexit 3\n');
			const failing = await ground.get(runtime, {}, user({}));
			assert.match(failing.steps[0]?.error?.message ?? '', /failed \(exit code 3\)$/);
			ground.write('plugin', '#!/bin/sh\necho sesame\n');
			const talking = await ground.get(runtime, {}, user({}));
			assert.match(talking.steps[0]?.error?.message ?? '', /printed no ExecCredential/);
			assert.doesNotMatch(JSON.stringify([failing, talking]), /sesame/);
		});

		it('a token or certificate of the same user makes the plugin unnecessary', async () => {
			ground.write('plugin', plugin('{"token": "t"}'));
			const { seen } = await ground.get(runtime, { flags: { token: 'flag' } }, user({}));
			assert.deepEqual(seen?.headers.authorization, ['Bearer flag']);
			assert.throws(() => left('runs'));
		});

		it('interactiveMode: the terminal is lent where it may be, and asked for where it must be', async () => {
			ground.write('plugin', plugin('{"token": "t"}'));
			const always = await ground.get(runtime, {}, user({ interactiveMode: 'Always' }));
			assert.match(always.steps[0]?.error?.message ?? '', /standard input is no terminal$/);
			for (const [interactiveMode, stdin] of [
				['Always', 'tty'],
				['IfAvailable', 'tty'],
				['Never', 'none'],
			] as const) {
				const run = await atTerminal(runtime, { steps: [{ request: { path: '/seen' } }] }, user({ interactiveMode }));
				assert.equal(run.steps[0]?.status, 200, interactiveMode);
				assert.equal(left('stdin'), stdin, interactiveMode);
				assert.equal(JSON.parse(left('info')).spec.interactive, stdin === 'tty');
			}
		});
	});
}

/** Runs the driver at a pseudo-terminal. */
function atTerminal(runtime: 'node' | 'bun', job: Job, env: Record<string, string>): Promise<Result> {
	const command = runtime === 'node' ? process.execPath : join(import.meta.dirname, '../../node_modules/.bin/bun');
	const terminal = spawn(command, [join(import.meta.dirname, 'driver.ts'), JSON.stringify(job)], {
		cols: 2000,
		env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
	});
	let output = '';
	terminal.onData((text) => {
		output += text;
	});
	return new Promise((resolve, reject) => {
		terminal.onExit(() => {
			const line = /^\{"runtime".*$/m.exec(output)?.[0];
			if (line === undefined) reject(new Error(`no result: ${output}`));
			else resolve(JSON.parse(line) as Result);
		});
	});
}
