import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ke, type Ran, runAny, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { done, type FilesPods, makeFilesPods, TIME } from '../support/files-pods.ts';

describe('cp of folders and files', function () {
	this.timeout(120_000);
	let cluster: TestCluster;
	let pods: FilesPods;
	let home: string;

	const here = (...parts: string[]): string => join(home, 'here', ...parts);
	const cp = (...words: string[]): Promise<Ran> => pods.cp(...words);
	const ls = (...words: string[]): Promise<Ran> => pods.ls(...words);
	const inside = (script: string): Promise<string> => pods.inside(script);

	before(async function () {
		cluster = await useCluster(this);
		pods = await makeFilesPods(cluster);
	});
	beforeEach(() => {
		home = fs.mkdtempSync(join(tmpdir(), 'ke-files-'));
		fs.mkdirSync(here());
	});
	afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

	describe('a folder', () => {
		it('comes with its links, odd names, permissions and times; what is no file is named', async () => {
			const ran = await cp('box:/tree', here());
			assert.equal(ran.code, 0, ran.stderr);
			const names = fs.readdirSync(here('tree'), { encoding: 'latin1' }).sort();
			const utf8 = Buffer.from('ü').toString('latin1');
			const links = ['absolute', 'in', 'out'];
			assert.deepEqual(
				names,
				['\x1b[31mred', '-rf', 'a b', 'empty', 'new\nline', 'one', 'sub', utf8, '\xff\xfe', ...links].sort(),
			);
			assert.equal(fs.readFileSync(here('tree', 'a b', 'c\td'), 'utf8'), 'blank');
			assert.equal(fs.readFileSync(Buffer.from(`${here('tree')}/\xff\xfe`, 'latin1'), 'utf8'), 'bytes');
			// Inside it is a link; what leads out of the folder, also by an absolute path, is the file of the pod.
			assert.equal(fs.readlinkSync(here('tree', 'in')), 'one');
			assert.equal(fs.readlinkSync(here('tree', 'sub', 'up')), '../one');
			for (const name of ['absolute', 'out']) {
				assert.ok(fs.lstatSync(here('tree', name)).isFile());
				assert.equal(fs.readFileSync(here('tree', name), 'utf8'), 'elsewhere');
			}
			const mode = fs.statSync(here('tree/sub/deep/mode'));
			assert.deepEqual([mode.mode & 0o7777, mode.mtimeMs], [0o641, TIME]);
			const empty = fs.statSync(here('tree/empty'));
			assert.deepEqual(
				[empty.mode & 0o7777, empty.mtimeMs, fs.statSync(here('tree/sub/deep')).mtimeMs],
				[0o750, TIME, TIME],
			);
			// No set-user-id comes from a pod.
			assert.equal(fs.statSync(here('tree/one')).mode & 0o7777, 0o755);
			assert.match(ran.stderr, /^not copied: \/tree\/folder: it is a link to a folder elsewhere/m);
			assert.match(ran.stderr, /^not copied: \/tree\/nowhere: it is a link to nothing$/m);
			assert.match(ran.stderr, /^not copied: \/tree\/pipe: a named pipe is not copied$/m);
			assert.match(ran.stderr, /^not copied: \/tree\/sub\/deep\/root: /m);
			assert.match(ran.stderr, /^11 files, \d+ B in /m);
			// Names cannot control the terminal.
			assert.ok(!ran.stderr.includes('\x1b'));
		});

		it('goes in and comes back as it was', async () => {
			const tree = here('tree');
			fs.mkdirSync(join(tree, 'sub'), { recursive: true });
			fs.writeFileSync(join(tree, 'sub', 'x y\n'), 'odd', { mode: 0o604 });
			fs.writeFileSync(Buffer.from(`${tree}/\xff`, 'latin1'), 'bytes');
			fs.symlinkSync('sub', join(tree, 'link'));
			fs.symlinkSync('/nowhere', join(tree, 'away'));
			fs.utimesSync(join(tree, 'sub', 'x y\n'), TIME / 1000, TIME / 1000);
			done(await cp(tree, 'empty:/in', '-q'));
			done(await cp('empty:/in', here('back'), '-q'));
			assert.deepEqual(fs.readdirSync(here('back'), { encoding: 'latin1' }).sort(), ['link', 'sub', '\xff']);
			const stat = fs.statSync(here('back', 'sub', 'x y\n'));
			assert.deepEqual([stat.mode & 0o777, stat.mtimeMs], [0o604, TIME]);
			assert.equal(fs.readlinkSync(here('back', 'link')), 'sub');
			// Links are links there too, wherever they lead.
			const listed = JSON.parse((await ls('empty:/in', '-o', 'json')).stdout)[0];
			const away = listed.entries.find(({ name }: { name: string }) => name === 'away');
			assert.deepEqual([away.kind, away.link], ['link', '/nowhere']);
			assert.equal(listed.entries.find(({ nameBase64 }: { nameBase64?: string }) => nameBase64)?.nameBase64, '/w==');
			// Into a folder that is there it goes under its name; into one that is not it does not.
			done(await cp(tree, 'empty:/in', '-q'));
			done(await ls('empty:/in/tree/sub', '-q'));
			const absent = await cp(tree, 'empty:/absent/', '-q');
			assert.deepEqual([absent.code, absent.stderr], [1, 'error: /absent/: there is no such folder\n']);
		});

		it('leaves nothing outside of its place, whatever stands in its way here', async () => {
			fs.mkdirSync(here('tree'));
			fs.mkdirSync(join(home, 'victim'));
			fs.writeFileSync(join(home, 'victim', 'file'), 'mine');
			fs.symlinkSync(join(home, 'victim'), here('tree', 'sub'));
			fs.symlinkSync(join(home, 'victim', 'file'), here('tree', 'one'));
			const ran = await cp('box:/tree', here());
			assert.equal(ran.code, 1);
			assert.match(ran.stderr, /^not copied: \/tree\/sub: a link stands there on this machine/m);
			assert.deepEqual(fs.readdirSync(join(home, 'victim')), ['file']);
			assert.equal(fs.readFileSync(join(home, 'victim', 'file'), 'utf8'), 'mine');
			assert.equal(fs.readFileSync(here('tree', 'one'), 'utf8'), 'one');
			assert.deepEqual(fs.readdirSync(home).sort(), ['here', 'victim']);
			assert.deepEqual(fs.readdirSync(here()), ['tree']);
		});
	});

	describe('a file', () => {
		it('of /proc has its content, and the process its environment', async () => {
			done(await cp('empty:/proc/version', here('version'), '-q'));
			assert.match(fs.readFileSync(here('version'), 'utf8'), /^Linux version /);
			// The kernel gives it to who has no less rights than the process: root's to root alone.
			const refused = await cp('box:/proc/1/environ', '-');
			assert.deepEqual(
				[refused.code, refused.stdout, refused.stderr],
				[1, '', 'error: box:/proc/1/environ is not copied: permission denied\n--run-as root may be permitted.\n'],
			);
			const environment = await cp('box:/proc/1/environ', '-', '-q', '--run-as', 'root');
			assert.match(environment.stdout, /(^|\0)PATH=/);
			assert.match((await cp('user:/proc/1/environ', '-', '-q')).stdout, /(^|\0)PATH=/);
		});

		it('goes to standard output and comes from standard input', async () => {
			const sent = await ke(cluster, ['cp', '-n', pods.namespace, '-q', '-', 'empty:/from-stdin'], { input: 'a\0b\n' });
			assert.deepEqual([sent.code, sent.stdout], [0, ''], sent.stderr);
			assert.deepEqual(await cp('empty:/from-stdin', '-', '-q'), { code: 0, stdout: 'a\0b\n', stderr: '' });
		});

		it('goes into a folder under its name, and over a file that is there', async () => {
			fs.writeFileSync(here('app.conf'), 'first', { mode: 0o640 });
			done(await cp(here('app.conf'), 'box:/elsewhere/', '-q'));
			assert.equal(await inside('cat /elsewhere/app.conf; stat -c %a /elsewhere/app.conf'), 'first640\n');
			fs.writeFileSync(here('app.conf'), 'second');
			done(await cp(here('app.conf'), 'box:/elsewhere/app.conf', '-q'));
			assert.equal(await inside('cat /elsewhere/app.conf; ls -A /elsewhere | grep -c part || true'), 'second0\n');
			assert.match(
				(await cp(here('app.conf'), 'box:/absent/x', '-q')).stderr,
				/^error: .*\/absent\/x is not copied: it does not exist\n/,
			);
		});

		it('that is a mount of its own is overwritten in place, which is said', async () => {
			const isMounted = async () => (await inside('cat /proc/self/mountinfo')).includes(' /etc/hosts ');
			const mounted = await isMounted();
			fs.writeFileSync(here('hosts'), '127.0.0.1 localhost # ours\n');
			const ran = await cp(here('hosts'), 'box:/etc/hosts');
			done(ran);
			assert.equal(/\/etc\/hosts: it is a mount of its own, so it was overwritten in place/.test(ran.stderr), mounted);
			assert.equal(await isMounted(), mounted);
			assert.equal((await cp('box:/etc/hosts', '-', '-q')).stdout, '127.0.0.1 localhost # ours\n');
		});

		it('without a slash is where the container’s process is', async () => {
			fs.writeFileSync(here('x'), 'relative');
			done(await cp(here('x'), 'box:relative', '-q'));
			assert.equal(await inside('cat /tmp/relative'), 'relative');
			assert.equal((await cp('box:./relative', '-', '-q')).stdout, 'relative');
			assert.match((await ls('box:.', '-q')).stdout, / relative$/m);
		});

		it('with a name that is no UTF-8 can be named', async () => {
			const script = `exec "$0" cp -n "$1" -q "$(printf 'box:/tree/\\377\\376')" "$2"`;
			const ran = await runAny('sh', ['-c', script, executable(), pods.namespace, here()], cluster.kubeconfig);
			done(ran);
			assert.deepEqual(fs.readdirSync(here(), { encoding: 'latin1' }), ['\xff\xfe']);
		});

		it('that is not there, or a place where none can be put, is named in one sentence', async () => {
			const absent = await cp('empty:/no-such-file', here());
			assert.equal(absent.code, 1);
			assert.match(absent.stderr, /^error: empty:\/no-such-file is not copied: it does not exist\n$/);
			fs.writeFileSync(here('x'), 'x');
			const readOnly = await cp(here('x'), 'ro:/x');
			assert.equal(readOnly.code, 1);
			assert.match(readOnly.stderr, /^error: ro:\/x is not copied: it is on a read-only file system\n$/);
			const both = await cp('empty:/www', 'box:/x');
			assert.match(both.stderr, /one of source and destination must be on this machine/);
		});

		it('is read and written by the target’s user, and by root where that is asked for', async () => {
			fs.writeFileSync(here('x'), 'x');
			const refused = await cp(here('x'), 'user:/x');
			assert.match(
				refused.stderr,
				/^error: user:\/x is not copied: its folder is not writable for this user\n--run-as root may be permitted.\n$/,
			);
			done(await cp(here('x'), 'user:/tmp/x', '-q'));
			done(await cp(here('x'), 'user:/x', '-q', '--run-as', 'root'));
			const [listed] = JSON.parse((await ls('user:/x', 'user:/tmp/x', '-o', 'json')).stdout);
			assert.deepEqual([listed.entry.uid, listed.entry.gid], [0, 0]);
			const [own] = JSON.parse((await ls('user:/tmp/x', '-o', 'json')).stdout);
			assert.deepEqual([own.entry.uid, own.entry.gid], [1234, 1234]);
		});
	});
});
