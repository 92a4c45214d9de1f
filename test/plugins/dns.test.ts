import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Known } from './name-server.ts';
import { makePrograms, newFolder, programPath, type Run, runScript, SHELLS, type Shell, writeFiles } from './script.ts';
import { endTargets, intoNetwork, said, startNetwork, startTarget, type Target } from './target.ts';

const NAMES: Record<string, Known> = {
	'web.shop.svc.test': { A: ['10.0.0.1', '10.0.0.2'], AAAA: ['20010db8000100020003000400050006'] },
	'web.test': { A: ['10.0.0.3'] },
	'alias.test': { CNAME: ['web.test'] },
	'txt.test': { TXT: ['a\u001b[31mb "c" $(id)'] },
	'broken.test': 'SERVFAIL',
	'silent.test': 'silence',
	'1.0.0.10.in-addr.arpa': { PTR: ['web.test'] },
};
const RESOLV =
	'# made by the kubelet\nsearch shop.svc.test svc.test test\nnameserver 127.0.0.1\noptions ndots:5 edns0\n';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const HOSTILE = ['-x', '@127.0.0.1', 'a b', '$(id)', 'a\u001b[2J', '.', 'a..b', 'x'.repeat(300), 'é', "'", '*'];

for (const shell of SHELLS) {
	it(`net dns asks nothing that is no name, by ${shell.name}`, async () => {
		const programs = makePrograms({ dig: '#!/bin/sh\necho "asked $*"\n' });
		const env = { INPUT_HOST: 'web.', INPUT_NAMESERVER: '127.0.0.1' };
		const cases = [
			...HOSTILE.map((text) => ({ INPUT_HOST: text })),
			...['-f/etc/passwd', '1.1.1.1 x', '$(id)', '\u001b[2J'].map((text) => ({ INPUT_NAMESERVER: text })),
			...['-x', 'A B', '$(id)', '\u001b[2J'].map((text) => ({ INPUT_TYPE: text })),
		];
		for (const one of cases) {
			const { code, stdout, stderr } = await runScript(shell, 'net/dns', { env: { ...env, ...one }, programs });
			assert.deepEqual([code, stdout], [1, ''], JSON.stringify(one));
			assert.match(stderr, /^error: "[ -~]{0,310}…?" is no (host name|nameserver|type of record)[^\n\u001b]*\n$/);
		}
		const none = await runScript(shell, 'net/dns', { programs });
		assert.deepEqual([none.code, none.stderr], [1, 'error: a name is missing\n']);
	});

	for (const tool of ['dig', 'drill'])
		describe(`net dns with ${tool}, by ${shell.name}`, function () {
			this.slow(5000);
			let network: Target | undefined;
			before(async () => {
				network = await startNames();
			});
			after(endTargets);
			beforeEach(function () {
				if (!network) this.skip();
			});
			const lookUp = (env: Record<string, string>, resolv?: string) => lookUpIn(network, shell, tool, env, resolv);

			it('tries the search list in order, and stops at what answers', async () => {
				const run = await lookUp({ INPUT_HOST: 'web' });
				assert.deepEqual([run.code, run.stderr], [0, '']);
				assert.deepEqual(untimed(run), [
					'resolv.conf: nameserver 127.0.0.1; search shop.svc.test svc.test test; ndots 5 (web has 0 dots: the search list first)',
					'TRIED NAMESERVER TIME ANSWER',
					'web.shop.svc.test. 127.0.0.1 N ms 10.0.0.1, 10.0.0.2 (30 s)',
				]);
				const run2 = await lookUp({ INPUT_HOST: 'web.shop', INPUT_TYPE: 'aaaa' });
				assert.deepEqual(untimed(run2).slice(2), [
					'web.shop.shop.svc.test. 127.0.0.1 N ms NXDOMAIN',
					'web.shop.svc.test. 127.0.0.1 N ms 2001:db8:1:2:3:4:5:6 (30 s)',
				]);
			});

			it('asks the next nameserver where the first is silent, and ends where all are', async () => {
				const two = RESOLV.replace('nameserver', 'nameserver 127.0.0.9\nnameserver');
				const run = await lookUp({ INPUT_HOST: 'web.test.' }, two);
				assert.equal(run.code, 0);
				assert.match(untimed(run)[2] ?? '', /^web\.test\. 127\.0\.0\.9 - (refused|none in 2 s)$/);
				assert.equal(untimed(run)[3], 'web.test. 127.0.0.1 N ms 10.0.0.3 (30 s)');
				const silent = await lookUp({ INPUT_HOST: 'silent', INPUT_NAMESERVER: '127.0.0.1' }, 'search test other\n');
				assert.deepEqual([silent.code, silent.stderr], [1, 'error: no nameserver answers: 127.0.0.1\n']);
				assert.deepEqual(untimed(silent).slice(2), ['silent.test. 127.0.0.1 - none in 2 s']);
			});

			it('says what the hosts file has, and finds the name of an address', async () => {
				const run = await lookUp({ INPUT_HOST: 'Pod-0' }, RESOLV);
				assert.deepEqual([run.code, run.stderr], [0, '']);
				assert.equal(untimed(run)[1], '/etc/hosts says 10.5.5.5, and comes before the nameservers');
				const name = await lookUp({ INPUT_HOST: '10.0.0.1' });
				assert.deepEqual([name.code, ...untimed(name).slice(2)], [0, '10.0.0.1 127.0.0.1 N ms web.test. (30 s)']);
			});

			// The rest is alike, whoever asks.
			if (tool === 'drill') return;

			it('tries a name with enough dots as it is first, and one that ends in a dot only so', async () => {
				const run = await lookUp({ INPUT_HOST: 'web.test' }, RESOLV.replace('ndots:5', 'ndots:1'));
				assert.deepEqual(untimed(run).slice(2), ['web.test. 127.0.0.1 N ms 10.0.0.3 (30 s)']);
				const whole = await lookUp({ INPUT_HOST: 'web.' });
				assert.equal(whole.code, 1);
				assert.deepEqual(untimed(whole).slice(2), ['web. 127.0.0.1 N ms NXDOMAIN']);
				assert.equal(whole.stderr, 'error: no nameserver has A for web.\n');
			});

			it('tells no record, an alias without one, and a failing server', async () => {
				const run = await lookUp({ INPUT_HOST: 'txt.test.' });
				assert.deepEqual([run.code, ...untimed(run).slice(2)], [1, 'txt.test. 127.0.0.1 N ms no A']);
				const alias = await lookUp({ INPUT_HOST: 'alias.test.' });
				assert.deepEqual(untimed(alias).slice(2), ['alias.test. 127.0.0.1 N ms no A, CNAME web.test. (30 s)']);
				const broken = await lookUp({ INPUT_HOST: 'broken.test.' });
				assert.deepEqual([broken.code, ...untimed(broken).slice(2)], [1, 'broken.test. 127.0.0.1 N ms SERVFAIL']);
			});

			it('lets nothing hostile through from files and servers', async () => {
				const hostile = `nameserver 127.0.0.1;reboot\nsearch test $(id) \u001b[2J -x\noptions ndots:5;x ndots:a\n`;
				const run = await lookUp({ INPUT_HOST: 'txt', INPUT_TYPE: 'TXT' }, hostile);
				assert.doesNotMatch(run.stdout, /\u001b/);
				assert.match(run.stdout, /^txt\.test\. +127\.0\.0\.1 +\d+ ms +"a\\027\[31mb \\"c\\" \$\(id\)" {2}\(30 s\)$/m);
			});
		});
}

/** A network with a name server of the test's own. */
async function startNames(): Promise<Target | undefined> {
	const network = await startNetwork('');
	if (!network) return undefined;
	const words = [
		...intoNetwork(network).slice(1),
		process.execPath,
		file('name-server.ts'),
		'127.0.0.1',
		JSON.stringify(NAMES),
	];
	const server = await startTarget({ program: 'nsenter', words, env: { PATH: process.env.PATH ?? '' } });
	await said(server.child, 'ready');
	return network;
}

/** Look something up there, with a resolv.conf and a hosts file of the test's own. */
async function lookUpIn(
	network: Target | undefined,
	shell: Shell,
	tool: string,
	env: Record<string, string>,
	resolv = RESOLV,
): Promise<Run> {
	if (!network) throw new Error('there is no network');
	const root = newFolder();
	writeFiles(root, { 'etc/resolv.conf': resolv, 'etc/hosts': '127.0.0.1 localhost\n10.5.5.5 x pod-0 # pod-0 web\n' });
	const how = { env: { TARGET_ROOT: root, ...env }, enter: intoNetwork(network) };
	return runScript({ ...shell, path: pathWith(shell, tool) }, 'net/dns', how);
}

/** A PATH with one of the two tools and not the other: the machine's, or one that asks as it does. */
function pathWith(shell: Shell, tool: string): string {
	const client = `#!/bin/sh\nexec '${process.execPath}' '${file('dns-client.ts')}' ${tool} "$@"\n`;
	const real = programPath(tool);
	const bin = makePrograms(real === undefined ? { [tool]: client } : {});
	if (real !== undefined) symlinkSync(real, join(bin, tool));
	if (shell.name.startsWith('busybox')) return `${bin}:${shell.path}`;
	for (const name of ['awk', 'cut', 'grep', 'head', 'sed', 'timeout', 'tr', 'wc'])
		symlinkSync(programPath(name) ?? '', join(bin, name));
	return bin;
}

/** Lines without how many ms, and with blanks made one. */
function untimed(run: Run): string[] {
	return run.stdout
		.trimEnd()
		.split('\n')
		.map((line) => line.replace(/ +/g, ' ').replace(/ \d+ ms /, ' N ms '));
}
