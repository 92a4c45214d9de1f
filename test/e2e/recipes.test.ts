import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ke, programEnv, type Ran, type TestCluster, useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { executable } from '../support/executable.ts';
import { aLab, type Lab } from '../support/lab.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal } from '../support/terminal.ts';

/** Inputs that shells, terminals and protocols have a meaning for. */
const HOSTILE: Record<string, string> = {
	'quotes and a comment': `'; rm -rf / #$(id)\nsecond line`,
	'double quotes and a variable': '"$HOME" $PATH \\',
	backquotes: '`id`',
	'a leading dash': '-n',
	'two dashes': '--',
	'newlines at the end': 'a\n\n',
	'only a newline': '\n',
	'non-ASCII': 'äöü € 𝄞 日本',
	'control characters': '\x01\x1b[2J\x7f\t\r',
	globs: '* ? [a-z] ~',
	'an assignment': 'PATH=/x',
	'100 KB': 'x'.repeat(100_000),
};

describe('recipes', () => {
	let cluster: TestCluster;
	let namespace: string;
	let lab: Lab;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(
			namespace,
			podYaml('web') + podYaml('nonroot', { image: 'registry.test/webgo:nonroot' }),
			'web',
			'nonroot',
		);
		lab = aLab();
		assert.equal((await lab_('place', 'web')).code, 0);
	});
	after(() => lab?.remove());
	afterEach(() => {
		const left = Object.keys(taken());
		assert.deepEqual(left, [], 'left behind');
	});

	const lab_ = (...words: string[]): Promise<Ran> =>
		ke(cluster, ['-n', namespace, 'lab', ...words], { env: lab.env, cwd: lab.folder });
	/** What a run has written here; it is taken away. */
	const taken = (): Record<string, Buffer> => {
		const files: Record<string, Buffer> = {};
		for (const entry of readdirSync(lab.folder, { withFileTypes: true, recursive: true })) {
			const path = join(entry.parentPath, entry.name);
			if (entry.isFile()) files[path.slice(lab.folder.length + 1)] = readFileSync(path);
		}
		lab.remove();
		lab = aLab();
		return files;
	};
	const decoded = (stdout: string): string[] =>
		stdout
			.split('\n')
			.slice(0, -2)
			.map((line) => Buffer.from(line, 'base64').toString());

	for (const [what, value] of Object.entries(HOSTILE)) {
		it(`give an input to the letter: ${what}`, async () => {
			const { stdout, stderr, code } = await lab_('say', 'web', '-q', `--word=${value}`, '--', value, 'second');
			assert.deepEqual([code, stderr], [0, '']);
			assert.deepEqual(decoded(stdout), [value, value, 'second', value, 'second']);
		});
	}

	it('have no value in a request line', async function () {
		if (!cluster.sandbox) this.skip();
		const from = cluster.sandbox.requests.length;
		await lab_('say', 'web', '-q', '--word=SECRETWORD', '--', 'SECRETARG');
		const lines = cluster.sandbox.requests.slice(from).map(({ path }) => decodeURIComponent(path));
		assert.ok(lines.some((line) => line.includes('/exec')));
		assert.deepEqual(
			lines.filter((line) => /SECRET/.test(line)),
			[],
		);
	});

	it('work through a proxy that takes no request line over 8 KB', async function () {
		if (!cluster.sandbox) this.skip();
		cluster.sandbox.misbehaviour.requestLineLimit = 8192;
		try {
			const { code, stdout } = await lab_('say', 'nonroot', '-q', `--word=${'y'.repeat(100_000)}`);
			assert.deepEqual([code, decoded(stdout)[0]?.length], [0, 100_000]);
		} finally {
			cluster.sandbox.misbehaviour.requestLineLimit = undefined;
		}
	});

	it('read durations and sizes, and give what was not given as nothing', async () => {
		const { stdout } = await lab_('say', 'web', '-q', '--flag', '--most', '2kB');
		assert.deepEqual([decoded(stdout), stdout.trimEnd().split('\n').at(-1)], [['', '', ''], 'true 90 2000 0']);
	});

	it('give the script’s code and keep its streams apart', async () => {
		assert.deepEqual(await lab_('verdict', 'web', '-q'), { code: 3, stdout: 'out\n', stderr: 'err\n' });
		assert.equal((await lab_('verdict', 'web', '-q', '--code', '0')).code, 0);
	});

	it('tell a script where it is, with a folder of its own', async () => {
		const { stdout } = await lab_('place', 'web', '-q');
		assert.match(stdout, new RegExp(`^web ${namespace} \\S+ app pid root 0\n$`));
	});

	it('are the target’s user where they say so', async () => {
		assert.equal((await lab_('who', 'nonroot', '-q')).stdout, '65532\n');
		assert.equal((await lab_('who', 'web', '-q')).stdout, '0\n');
	});

	it('have the capabilities that they ask for, and no other’s', async () => {
		const mask = async (recipe: string): Promise<bigint> => {
			const { stdout } = await lab_(recipe, 'nonroot', '-q');
			return BigInt(`0x${/CapEff:\s*([0-9a-f]+)/.exec(stdout)?.[1]}`);
		};
		const [netAdmin, ptrace] = [1n << 12n, 1n << 19n];
		const [asked, unasked] = [await mask('rights'), await mask('fewer')];
		assert.deepEqual([asked & netAdmin, asked & ptrace, unasked & netAdmin, unasked & ptrace], [netAdmin, 0n, 0n, 0n]);
		const { stdout } = await cluster.kubectl(
			...['get', 'pod', 'nonroot', '-n', namespace, '-o', 'jsonpath={.spec.ephemeralContainers[*].name}'],
		);
		assert.equal(stdout.split(' ').length, 1, 'they share a container');
	});

	it('give text as one document with -o json', async () => {
		const { stdout } = await lab_('verdict', 'web', '-o', 'json');
		const { pod, exitCode, stdout: out, stderr } = JSON.parse(stdout);
		assert.deepEqual([pod, exitCode, out, stderr], ['web', 3, 'out\n', 'err\n']);
	});

	it('give JSON to the letter, and as a value in a document', async () => {
		assert.equal((await lab_('facts', 'web', '-q')).stdout, '{"pod":"web","n":1}\n');
		assert.deepEqual(JSON.parse((await lab_('facts', 'web', '-o', 'json')).stdout).result, { pod: 'web', n: 1 });
		const broken = await lab_('broken-facts', 'web', '-q');
		assert.equal(broken.code, 125);
		assert.match(broken.stderr, /^error: what the recipe printed is no JSON/);
	});

	it('bring a file home under its name, with the digest that it has in the pod', async () => {
		const { code, stderr, stdout } = await lab_('dump', 'web', '--size', '3MB');
		assert.deepEqual([code, stdout], [0, ''], stderr);
		const files = taken();
		assert.deepEqual(Object.keys(files), ['web-dump.bin']);
		const digest = createHash('sha256')
			.update(files['web-dump.bin'] ?? '')
			.digest('hex');
		assert.equal(files['web-dump.bin']?.length, 3_000_000);
		assert.match(stderr, new RegExp(`^${digest}$`, 'm'));
		assert.match(stderr, new RegExp(`^web-dump\\.bin  3\\.0 MB, sha256 ${digest} as in the pod$`, 'm'));
		assert.doesNotMatch(stderr, /ke-progress/);
	});

	it('put it where -w says: a name, a folder, standard output', async () => {
		await lab_('dump', 'web', '-q', '-w', 'mine');
		await lab_('dump', 'web', '-q', '-w', 'there/');
		assert.deepEqual(Object.keys(taken()).sort(), ['mine', 'there/web-dump.bin']);
		const child = spawn(executable(), ['lab', 'dump', 'web', '-n', namespace, '-w', '-', '--size', '100kB'], {
			env: programEnv(cluster.kubeconfig, lab.env),
			cwd: lab.folder,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const out: Buffer[] = [];
		const err: Buffer[] = [];
		child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
		child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
		assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0);
		const digest = createHash('sha256').update(Buffer.concat(out)).digest('hex');
		assert.ok(Buffer.concat(err).includes(digest));
	});

	it('replace nothing without --overwrite, and say so before anything is done', async () => {
		writeFileSync(join(lab.folder, 'web-dump.bin'), 'old');
		const refused = await lab_('dump', 'web');
		assert.equal(refused.code, 125);
		assert.match(refused.stderr, /^error: web-dump\.bin is there already\n--overwrite replaces it/m);
		assert.doesNotMatch(refused.stderr, /[0-9a-f]{64}/);
		assert.equal(readFileSync(join(lab.folder, 'web-dump.bin'), 'utf8'), 'old');
		assert.equal((await lab_('dump', 'web', '-q', '--overwrite', '--size', '10')).code, 0);
		assert.equal(taken()['web-dump.bin']?.length, 10);
	});

	it('call incomplete what a script left that failed', async () => {
		const { code, stderr } = await lab_('dump', 'web', '--fail', '--size', '10');
		assert.equal(code, 9);
		assert.match(
			stderr,
			/^web-dump\.bin\.incomplete {2}10 B, sha256 \w+ as in the pod, not whole: the recipe ended with 9$/m,
		);
		assert.deepEqual(Object.keys(taken()), ['web-dump.bin.incomplete']);
	});

	it('hold a file against its format', async () => {
		assert.equal((await lab_('profile', 'web', '-q')).code, 0);
		assert.equal(gunzipSync(taken()['web.gz'] ?? '').toString(), 'x\n');
		const { code, stderr } = await lab_('profile', 'web', '--text', 'not compressed');
		assert.equal(code, 125);
		assert.match(stderr, /^web\.gz\.incomplete does not begin as gzip does$/m);
		assert.deepEqual(Object.keys(taken()), ['web.gz.incomplete']);
	});

	it('bring several files as a folder', async () => {
		assert.equal((await lab_('evidence', 'web', '-q')).code, 0);
		const files = taken();
		assert.deepEqual(Object.keys(files).sort(), ['evidence-web/one', 'evidence-web/sub/two']);
	});

	it('say that there is no file where there should be one', async () => {
		const { code, stderr } = await lab_('nothing', 'web', '-q');
		assert.equal(code, 125);
		assert.match(stderr, /^error: nothing ended well and left no file in \$OUT/);
	});

	it('stream byte for byte', async () => {
		await lab_('stream', 'web', '-q', '-w', 'x');
		assert.deepEqual(taken().x, Buffer.from('a\0b\r\n\x1b[2Jc\xff', 'latin1'));
	});

	it('keep what came when they are ended by Ctrl-C, under a name that says so', async () => {
		const child = spawn(executable(), ['lab', 'drip', 'web', '-n', namespace, '-w', 'out'], {
			env: programEnv(cluster.kubeconfig, lab.env),
			cwd: lab.folder,
			stdio: 'ignore',
		});
		const ended = new Promise((resolve) => child.on('close', resolve));
		await eventually(() => {
			const [part] = readdirSync(lab.folder);
			return part !== undefined && readFileSync(join(lab.folder, part), 'utf8') === 'x\n';
		});
		child.kill('SIGINT');
		assert.equal(await ended, 130);
		assert.deepEqual(Object.keys(taken()), ['out.incomplete']);
	});

	it('end a script that takes too long with 124', async () => {
		const { code, stderr } = await lab_('slow', 'web');
		assert.equal(code, 124);
		assert.match(stderr, /^slow took longer than its 1 s, and was ended$/m);
	});

	it('ask before they do anything, and are told by --yes', async () => {
		const unasked = await lab_('ask', 'web');
		assert.equal(unasked.code, 125);
		assert.match(unasked.stderr, /error: It stands still for 3 s in web\. Nobody is there to say yes\n--yes says it\./);
		assert.equal((await lab_('ask', 'web', '-q', '--yes')).stdout, 'did it\n');
		const refused = await lab_('ask', 'web', '-q', '--yes', '--how', 'bad');
		assert.deepEqual(
			[refused.code, refused.stdout, refused.stderr],
			[125, '', 'error: the heap is too large for it\n'],
		);
		assert.match(
			(await lab_('ask', 'web', '-q', '--how', 'rubbish')).stderr,
			/the preflight of ask printed no JSON object/,
		);
		assert.match(
			(await lab_('ask', 'web', '-q', '--how', 'fails')).stderr,
			/the preflight of ask failed in web \(exit code 2\): no such process/,
		);
	});

	it('ask at a terminal', async () => {
		for (const [answer, outcome] of [
			['y', /did it/],
			['n', /nothing was done/],
			['\x04', /nothing was done/],
		] as const) {
			const env = programEnv(cluster.kubeconfig, lab.env);
			const terminal = openTerminal(executable(), ['lab', 'ask', 'web', '-n', namespace], env);
			await terminal.see(/It stands still for 3 s in web\. Go on\? \[y\/N\] /);
			terminal.type(answer === '\x04' ? answer : `${answer}\r`);
			await terminal.see(outcome);
			assert.equal(await terminal.ended, answer === 'y' ? 0 : 125);
		}
	});

	it('have a terminal where there is one, for interactive ones', async () => {
		assert.equal((await lab_('screen', 'web', '-q')).stdout, 'none\n');
		const terminal = openTerminal(
			executable(),
			['lab', 'screen', 'web', '-n', namespace],
			programEnv(cluster.kubeconfig, lab.env),
		);
		await terminal.see(/terminal\r\n/);
		assert.equal(await terminal.ended, 0);
	});

	it('show progress on one line and leave nothing of it', async () => {
		const { stdout, stderr } = await lab_('steps', 'web', '-q');
		assert.deepEqual([stdout, stderr], ['done\n', '']);
	});

	it('stop an agent by Ctrl-C, and hear it out', async () => {
		const child = spawn(executable(), ['lab', 'agent', 'web', '-n', namespace, '-q'], {
			env: programEnv(cluster.kubeconfig, lab.env),
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		let out = '';
		child.stdout.on('data', (bytes: Buffer) => {
			out += bytes;
			if (out === 'alive\n') child.kill('SIGINT');
		});
		const code = await new Promise((resolve) => child.on('close', resolve));
		assert.deepEqual([code, out], [4, 'alive\nstopping\nended\n']);
	});

	it('open a local port for as long as they run', async () => {
		const child = spawn(executable(), ['lab', 'serve', 'web', '-n', namespace], {
			env: programEnv(cluster.kubeconfig, lab.env),
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let err = '';
		const port = await new Promise<string>((resolve) => {
			child.stderr.on('data', (bytes: Buffer) => {
				err += bytes;
				const found = /^127\.0\.0\.1:(\d+) leads to port 8080 of web/m.exec(err)?.[1];
				if (found) resolve(found);
			});
		});
		await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
		const answers = await Promise.all(
			[1, 2, 3].map(() => fetch(`http://127.0.0.1:${port}/`).then((one) => one.status)),
		);
		assert.deepEqual(answers, [200, 200, 200]);
		child.kill('SIGINT');
		await new Promise((resolve) => child.on('close', resolve));
		await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
	});

	it('leave nothing behind in the container', async () => {
		await lab_('leave', 'web', '-q');
		await lab_('dump', 'web', '-q', '-w', '-');
		const look = 'ls -A /tmp /var/tmp /dev/shm /run | grep -e ke-out -e ke-script; ps -ef | grep "[s]leep 600"';
		const { stdout } = await ke(cluster, ['lab', 'web', '-n', namespace, '-q', '--', 'sh', '-c', look], {
			env: lab.env,
		});
		assert.equal(stdout, '');
	});

	it('are told by --dry-run, with their script and inputs', async () => {
		const { stdout } = await lab_('say', 'web', '--dry-run=client', '-o', 'json', '--word=x');
		const { recipe, reuse } = JSON.parse(stdout);
		assert.match(reuse, /^ke-lab-/);
		assert.equal(recipe.recipe, 'say');
		assert.match(recipe.script, /^#!\/bin\/sh/);
		assert.deepEqual(recipe.env[0], { name: 'INPUT_WORD', value: 'x' });
	});

	it('are refused before anything is added where the namespace permits less', async () => {
		const tight = await cluster.namespace('restricted');
		const restricted = '{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}';
		const container = 'securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}';
		await cluster.apply(
			tight,
			podYaml('web', { image: 'registry.test/webgo:nonroot', spec: `securityContext: ${restricted}`, container }),
			'web',
		);
		const refused = await ke(cluster, ['lab', 'rights', 'web', '-n', tight, '-q'], { env: lab.env });
		assert.equal(refused.code, 125);
		assert.match(refused.stderr, /NET_ADMIN/);
		const { stdout } = await cluster.kubectl(
			'get',
			'pod',
			'web',
			'-n',
			tight,
			'-o',
			'jsonpath={.spec.ephemeralContainers}',
		);
		assert.equal(stdout, '');
		const dump = await ke(cluster, ['lab', 'dump', 'web', '-n', tight, '-q', '-w', 'x'], {
			env: lab.env,
			cwd: lab.folder,
		});
		assert.deepEqual([dump.code, Object.keys(taken())], [0, ['x']], dump.stderr);
		assert.ok(!existsSync(join(lab.folder, 'x')));
	});
});
