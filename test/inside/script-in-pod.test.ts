import assert from 'node:assert/strict';
import type { EnvEntry } from '../../src/session/header.ts';
import { eventually } from '../support/eventually.ts';
import { entry, offered, pathOf, type Way } from './exec.ts';
import { AS_USER, INSIDE, NONROOT, Pods, READ_ONLY, RESTRICTED, type Shape } from './pods.ts';

const NONCE = 'c0ffee';

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

describe('in a pod', function () {
	this.timeout(90_000);
	let pods: Pods;
	before(async function () {
		pods = await Pods.open(this);
	});
	afterEach(() => pods?.hangUp());
	after(() => pods?.remove());

	for (const [what, shape, way, keys, user] of [
		['beside a target in an empty image', {}, 'launcher', [], '0'],
		['in the root of a target in an empty image', {}, 'launcher', INSIDE, '0'],
		['in the root of a target of another user', NONROOT, 'launcher', INSIDE, '65532'],
		[
			'in the root of a target of another user, with its environment',
			NONROOT,
			'launcher',
			[...INSIDE, 'env=target'],
			'65532',
		],
		['in the root of a target of another user, as root', NONROOT, 'launcher', ['root=target'], '0'],
		['as the target’s user, beside it', NONROOT, 'launcher', ['as=target'], '65532'],
		['in the root of a target with a read-only root', { ...NONROOT, app: READ_ONLY }, 'launcher', INSIDE, '65532'],
		[
			'in a target’s root from an image with musl',
			{ ...NONROOT, image: 'registry.test/muslbox:1' },
			'launcher',
			INSIDE,
			'65532',
		],
		['from an image with a read-only root', { tool: READ_ONLY }, 'script', [], '0'],
		[
			'from an image with a read-only root, in the target’s root',
			{ ...NONROOT, tool: READ_ONLY },
			'script',
			INSIDE,
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
			const pod = await pods.of(shape);
			const before = pods.written(pod);
			const letters = keys.includes('root=target') && !keys.includes('as=target') ? 'k' : '';
			const exec = await pods.start(pod, { way, letters, keys, special: LEAVING, env: [entry('INPUT_A', 'a\n')] });
			const path = pathOf(await exec.see(offered(NONCE)));
			// Standard output comes another way than the mark.
			await eventually(() => exec.stdout().toString().split('\0').length === ARGS.length + 6);
			const isInside = keys.includes('root=target');
			const [uid, root, folder, count, ...words] = exec.stdout().toString().split('\0').slice(0, -1);
			assert.deepEqual([uid, count, words], [user, String(ARGS.length), [...ARGS, 'a\n']]);
			assert.deepEqual([isInside ? root : '/', folder], ['/', 'none'], 'the target has no /usr/bin');
			assert.equal(exec.stderr().replace(offered(NONCE), ''), 'progress\n');
			assert.equal(await pods.inTool(pod, 'cat', `${path}/file`), 'left\n');
			assert.equal(await pods.inTool(pod, 'stat', '-c', '%u %a', path), `${user} 700\n`);
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 0);
			await eventually(async () => (await pods.left(pod)).length === 0);
			assert.deepEqual(pods.written(pod), before, 'nothing was written there');
		});
	}

	it('a script gives no capability up where a target that is root could reach it then', async () => {
		const show = [
			entry('=script', 'grep ^CapPrm /proc/self/status; grep ^CapBnd "/proc/$TARGET_PID/status"'),
			entry('=drop', (1n << 19n).toString(16)),
		];
		const read = async (pod: string): Promise<bigint[]> => {
			const exec = await pods.start(pod, { way: 'launcher', special: show });
			assert.equal(await exec.ended, 0, exec.stderr());
			return [
				...exec
					.stdout()
					.toString()
					.matchAll(/\t(\w+)/g),
			].map(([, bits]) => BigInt(`0x${bits}`));
		};
		const tool = 'securityContext: {capabilities: {add: [SYS_PTRACE]}}';
		const [ofUser = 0n] = await read(await pods.of({ ...NONROOT, tool }));
		assert.equal(ofUser & (1n << 19n), 0n, 'it is given up beside another user');
		const [ofRoot = 0n, theirs = 0n] = await read(await pods.of({ tool }));
		assert.equal(ofRoot & ~theirs, 1n << 19n, 'it has more than the target, beside root');
		const alike = 'securityContext: {capabilities: {add: [SYS_PTRACE, SYS_ADMIN]}}';
		const [more = 0n] = await read(await pods.of({ tool: alike }));
		assert.equal(more & (1n << 19n), 0n, 'where more is left to it, it is given up beside root, too');
	});
});
