import assert from 'node:assert/strict';
import { makePrograms, programPath, type Run, runScript, SHELLS } from './script.ts';
import { endTargets, intoNetwork, said, startNetwork, startTarget, type Target } from './target.ts';

const LINKS = `
ip link add e0 type veth peer name e1
ip addr add 10.9.0.2/24 dev e0
ip -6 addr add 2001:db8::2/64 dev e0 nodad
ip link set e0 up mtu 1400
ip link set e1 up
ip link add off type veth peer name off2
ip route add default via 10.9.0.1
ip route add blackhole 10.66.0.0/16
ip route add 10.7.0.0/16 nexthop via 10.9.0.1 dev e0 nexthop via 10.9.0.3 dev e0 weight 2
ip -6 route add 2001:db8:1::/48 dev e0 mtu 1300
ip rule add from 10.9.0.9 lookup 100
ip route add default via 10.9.0.7 table 100`;

/** Listeners: the names of those that hold them are said by the kernel. */
const LISTENERS = `
const net = require('node:net'), dgram = require('node:dgram'), { writeFileSync } = require('node:fs');
writeFileSync('/proc/self/comm', process.argv[1]);
let open = 3;
const ready = () => --open || console.log('ready');
net.createServer().listen({ port: 8080, host: '127.0.0.1', backlog: 5 }, ready);
net.createServer().listen({ port: 80, host: '::', ipv6Only: true }, ready);
dgram.createSocket('udp4').bind(5353, '127.0.0.1', ready);
process.stdin.resume().on('end', () => process.exit());`;

const setpriv = programPath('setpriv') ?? '';

/** One listener that four processes of another user have inherited. */
const INHERITED = `
const { spawn } = require('node:child_process');
require('node:net').createServer().listen(8080, '127.0.0.1', async function () {
	for (let i = 0; i < 4; i++) {
		const stdio = ['pipe', 'ignore', 'ignore', this._handle.fd];
		await new Promise((resolve) => spawn('cat', [], { stdio, uid: 4321, gid: 4321 }).on('spawn', resolve));
	}
	console.log('ready');
});
process.stdin.resume().on('end', () => process.exit());`;

for (const shell of SHELLS)
	describe(`net, by ${shell.name}`, function () {
		this.slow(3000);
		// busybox's own ip, which its sh prefers here, tells less.
		const whole = !shell.name.startsWith('busybox');
		afterEach(endTargets);

		it('interfaces shows state, mtu, counters and addresses', async function () {
			const network = await startNetwork(LINKS);
			if (!network) return this.skip();
			const { code, stdout, stderr } = await runScript(shell, 'net/interfaces', { enter: intoNetwork(network) });
			assert.deepEqual([code, stderr], [0, '']);
			const [head, ...rows] = stdout.trimEnd().split('\n');
			assert.equal(head?.replace(/ +/g, ' '), 'NAME STATE MTU RECEIVED PACKETS SENT PACKETS ERRORS DROPS ADDRESSES');
			const row = (name: string): string => rows.find((one) => one.startsWith(`${name} `))?.replace(/ +/g, ' ') ?? '';
			assert.match(row('lo'), /^lo up 65536 0 B 0 0 B 0 0 0 127\.0\.0\.1\/8, ::1\/128$/);
			assert.match(row('e0'), /^e0 up 1400 [\d.]+ k?B \d+ [\d.]+ k?B \d+ \S+ \S+ 10\.9\.0\.2\/24, .*2001:db8::2\/64/);
			assert.match(row('off'), /^off down 1500 0 B 0 0 B 0 0 0 -$/);
			assert.equal(rows.length, 5);
		});

		it('interfaces counts what went through, errors and drops apart', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const send = `for (let i = 0; i < 5; i++) { const s = require('node:dgram').createSocket('udp4'); s.send(Buffer.alloc(1200), 9, '127.0.0.1', () => s.close()); }`;
			const sender = await startTarget({
				program: 'nsenter',
				words: [...intoNetwork(network).slice(1), process.execPath, '-e', send],
				env: { PATH: process.env.PATH ?? '' },
			});
			await new Promise((resolve) => sender.child.once('exit', resolve));
			const { stdout } = await runScript(shell, 'net/interfaces', { enter: intoNetwork(network) });
			assert.match(stdout, /^lo +up +65536 +\d+ kB +\d+ +\d+ kB +\d+ +0 +0 +127/m);
		});

		it('routes shows all tables of both families, rules and what is special', async function () {
			const network = await startNetwork(LINKS);
			if (!network) return this.skip();
			const { code, stdout, stderr } = await runScript(shell, 'net/routes', { enter: intoNetwork(network) });
			assert.deepEqual([code, stderr], [0, '']);
			const sections = sectionsOf(stdout);
			assert.deepEqual([...sections.keys()], ['IPv4', 'IPv4, table 100', 'IPv4 rules', 'IPv6']);
			const main = sections.get('IPv4') ?? [];
			assert.equal(main[0], 'default via 10.9.0.1 dev e0');
			assert.ok(main.includes('10.9.0.0/24 dev e0 src 10.9.0.2'));
			assert.ok(main.includes('10.66.0.0/16 blackhole'));
			if (whole) assert.ok(main.includes('10.7.0.0/16 via 10.9.0.1 dev e0 weight 1, via 10.9.0.3 dev e0 weight 2'));
			assert.deepEqual(sections.get('IPv4, table 100'), ['default via 10.9.0.7 dev e0']);
			assert.deepEqual(sections.get('IPv4 rules'), ['32765 from 10.9.0.9 lookup 100']);
			const six = sections.get('IPv6')?.find((one) => one.startsWith('2001:db8:1::/48')) ?? '';
			assert.match(six, whole ? /dev e0 .*mtu 1300/ : /dev e0/);
		});

		it('routes says where there are none', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const { stdout } = await runScript(shell, 'net/routes', { enter: intoNetwork(network) });
			assert.equal(stdout, 'IPv4: no routes\nIPv6: no routes\n');
		});

		it('listen shows ports and processes, by port', async function () {
			const run = await listening('web");,\u001b[2J');
			if (!run) return this.skip();
			assert.deepEqual([run.code, run.stderr], [0, '']);
			const [head, ...rows] = run.stdout.trimEnd().split('\n');
			assert.match(head ?? '', /^PROTO {2}ADDRESS +QUEUE {2,}PROCESS$/);
			assert.match(rows[0] ?? '', /^tcp {4}\[::\]:80 +0\/511 +web"\);,\?\[2J \d+$/);
			assert.match(rows[1] ?? '', /^udp {4}127\.0\.0\.1:5353 +- +web"\);,\?\[2J \d+$/);
			assert.match(rows[2] ?? '', /^tcp {4}127\.0\.0\.1:8080 +0\/5 +web"\);,\?\[2J \d+$/);
			assert.equal(rows.length, 3);
		});

		it('listen says in a line that names are not to be seen', async function () {
			const run = await listening('web', { uid: 4321, gid: 4321 });
			if (!run) return this.skip();
			assert.equal(run.code, 0);
			assert.match(run.stdout, /^tcp +127\.0\.0\.1:8080 +0\/5 +-$/m);
			assert.match(run.stderr, /^3 of 3 without a name: [^\n]*SYS_PTRACE\n$/);
		});

		it('listen sees names without SYS_PTRACE, as the user of the target', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const target = await startTarget({
				program: 'nsenter',
				words: [...intoNetwork(network).slice(1), process.execPath, '-e', INHERITED],
				env: { PATH: process.env.PATH ?? '' },
			});
			await said(target.child, 'ready');
			const env = { ...target.env, TARGET_UID: '4321', TARGET_GID: '4321' };
			const less = [setpriv, '--inh-caps=-sys_ptrace', '--bounding-set=-sys_ptrace'];
			const run = await runScript(shell, 'net/listen', { env, enter: [...intoNetwork(network), ...less] });
			assert.deepEqual([run.code, run.stderr], [0, '']);
			const [, ...pids] =
				/^tcp +127\.0\.0\.1:8080 +0\/511 +cat (\d+), cat (\d+), cat (\d+) and 1 more$/m.exec(run.stdout) ?? [];
			assert.equal(pids.length, 3, run.stdout);
			assert.deepEqual(
				pids,
				[...pids].sort((a, b) => Number(a) - Number(b)),
			);
		});

		it('listen says so where nothing listens', async function () {
			const network = await startNetwork('');
			if (!network) return this.skip();
			const run = await runScript(shell, 'net/listen', { enter: intoNetwork(network) });
			assert.deepEqual(run, { code: 0, stdout: '', stderr: 'nothing listens here\n' });
		});

		it('has a sentence for an image without the tools', async () => {
			const bare = makePrograms({});
			for (const [script, tool] of [
				['net/listen', 'ss'],
				['net/interfaces', 'ip'],
				['net/routes', 'ip'],
			]) {
				// Where the shell has one in it, there is no such image.
				if (tool === 'ip' && !whole) continue;
				const run = await runScript({ ...shell, path: bare }, script ?? '');
				assert.deepEqual([run.code, run.stdout], [1, '']);
				assert.equal(
					run.stderr,
					`error: the image has no ${tool}; the net toolkit has one (or any image with iproute2)\n`,
				);
			}
		});

		/** What listen says of three listeners, run as some user. */
		async function listening(name: string, user?: { uid: number; gid: number }): Promise<Run | undefined> {
			const network = await startNetwork('');
			if (!network) return undefined;
			const target: Target = await startTarget({
				program: 'nsenter',
				words: [...intoNetwork(network).slice(1), process.execPath, '-e', LISTENERS, name],
				env: { PATH: process.env.PATH ?? '' },
			});
			await said(target.child, 'ready');
			const { uid, gid } = user ?? {};
			const as = uid === undefined ? [] : [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
			return runScript(shell, 'net/listen', { env: target.env, enter: [...intoNetwork(network), ...as] });
		}
	});

/** Lines with blanks made one, by the title above them. */
function sectionsOf(text: string): Map<string, string[]> {
	const sections = new Map<string, string[]>();
	let rows: string[] = [];
	for (const line of text.trimEnd().split('\n')) {
		if (line.startsWith(' ')) rows.push(line.trim().replace(/ +/g, ' '));
		else {
			rows = [];
			sections.set(line, rows);
		}
	}
	return sections;
}
