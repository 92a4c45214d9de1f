import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';

describe('a one-shot command', () => {
	let cluster: TestCluster;
	let namespace: string;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
		// The first command brings the container; what follows is the warm path.
		assert.equal((await net('true')).code, 0);
	});

	const net = (...command: string[]) => ke(cluster, ['net', 'web', '-n', namespace, '-q', '--', ...command]);
	const ephemeral = async (pod = 'web'): Promise<string[]> => {
		const { stdout } = await cluster.kubectl(
			'get',
			'pod',
			pod,
			'-n',
			namespace,
			'-o',
			'jsonpath={.spec.ephemeralContainers[*].name}',
		);
		return stdout.split(' ').filter(Boolean);
	};

	it('gives its output, byte for byte, and its exit code', async () => {
		assert.deepEqual(await net('printf', 'a\\nb\\000c\\303\\251'), { code: 0, stdout: 'a\nb\0cé', stderr: '' });
		assert.deepEqual(await net('sh', '-c', 'exit 7'), { code: 7, stdout: '', stderr: '' });
	});

	it('keeps standard error apart', async () => {
		assert.deepEqual(await net('sh', '-c', 'echo out; echo err >&2; exit 3'), {
			code: 3,
			stdout: 'out\n',
			stderr: 'err\n',
		});
	});

	it('gets its words as they are: blanks, quotes, newlines, repeated ones, dashes', async () => {
		const words = ['a b', "it's", '"$HOME"', 'x\ny', 'same', 'same', '--', '-n', '$(id)', '*', ''];
		const { stdout } = await net('printf', '[%s]', ...words);
		assert.equal(stdout, words.map((word) => `[${word}]`).join(''));
	});

	it('gives 127 for what is not there, 126 for what is not executable, 128+n for a signal', async () => {
		const absent = await net('no-such-program');
		assert.equal(absent.code, 127);
		assert.match(absent.stderr, /no-such-program: not found/);
		assert.equal((await net('/etc/passwd')).code, 126);
		assert.equal((await net('sh', '-c', 'kill -TERM $$')).code, 143);
	});

	it('uses the one container again and again', async () => {
		const before = await ephemeral();
		assert.equal(before.length, 1);
		assert.match(before[0] ?? '', /^ke-net-[a-z0-9]{5}$/);
		for (let i = 0; i < 5; i++) assert.equal((await net('echo', 'hi')).stdout, 'hi\n');
		assert.deepEqual(await ephemeral(), before);
	});

	it('is one GET of the pod and the exec on the warm path', async function () {
		if (!cluster.sandbox) this.skip();
		const from = cluster.sandbox.requests.length;
		await net('true');
		const made = cluster.sandbox.requests.slice(from).map(({ method, path }) => `${method} ${path.split('?')[0]}`);
		const pod = `/api/v1/namespaces/${namespace}/pods/web`;
		assert.deepEqual(made, [`GET ${pod}`, `GET ${pod}/exec`]);
	});

	it('reads no local input without -i, so that a loop keeps its own', async () => {
		const script = `while read -r line; do "$KE" net web -n ${namespace} -q -- echo "got $line"; done`;
		const child = spawn('sh', ['-c', script], { env: programEnv(cluster.kubeconfig, { KE: executable() }) });
		const out: Buffer[] = [];
		child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
		child.stdin.end('one\ntwo\nthree\n');
		await once(child, 'close');
		assert.equal(Buffer.concat(out).toString(), 'got one\ngot two\ngot three\n');
	});

	it('passes local input with -i, to its end', async () => {
		const input = randomBytes(3_000_000);
		const words = ['net', 'web', '-n', namespace, '-q', '-i', '--', 'sha256sum'];
		const { stdout, code } = await ke(cluster, words, { input });
		assert.equal(code, 0);
		assert.equal(stdout.split(' ')[0], createHash('sha256').update(input).digest('hex'));
	});

	it('ends when the command does, whatever is left of the input', async () => {
		const child = spawn(executable(), ['net', 'web', '-n', namespace, '-q', '-i', '--', 'head', '-c', '4'], {
			env: programEnv(cluster.kubeconfig),
		});
		child.stdin.on('error', () => {});
		child.stdin.write('abcdefgh');
		const out: Buffer[] = [];
		child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
		const [code] = await once(child, 'close');
		assert.deepEqual([code, Buffer.concat(out).toString()], [0, 'abcd']);
	});

	it('does not mind a reader that goes away', async () => {
		const script = '"$KE" net web -n "$NS" -q -- sh -c "yes | head -c 10000000" | head -c 10 >/dev/null; echo done';
		const child = spawn('sh', ['-c', script], {
			env: programEnv(cluster.kubeconfig, { KE: executable(), NS: namespace }),
		});
		const said: Buffer[] = [];
		child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
		const [code] = await once(child, 'close');
		assert.deepEqual([code, Buffer.concat(said).toString()], [0, '']);
	});

	it('gets --env, which stands in no request line', async () => {
		const value = "s3cr3t 'quoted' $(id)\nsecond line ";
		const words = ['net', 'web', '-n', namespace, '-q', '--env', `TOKEN=${value}`, '--env', 'EMPTY=', '--'];
		const { stdout, code } = await ke(cluster, [...words, 'sh', '-c', 'printf "[%s][%s]" "$TOKEN" "$EMPTY"']);
		assert.deepEqual([code, stdout], [0, `[${value}][]`]);
		for (const { path } of cluster.sandbox?.requests ?? []) assert.ok(!path.includes('s3cr3t'), path);
	});

	it('sees the target: its network, its processes, its root', async () => {
		const look =
			'curl -s -o /dev/null -w "%{http_code} " localhost:8080; test -d "$TARGET_ROOT/proc" && test ! -e "$TARGET_ROOT/usr" && tr "\\0" " " </proc/$TARGET_PID/cmdline';
		assert.match((await net('sh', '-c', look)).stdout, /^200 \/(app|httpd|busybox)\b/);
	});

	it('leaves nothing of a session in the container log but who, why and until when', async () => {
		await ke(cluster, ['net', 'web', '-n', namespace, '-q', '--', 'echo', 'a-secret-word']);
		const [name = ''] = await ephemeral();
		const { stdout } = await cluster.kubectl('logs', 'web', '-n', namespace, '-c', name);
		assert.match(stdout, /^kubectl ephemeral net, for admin; ends after 3600 s idle\n$/);
	});

	it('is one document with -o json', async () => {
		const words = [
			'net',
			'web',
			'-n',
			namespace,
			'-o',
			'json',
			'--',
			'sh',
			'-c',
			'echo out; printf "\\377" >&2; exit 4',
		];
		const { stdout, code } = await ke(cluster, words);
		assert.equal(code, 4);
		const { ms, container, ...rest } = JSON.parse(stdout);
		assert.equal(typeof ms, 'number');
		assert.match(container, /^ke-net-/);
		assert.deepEqual(rest, {
			namespace,
			pod: 'web',
			reused: true,
			profile: 'full',
			exitCode: 4,
			stdout: 'out\n',
			stderr: '/w==',
			encoding: { stdout: 'utf-8', stderr: 'base64' },
			truncated: false,
		});
	});

	it('is brought once by twenty first commands at once', async function () {
		this.timeout(120_000);
		await cluster.apply(namespace, podYaml('par'), 'par');
		const runs = await Promise.all(
			Array.from({ length: 20 }, (_, i) => ke(cluster, ['net', 'par', '-n', namespace, '-q', '--', 'echo', String(i)])),
		);
		assert.deepEqual(
			runs.map(({ stdout, code }) => [code, stdout]),
			runs.map((_, i) => [0, `${i}\n`]),
		);
		assert.equal((await ephemeral('par')).length, 1);
	});
});
