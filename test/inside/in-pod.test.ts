import assert from 'node:assert/strict';
import type { Connection } from '../../src/cluster/connect.ts';
import { connect } from '../../src/cluster/connect.ts';
import type { EnvEntry } from '../../src/session/header.ts';
import { hostilePod, marksAmong } from '../fixtures/hostile.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type Asked, type Exec, entry, offered, pathOf, startIn, type Way } from './exec.ts';

const NAMESPACE = 'inside';
const NONCE = 'c0ffee';
/** The shell waits for a line. */
const PROMPT = /web-0:app [^\n]*[#$] $/;

/** A pod of a target `app` and a debug container `tool` that sees its processes. */
interface Shape {
	image?: string;
	target?: string;
	/** YAML of the pod, of the target and of the debug container, in flow style. */
	pod?: string;
	app?: string;
	tool?: string;
}

function podOf(
	name: string,
	{ image = 'nicolaka/netshoot', target = 'registry.test/webgo:1', pod, app, tool }: Shape,
): string {
	const fields = (...all: (string | undefined)[]): string => all.filter(Boolean).join(', ');
	return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec: {${fields(
		'shareProcessNamespace: true',
		'terminationGracePeriodSeconds: 0',
		pod,
		`containers: [{${fields('name: app', `image: "${target}"`, 'env: [{name: MARK, value: target}]', app)}}, {${fields(
			'name: tool',
			`image: "${image}"`,
			'command: [sh, -c, "sleep 1000000"]',
			tool,
		)}}]`,
	)}}
`;
}

const READ_ONLY = 'securityContext: {readOnlyRootFilesystem: true}';
const RESTRICTED =
	'securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}';
const AS_USER = 'securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}';
const NONROOT = { target: 'registry.test/webgo:nonroot' };

/** By builtins alone: where sh stands in for the launcher, a script in the target's root starts no other tool. */
const SCRIPT = `#!/bin/sh
# What it sees, each ended by a NUL.
while read -r key uid _; do [ "$key" != Uid: ] || break; done </proc/self/status
[ -d "\${TARGET_ROOT%/}/usr/bin" ] && tools=there || tools=none
printf '%s\\0' "$uid" "$TARGET_ROOT" "$tools" "$#" "$@" "$INPUT_A"
echo left >"$OUT/file" && echo progress >&3`;
const ARGS = ['', ' a  b ', "it's $(id)", '-n', 'line\nline\n', 'ä漢'];
const LEAVING: EnvEntry[] = [
	entry('=script', SCRIPT),
	...ARGS.map((value) => entry('=arg', value)),
	entry('=out', NONCE),
];

const SESSION: EnvEntry[] = [
	entry('=command two', 'echo "two $1 $(id -u) $TARGET_ROOT"; ls -d /etc/ssl 2>/dev/null; echo kept >>"$OUT/file"'),
	entry('=command show', 'printf "<%s>" "$INPUT_LONG_NAME" "$@"; echo'),
	entry('=inputs show', 'long-name\tl\tvalue\tno\tusual\nword\t-\tpositional\tyes\t'),
	entry('=command ls', 'echo not the program'),
	entry('=help', 'these are: two, show, ls'),
	entry('=out', NONCE),
];

describe('in a pod', function () {
	this.timeout(90_000);
	let sandbox: Sandbox;
	let connection: Connection;
	const execs: Exec[] = [];
	const made = new Set<string>();

	before(async function () {
		const cluster = await useCluster(this);
		if (!cluster.sandbox) this.skip();
		sandbox = cluster.sandbox;
		connection = await connect({ kubeconfig: sandbox.kubeconfig() }, {});
	});
	afterEach(() => {
		for (const exec of execs.splice(0)) exec.hangUp();
	});
	after(async () => {
		for (const name of made) await sandbox.delete('pods', NAMESPACE, name);
	});

	/** Make a pod, once. */
	const apply = async (name: string, shape: Shape): Promise<string> => {
		if (made.has(name)) return name;
		made.add(name);
		await sandbox.apply(podOf(name, shape));
		await sandbox.ready(NAMESPACE, name, 60_000);
		return name;
	};
	const start = async (pod: string, asked: Asked): Promise<Exec> => {
		const statuses = (
			sandbox.get('pods', NAMESPACE, pod) as {
				status?: { containerStatuses?: { name: string; containerID: string }[] };
			}
		).status;
		const id = statuses?.containerStatuses
			?.find(({ name }) => name === 'app')
			?.containerID.replace('containerd://', '');
		const keys = [`target=${id}`, ...(asked.keys ?? [])];
		const exec = await startIn(connection, { namespace: NAMESPACE, pod, container: 'tool' }, { ...asked, keys });
		execs.push(exec);
		return exec;
	};
	const inTool = async (pod: string, ...words: string[]): Promise<string> =>
		(await sandbox.run(NAMESPACE, pod, 'tool', words)).stdout;
	/** What is left of execs: folders of ours that are not the launcher's, and processes. */
	const leftIn = async (pod: string): Promise<string[]> => {
		const folders = await inTool(
			pod,
			'sh',
			'-c',
			'ls -d /run/.ke-* /tmp/.ke-* /var/tmp/.ke-* /dev/shm/.ke-* 2>/dev/null',
		);
		const processes = await inTool(pod, 'sh', '-c', 'for p in /proc/[0-9]*; do cat $p/comm 2>/dev/null; done');
		return [
			...folders.split('\n').filter((path) => /\.ke-(out|session)/.test(path)),
			...processes.split('\n').filter((name) => /^ke/.test(name)),
		];
	};

	const inside = ['root=target', 'as=target'];
	for (const [what, shape, way, keys, user] of [
		['beside a target in an empty image', {}, 'launcher', [], '0'],
		['in the root of a target in an empty image', {}, 'launcher', inside, '0'],
		['in the root of a target of another user', NONROOT, 'launcher', inside, '65532'],
		[
			'in the root of a target of another user, with its environment',
			NONROOT,
			'launcher',
			[...inside, 'env=target'],
			'65532',
		],
		['in the root of a target of another user, as root', NONROOT, 'launcher', ['root=target'], '0'],
		['as the target’s user, beside it', NONROOT, 'launcher', ['as=target'], '65532'],
		['in the root of a target with a read-only root', { ...NONROOT, app: READ_ONLY }, 'launcher', inside, '65532'],
		[
			'in a target’s root from an image with musl',
			{ ...NONROOT, image: 'registry.test/muslbox:1' },
			'launcher',
			inside,
			'65532',
		],
		['from an image with a read-only root', { tool: READ_ONLY }, 'script', [], '0'],
		[
			'from an image with a read-only root, in the target’s root',
			{ ...NONROOT, tool: READ_ONLY },
			'script',
			inside,
			'65532',
		],
		['where all is restricted', { ...NONROOT, pod: AS_USER, app: RESTRICTED, tool: RESTRICTED }, 'script', [], '65532'],
		[
			'where all is restricted but a volume at /tmp',
			{
				...NONROOT,
				pod: `${AS_USER}, volumes: [{name: tmp, emptyDir: {}}]`,
				app: RESTRICTED,
				tool: `${RESTRICTED}, volumeMounts: [{name: tmp, mountPath: /tmp}]`,
			},
			'launcher',
			[],
			'65532',
		],
	] as [string, Shape, Way, string[], string][]) {
		it(`a script runs ${what}, and what it leaves is offered and goes`, async () => {
			const pod = await apply(
				`pod-${Buffer.from(JSON.stringify(shape)).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7)}`,
				shape,
			);
			const before = sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path);
			const letters = keys.includes('root=target') && !keys.includes('as=target') ? 'k' : '';
			const exec = await start(pod, { way, letters, keys, special: LEAVING, env: [entry('INPUT_A', 'a\n')] });
			const path = pathOf(await exec.see(offered(NONCE)));
			// Standard output comes another way than the mark.
			await eventually(() => exec.stdout().toString().split('\0').length === ARGS.length + 6);
			const isInside = keys.includes('root=target');
			const [uid, root, folder, count, ...words] = exec.stdout().toString().split('\0').slice(0, -1);
			assert.deepEqual([uid, count, words], [user, String(ARGS.length), [...ARGS, 'a\n']]);
			assert.deepEqual([isInside ? root : '/', folder], ['/', 'none'], 'the target has no /usr/bin');
			assert.equal(exec.stderr().replace(offered(NONCE), ''), 'progress\n');
			assert.equal(await inTool(pod, 'cat', `${path}/file`), 'left\n');
			assert.equal(await inTool(pod, 'stat', '-c', '%u %a', path), `${user} 700\n`);
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 0);
			await eventually(async () => (await leftIn(pod)).length === 0);
			assert.deepEqual(
				sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path),
				before,
				'nothing was written there',
			);
		});
	}

	for (const [what, shape, keys, user] of [
		['beside a target', NONROOT, [], '0'],
		['as the target’s user', NONROOT, ['as=target'], '65532'],
		['in the root of a target in an empty image', NONROOT, [...inside, 'env=target'], '65532'],
		['in the root of a target that is root', {}, inside, '0'],
		['in a target’s root from an image with musl', { ...NONROOT, image: 'registry.test/muslbox:1' }, inside, '65532'],
		[
			'in the root of a busybox',
			{ target: 'busybox', app: 'command: [sleep, "1000000"], securityContext: {runAsUser: 1000}' },
			inside,
			'1000',
		],
	] as [string, Shape, string[], string][]) {
		for (const shells of [
			['bash', 'ash', 'sh'],
			['ash', 'sh'],
		]) {
			it(`a session has its commands ${what}, in ${shells.join(' or ')}`, async () => {
				const pod = await apply(
					`pod-${Buffer.from(JSON.stringify(shape)).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7)}`,
					shape,
				);
				const before = sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path);
				const exec = await start(pod, { way: 'launcher', letters: 'st', keys, words: shells, special: SESSION });
				const isInside = keys.includes('root=target');
				await exec.see(PROMPT);
				exec.send("two 'a  b'\r");
				const root = isInside ? '/' : '/proc/\\d+/root';
				await exec.see(new RegExp(`\ntwo a  b ${user} ${root}\r\n${isInside ? '' : '(/etc/ssl\r\n)?'}[^\r\n]*[#$] $`));
				exec.send("show -l 'x y' word; show --help; show\r");
				await exec.see(/\n<x y><word>\r\nusage: show \[flags\] WORD\r\n[^$]*error: show: WORD is needed\r\n/);
				await exec.see(PROMPT);
				exec.send('help; recipe ls; ls -d /proc\r');
				const who = isInside ? 'the image or the target' : 'the image';
				await exec.see(
					new RegExp(
						`these are: two, show, ls\r\nCalled as "recipe NAME", since ${who} has programs of these names: ls\r\nnot the program\r\n/proc\r\n`,
					),
				);
				await exec.see(PROMPT);
				if (keys.length === 0) {
					exec.send('in-target two x 2>/dev/null\r');
					await exec.see(/\ntwo x 65532 \/\r\n/);
					await exec.see(PROMPT);
				}
				exec.send('exit 6\r');
				const path = pathOf(await exec.see(offered(NONCE)));
				assert.equal(await inTool(pod, 'cat', `${path}/file`), 'kept\n');
				exec.send(`${NONCE}d`);
				assert.equal(await exec.ended, 6);
				await eventually(async () => (await leftIn(pod)).length === 0);
				assert.deepEqual(
					sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path),
					before,
					'nothing was written there',
				);
			});
		}
	}

	for (const shells of [['bash'], ['ash', 'sh']]) {
		it(`a session takes nothing over from a hostile target, in ${shells.join(' or ')}`, async () => {
			const pod = `evil-${shells[0]}`;
			made.add(pod);
			const evil = JSON.parse(hostilePod(pod, { namespace: NAMESPACE, user: { uid: 1000, gid: 1000 } }));
			evil.spec.shareProcessNamespace = true;
			evil.spec.containers.push({ name: 'tool', image: 'nicolaka/netshoot', command: ['sh', '-c', 'sleep 1000000'] });
			await sandbox.apply(evil);
			await sandbox.ready(NAMESPACE, pod, 60_000);
			const exec = await start(pod, {
				way: 'launcher',
				letters: 'st',
				keys: [...inside, 'env=target'],
				words: shells,
				special: SESSION,
			});
			await exec.see(PROMPT);
			exec.send('two x\r');
			await exec.see(/\ntwo x 1000 \/\r\n[^$#]*[#$] $/);
			exec.send('help\r');
			await exec.see(/\nthese are/);
			await exec.see(PROMPT);
			exec.send("show -l 'x y' word; sh -c 'two y'\r");
			await exec.see(/<x y><word>\r\ntwo y /);
			await exec.see(PROMPT);
			exec.send('exit 0\r');
			await exec.see(offered(NONCE));
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 0);
			assert.deepEqual(marksAmong(sandbox.changes(NAMESPACE, pod, 'app').map(({ path }) => path)), []);
		});
	}

	it('a script gives no capability up where a target that is root could reach it then', async () => {
		const show = [
			entry('=script', 'grep ^CapPrm /proc/self/status; grep ^CapBnd "/proc/$TARGET_PID/status"'),
			entry('=drop', (1n << 19n).toString(16)),
		];
		const read = async (pod: string): Promise<bigint[]> => {
			const exec = await start(pod, { way: 'launcher', special: show });
			assert.equal(await exec.ended, 0, exec.stderr());
			return [
				...exec
					.stdout()
					.toString()
					.matchAll(/\t(\w+)/g),
			].map(([, bits]) => BigInt(`0x${bits}`));
		};
		const tool = 'securityContext: {capabilities: {add: [SYS_PTRACE]}}';
		const [ofUser = 0n] = await read(await apply('traces-user', { ...NONROOT, tool }));
		assert.equal(ofUser & (1n << 19n), 0n, 'it is given up beside another user');
		const [ofRoot = 0n, theirs = 0n] = await read(await apply('traces-root', { tool }));
		assert.equal(ofRoot & ~theirs, 1n << 19n, 'it has more than the target, beside root');
		const alike = 'securityContext: {capabilities: {add: [SYS_PTRACE, SYS_ADMIN]}}';
		const [more = 0n] = await read(await apply('traces-more', { tool: alike }));
		assert.equal(more & (1n << 19n), 0n, 'where more is left to it, it is given up beside root, too');
	});
});
