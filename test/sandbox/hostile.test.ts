import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import {
	HOSTILE_ENVIRONMENT,
	HOSTILE_IMAGES,
	HOSTILE_MARKS,
	HOSTILE_PROGRAMS,
	hostilePod,
	marksAmong,
} from '../fixtures/hostile.ts';
import { HOSTILE_ON_DEBIAN } from './images/hostile.ts';
import type { Sandbox } from './sandbox.ts';
import { start } from './testing/containers.ts';
import { StreamClient } from './testing/stream-client.ts';
import { useSandbox } from './testing/use-sandbox.ts';

describe('stand-in cluster: hostile targets', function () {
	this.timeout(60_000);
	let sandbox: Sandbox;

	before(async function () {
		sandbox = await useSandbox(this);
	});

	after(() => sandbox?.stop());

	const root = (pod: string) => `/proc/${sandbox.mainProcess('default', pod, 'app')}/root`;
	const marks = (pod: string) => marksAmong(readdirSync(`${root(pod)}/tmp`));
	const run = (pod: string, ...command: string[]) => sandbox.run('default', pod, 'app', command);

	for (const [kind, image] of Object.entries(HOSTILE_IMAGES)) {
		it(`${kind}: sleeps as the user it is told, with all of it in its environment, and no mark`, async () => {
			for (const [pod, user] of [
				[`${kind}-root`, undefined],
				[`${kind}-user`, { uid: 1000, gid: 1000 }],
			] as const) {
				await start(sandbox, pod, hostilePod(pod, { image, ...(user && { user }) }));
				const status = readFileSync(`/proc/${sandbox.mainProcess('default', pod, 'app')}/status`, 'utf8');
				assert.match(status, new RegExp(`^Uid:\\t${user?.uid ?? 0}\\t`, 'm'));
				const environ = readFileSync(`/proc/${sandbox.mainProcess('default', pod, 'app')}/environ`, 'utf8').split('\0');
				for (const [name, value] of Object.entries(HOSTILE_ENVIRONMENT)) {
					assert.ok(environ.includes(`${name}=${value}`), `${name} is not as planted`);
				}
				assert.deepEqual(marks(pod), []);
			}
		});
	}

	it('has programs that leave their marks, whoever runs them', async () => {
		for (const pod of ['plain-root', 'plain-user']) {
			for (const name of HOSTILE_PROGRAMS) {
				assert.deepEqual(await run(pod, name), {
					code: 66,
					stdout: "the target's own program ran\n",
					stderr: '',
				});
			}
			assert.deepEqual(marks(pod), [...HOSTILE_PROGRAMS].sort());
			assert.deepEqual(marksAmong(sandbox.changes('default', pod, 'app').map(({ path }) => path)), marks(pod));
		}
	});

	it('plants what bites: common tools that take it over leave the marks', async () => {
		// Not as root: bash takes no PS4 from root's environment.
		await start(sandbox, 'bites', hostilePod('bites', { image: HOSTILE_ON_DEBIAN, user: { uid: 1000, gid: 1000 } }));
		const bites = async (...command: string[]) => {
			await run('bites', ...command);
			return marks('bites');
		};
		const loader = ['LD_AUDIT', 'LD_DEBUG_OUTPUT', 'LD_LIBRARY_PATH', 'LD_PRELOAD'];
		assert.deepEqual(await bites('/usr/bin/ls'), loader);
		// From here on without the loader's, whose stub libraries break what is linked with them.
		const clean = ['/usr/bin/env', '-u', 'LD_LIBRARY_PATH', '-u', 'LD_PRELOAD', '-u', 'LD_AUDIT', '-u', 'LD_DEBUG'];
		const takes = async (mark: string | string[], ...command: string[]) => {
			const missing = [mark].flat().filter((name) => !marks('bites').includes(name));
			assert.deepEqual(missing, [mark].flat(), 'was there before');
			const after = await bites(...clean, ...command);
			for (const name of missing) {
				assert.ok(after.includes(name), `${command} left no mark of ${name}`);
			}
		};
		await takes('GCONV_PATH', '/usr/bin/iconv', '-f', 'MARK', '-t', 'UTF-8', '/etc/passwd');
		await takes(['BASH_ENV', 'PS4'], '/usr/bin/bash', '-xc', ':');
		await takes('ENV', '/usr/bin/dash', '-i');
		await takes(['etc-profile', 'home-bash_profile'], '/usr/bin/bash', '-lc', 'exit');
		await takes('OPENSSL_CONF', '/usr/bin/openssl', 'list', '-providers');
		await takes('CURL_HOME', '/usr/bin/curl', '-s', 'http://127.0.0.1:1');
		await takes('home-bashrc', '/usr/bin/bash', '-ic', ':');
	});

	it('plants what bites at a terminal', async () => {
		const command = [
			'/usr/bin/env',
			'-u',
			'LD_LIBRARY_PATH',
			'-u',
			'LD_AUDIT',
			'-u',
			'LD_DEBUG',
			'/usr/bin/bash',
			'-i',
		];
		const query = { container: 'app', command, stdin: 'true', stdout: 'true', tty: 'true' };
		const client = await StreamClient.open(sandbox, 'namespaces/default/pods/bites/exec', query);
		await client.until(1, '$ ');
		client.send(0, ' echo $((6 * 7))\r');
		await client.until(1, '42');
		client.send(0, 'exit\r');
		await client.closed;
		const seen = marks('bites');
		assert.deepEqual(
			['HISTFILE', 'INPUTRC', 'PROMPT_COMMAND', 'PS1', 'etc-bash.bashrc'].filter((name) => !seen.includes(name)),
			[],
		);
	});

	it('lists every mark that was left', () => {
		const unknown = ['bites', 'plain-root'].flatMap(marks).filter((mark) => !HOSTILE_MARKS.includes(mark));
		assert.deepEqual(unknown, []);
		assert.ok(HOSTILE_MARKS.length > 60);
	});
});
