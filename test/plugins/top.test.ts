import assert from 'node:assert/strict';
import { openTerminal } from '../support/terminal.ts';
import { makePrograms, programPath, runScript, SHELLS, scriptText } from './script.ts';
import { endTargets, intoNetwork, startNetwork, startTarget, type Target } from './target.ts';

/** What iftop 1.0pre4 said of some seconds on an interface. */
const SAID = `interface: e0
IP address is: 10.9.0.2
MAC address is: 00:00:00:00:00:00
Listening on e0
   # Host name (port/service if enabled)            last 2s   last 10s   last 40s cumulative
--------------------------------------------------------------------------------------------
   1 10.9.0.2:8080                              =>       199B       100B       100B     2.93KB
     10.9.0.7:38076                             <=       199B       100B       100B       400B
   2 10.9.0.2:8080                              =>       199B       100B       100B     1.00MB
     10.9.0.7:60001                             <=       199B       100B       100B       400B
   3 10.9.0.2:51000                             =>       199B       100B       100B       600B
     10.9.0.9:53                                <=       199B       100B       100B       900B
   4 10.9.0.2                                   =>         0B       100B       100B         0B
     10.9.0.1                                   <=         0B         0B         0B         0B
--------------------------------------------------------------------------------------------
Total send rate:                                     5.18KB     3.70KB     3.70KB
============================================================================================
`;
const IFTOP = `#!/bin/sh\necho "$*" >>"$0.words"\ncat <<'X'\n${SAID}X\n`;

for (const shell of SHELLS)
	describe(`net top, by ${shell.name}`, function () {
		this.slow(6000);
		afterEach(endTargets);

		it('says who talked to whom in a time, clients put together', async function () {
			const network = await startNetwork('ip link add e0 type veth peer name e1; ip link set e0 up');
			if (!network) return this.skip();
			const { code, stdout, stderr } = await runScript(shell, 'net/top', {
				env: { INPUT_DURATION: '2', INPUT_INTERFACE: 'e0' },
				enter: intoNetwork(network),
				programs: makePrograms({ iftop: IFTOP }),
			});
			assert.deepEqual([code, stderr], [0, '']);
			assert.deepEqual(stdout.trimEnd().split('\n'), [
				'SENT        RECEIVED    HERE  <->  THERE',
				'526 kB/s    850 B/s     all',
				'526 kB/s    400 B/s     10.9.0.2:8080  <->  10.9.0.7:*',
				'300 B/s     450 B/s     10.9.0.2:*  <->  10.9.0.9:53',
				'0 B/s       0 B/s       10.9.0.2  <->  10.9.0.1',
			]);
		});

		it('ends where no packet comes, which iftop does not', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const real = programPath('iftop');
			const text = real === undefined ? 'echo "interface: lo"; exec sleep 1000' : `exec ${real} "$@"`;
			const programs = makePrograms({ iftop: `#!/bin/sh\n${text}\n` });
			const how = { env: { INPUT_DURATION: '0.5' }, enter: intoNetwork(network), programs };
			const run = await runScript(shell, 'net/top', how);
			assert.deepEqual(run, { code: 0, stdout: 'nothing was sent or received on lo in 1 s\n', stderr: '' });
		});

		it('says what iftop had to say when it failed', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const text =
				'#!/bin/sh\necho interface: lo\nprintf "pcap_open_live(lo): \\033[2J not permitted\\n" >&2; exit 1\n';
			const how = {
				env: { INPUT_DURATION: '1' },
				enter: intoNetwork(network),
				programs: makePrograms({ iftop: text }),
			};
			const run = await runScript(shell, 'net/top', how);
			assert.deepEqual(run, { code: 1, stdout: '', stderr: 'error: iftop: pcap_open_live(lo): ?[2J not permitted\n' });
		});

		it('counts by itself where iftop may not listen, on the interface of the default route', async function () {
			const lines =
				'ip link add e0 type veth peer name e1; ip addr add 10.9.0.2/24 dev e1; ip link set e0 up; ip link set e1 up; ip route add default via 10.9.0.1';
			const network = await startNetwork(lines);
			if (!network) return this.skip();
			await send(network, '10.9.0.255');
			const drop = [programPath('setpriv') ?? '', '--inh-caps=-net_raw', '--bounding-set=-net_raw'];
			const run = await runScript(shell, 'net/top', {
				env: { INPUT_DURATION: '1.5' },
				enter: [...intoNetwork(network), ...drop],
				programs: makePrograms({ iftop: IFTOP }),
			});
			assert.deepEqual([run.code, run.stderr], [0, 'without NET_RAW these are sums, without who talks to whom\n']);
			const [head, first, mean, ...more] = run.stdout.trimEnd().split('\n');
			assert.match(head ?? '', /^e1 {8}RECEIVED {4}PACKETS\/s {2}SENT {8}PACKETS\/s$/);
			assert.match(first ?? '', /^\d\d:\d\d:\d\d {2}[\d.]+ k?B\/s +\d+ +[\d.]+ k?B\/s +[1-9]\d*$/);
			assert.match(mean ?? '', /^mean {6}[\d.]+ k?B\/s +\d+ +[\d.]+ k?B\/s +[1-9]\d*$/);
			assert.deepEqual(more, []);
		});

		it('has a sentence for an interface that is not there, and for a duration that is none', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			for (const name of ['nope', '-i', '$(id)', 'l', 'lo\nlo2', '\u001b[2J', '.*']) {
				const run = await runScript(shell, 'net/top', { env: { INPUT_INTERFACE: name }, enter: intoNetwork(network) });
				assert.deepEqual([run.code, run.stdout], [1, ''], name);
				assert.match(run.stderr, /^error: there is no interface [ -~]+; there are lo\n$/);
			}
			const run = await runScript(shell, 'net/top', { env: { INPUT_DURATION: '1;id' }, enter: intoNetwork(network) });
			assert.deepEqual([run.code, run.stderr], [1, 'error: the duration is no number of seconds\n']);
		});

		it('is iftop on a terminal', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const programs = makePrograms({ iftop: '#!/bin/sh\necho "on a terminal: $*"; read -r _; exit 3\n' });
			const [program = '', ...words] = [...intoNetwork(network), shell.program, '-c', scriptText('net/top')];
			const terminal = openTerminal(programPath(program) ?? '', words, { PATH: `${programs}:${shell.path}` });
			await terminal.see(/on a terminal: -n -N -P -B -i lo\r?\n/);
			terminal.type('q\r');
			assert.equal(await terminal.ended, 3);
		});
	});

/** Send a packet every 20 ms until the test ends. */
async function send(network: Target, address: string): Promise<void> {
	const text = `const s = require('node:dgram').createSocket('udp4'); s.bind(() => { s.setBroadcast(true);
		setInterval(() => s.send(Buffer.alloc(500), 9, '${address}'), 20) }); process.stdin.resume().on('end', () => process.exit())`;
	const words = [...intoNetwork(network).slice(1), process.execPath, '-e', text];
	await startTarget({ program: 'nsenter', words, env: { PATH: process.env.PATH ?? '' } });
}
