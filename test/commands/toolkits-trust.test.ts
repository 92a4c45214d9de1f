import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { executable } from '../support/executable.ts';
import { aHome, type Home, type HomeRun, SCRIPT, toolkitYaml } from '../support/home.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';

/** Trust as the program asks for it; the cluster is a port that counts who comes. */
describe('toolkits that must be trusted', () => {
	let home: Home;
	let server: Server;
	let came = 0;
	let env: NodeJS.ProcessEnv;

	before(async () => {
		server = createServer((socket) => {
			came++;
			socket.destroy();
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	});
	after(() => server.close());
	beforeEach(() => {
		came = 0;
		home = aHome();
		const address = server.address();
		const port = typeof address === 'object' && address ? address.port : 0;
		const kubeconfig = home.write(
			'kubeconfig',
			JSON.stringify({
				apiVersion: 'v1',
				kind: 'Config',
				'current-context': 'c',
				contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
				clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
				users: [{ name: 'u', user: {} }],
			}),
		);
		env = { KUBECONFIG: kubeconfig };
		writeSynced(SCRIPT);
	});
	afterEach(() => home.remove());

	/** A toolkit of the user's folder that others may write is trusted by digest only, as synced and packaged ones are. */
	const writeSynced = (script: string): void => {
		home.write(
			join(home.toolkits, 'acme/toolkit.yaml'),
			toolkitYaml('acme', 'helpers: [scripts/hello.sh]\ndefault: true\n'),
		);
		const file = home.write(join(home.toolkits, 'acme/scripts/hello.sh'), script);
		chmodSync(file, 0o775);
	};
	/** The cluster is reached only where the toolkit was let pass. */
	const reaches = (ran: { code: number | null; stderr: string }, wanted: boolean): void => {
		assert.equal(came > 0, wanted, ran.stderr);
		came = 0;
	};
	const run = async (words: string[], more: NodeJS.ProcessEnv = {}): Promise<HomeRun> => {
		const ran = await spawned(words, { ...home.env, ...env, ...more });
		return ran;
	};
	const terminal = (words: string[], more: NodeJS.ProcessEnv = {}): TestTerminal =>
		openTerminal(executable(), words, { ...home.env, ...env, ...more });

	for (const words of [
		['acme', 'web-0', '--', 'true'],
		['acme', 'web-0', '--yes', '--', 'true'],
		['acme', 'web-0', '--dry-run'],
		['acme', 'web-0', '--dry-run=client'],
		['cp', 'web-0:/etc/hosts', '.', '--toolkit', 'acme'],
		['cp', 'web-0:/etc/hosts', '.', '--toolkit', 'acme', '--yes'],
		['ls', 'web-0:/', '--toolkit', 'acme'],
		['toolkits', 'test', 'acme', 'web-0', '--yes'],
	]) {
		it(`are not brought by "${words.join(' ')}", and the cluster is not asked anything`, async () => {
			const ran = await run(words);
			assert.equal(ran.code, words[0] === 'acme' ? 125 : 1);
			assert.match(
				ran.stderr,
				/^error: toolkit "acme" from \S+ is not trusted: \S+hello\.sh may be written by others\nchmod go-w /,
			);
			reaches(ran, false);
		});
	}

	it('do not stand in the way of others: cp brings the box’s own', async () => {
		reaches(await run(['cp', 'web-0:/etc/hosts', '.', '--retries', '0']), true);
	});

	it('need no trust for a look at the role, or at the help', async () => {
		assert.equal((await run(['acme', 'web-0', '--show-role'])).code, 0);
		assert.equal((await run(['acme', '--help'])).code, 0);
	});

	it('pass by the command that the error says', async () => {
		const refused = await run(['acme', 'web-0', '--', 'true']);
		const [, command = ''] = /kubectl ephemeral (toolkits trust acme@sha256:[0-9a-f]{64})/.exec(refused.stderr) ?? [];
		const trusted = await run(command.split(' '));
		assert.deepEqual([trusted.code, trusted.stderr], [0, '']);
		assert.equal(`toolkits trust ${trusted.stdout}`, `${command}\n`);
		reaches(await run(['acme', 'web-0', '--', 'true']), true);
		assert.match((await run(['toolkits'])).stdout, /^acme .* yes$/m);
		assert.equal((await run(['toolkits', 'untrust', 'acme'])).code, 0);
		reaches(await run(['acme', 'web-0', '--', 'true']), false);
		assert.match(
			(await run(['toolkits', 'untrust', 'acme'])).stderr,
			/^error: toolkit "acme" was not agreed to by toolkits trust\n$/,
		);
	});

	it('are trusted only as what was looked at', async () => {
		const { digest } = JSON.parse((await run(['toolkits', 'show', 'acme', '-o', 'json'])).stdout);
		writeSynced('#!/bin/sh\nrm -rf /\n');
		const ran = await run(['toolkits', 'trust', `acme@${digest}`]);
		assert.deepEqual([ran.code, ran.stdout], [1, '']);
		assert.match(
			ran.stderr,
			/^error: toolkit "acme" from \S+ is sha256:[0-9a-f]{64}\nIt is no longer, or not yet, sha256:/,
		);
		reaches(await run(['acme', 'web-0', '--', 'true']), false);
	});

	it('are trusted in CI by a digest in the configuration', async () => {
		const { digest } = JSON.parse((await run(['toolkits', 'show', 'acme', '-o', 'json'])).stdout);
		home.write('.config/kubectl-ephemeral/config.yaml', `trust: {acme: "${digest}"}\n`);
		reaches(await run(['acme', 'web-0', '--', 'true']), true);
		writeSynced('#!/bin/sh\necho changed\n');
		for (const yes of [[], ['--yes']]) {
			const ran = await run(['acme', 'web-0', ...yes, '--', 'true']);
			assert.equal(ran.code, 125);
			assert.match(
				ran.stderr,
				/^--- agreed\/scripts\/hello\.sh\n\+\+\+ now\/scripts\/hello\.sh\n(.*\n)*-echo hello\n\+echo changed\nerror: .* has changed since it was agreed to\nTo agree to it as it is now: kubectl ephemeral toolkits trust acme@sha256:[0-9a-f]{64}\n$/,
			);
			reaches(ran, false);
		}
		// What is quiet is quiet about itself, not about this.
		assert.match((await run(['acme', 'web-0', '-q', '--', 'true'])).stderr, /\+echo changed\n/);
	});

	it('show a change at a terminal, which can be agreed to there, with --yes too', async () => {
		assert.equal(home.trust('acme', { env }).code, 0);
		writeSynced('#!/bin/sh\nprintf "\\033[2J"\necho changed\x1b[2J\n');
		const no = terminal(['acme', 'web-0', '--yes', '--', 'true']);
		await no.see(/\+echo changed␛\[2J/);
		await no.see(/has changed since it was agreed to\./);
		await no.see(/Agree to it as it is now\? \[y\/N\] /);
		no.type('n\r');
		assert.equal(await no.ended, 125);
		assert.match(
			no.screen(),
			/error: toolkit "acme" was not agreed to\r?\nLater: kubectl ephemeral toolkits trust acme@sha256:/,
		);
		assert.equal(came, 0);
		const left = terminal(['acme', 'web-0', '--', 'true']);
		await left.see(/\[y\/N\] /);
		left.type('\x04');
		assert.equal(await left.ended, 125);
		assert.equal(came, 0);
		const yes = terminal(['acme', 'web-0', '--', 'true']);
		await yes.see(/\[y\/N\] /);
		yes.type('y\r');
		await yes.ended;
		assert.ok(came > 0);
		came = 0;
		reaches(await run(['acme', 'web-0', '--', 'true']), true);
	});

	it('of a folder that is named are asked for at a terminal, for this run alone, or let pass by --yes', async () => {
		home.write('team/other/toolkit.yaml', toolkitYaml('other'));
		const named = { KUBECTL_EPHEMERAL_PATH: join(home.folder, 'team') };
		const refused = await run(['other', 'web-0', '--', 'true'], named);
		assert.match(
			refused.stderr,
			/^error: toolkit "other" comes from \S+\/team, which KUBECTL_EPHEMERAL_PATH names\n--yes agrees to it for this run; for good: kubectl ephemeral toolkits trust other@sha256:/,
		);
		reaches(refused, false);
		reaches(await run(['other', 'web-0', '--yes', '--', 'true'], named), true);
		const asked = terminal(['other', 'web-0', '--', 'true'], named);
		await asked.see(/it runs registry\.test\/other:1\./);
		await asked.see(/Use it in this run\? \[y\/N\] /);
		asked.type('y\r');
		await asked.ended;
		assert.ok(came > 0);
		came = 0;
		reaches(await run(['other', 'web-0', '--', 'true'], named), false);
		assert.ok(!existsSync(join(home.folder, '.config/kubectl-ephemeral/trust.json')));
		assert.equal(home.trust('other', { env: { ...env, ...named } }).code, 0);
		reaches(await run(['other', 'web-0', '--', 'true'], named), true);
	});

	it('are shown before they are agreed to by name, which takes somebody who looks', async () => {
		const alone = await run(['toolkits', 'trust', 'acme']);
		assert.deepEqual([alone.code, alone.stdout], [1, '']);
		assert.match(alone.stderr, /^\+.*echo hello$/m);
		assert.match(alone.stderr, /nobody is there to look at it\nkubectl ephemeral toolkits trust acme@sha256:/);
		const no = terminal(['toolkits', 'trust', 'acme']);
		await no.see(/\+echo hello\r\n[\s\S]*Trust toolkit acme as shown\? \[y\/N\] /);
		no.type('n\r');
		assert.equal(await no.ended, 1);
		const yes = terminal(['toolkits', 'trust', 'acme']);
		await yes.see(/as shown\? \[y\/N\] /);
		yes.type('y\r');
		await yes.see(/acme@sha256:\w{64}/);
		assert.equal(await yes.ended, 0);
	});

	it('are none in the box', async () => {
		const ran = await run(['toolkits', 'trust', 'net']);
		assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, '', 'net is built in, and needs none\n']);
	});

	it('are recorded for nobody else to write', async () => {
		home.trust('acme', { env });
		const record = JSON.parse(readFileSync(join(home.folder, '.config/kubectl-ephemeral/trust.json'), 'utf8'));
		assert.deepEqual(Object.keys(record.toolkits), ['acme']);
		assert.equal(statSync(join(home.folder, '.config/kubectl-ephemeral/trust.json')).mode & 0o777, 0o600);
	});
});

/** As Home.run, while this process goes on: it plays the cluster. */
function spawned(words: string[], env: NodeJS.ProcessEnv): Promise<HomeRun> {
	return new Promise((resolve, reject) => {
		const began = performance.now();
		const child = spawn(executable(), words, { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: env.HOME });
		let [stdout, stderr] = ['', ''];
		child.stdout.on('data', (bytes) => (stdout += bytes));
		child.stderr.on('data', (bytes) => (stderr += bytes));
		child.on('error', reject);
		child.on('close', (code) => resolve({ code, stdout, stderr, ms: performance.now() - began }));
	});
}
