import assert from 'node:assert/strict';
import type { EnvEntry } from '../../src/session/header.ts';
import { hostilePod, marksAmong } from '../fixtures/hostile.ts';
import { eventually } from '../support/eventually.ts';
import { entry, offered, pathOf } from './exec.ts';
import { INSIDE, NAMESPACE, NONROOT, Pods, type Shape } from './pods.ts';

const NONCE = 'c0ffee';
/** The shell waits for a line. */
const PROMPT = /web-0:app [^\n]*[#$] $/;

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
	let pods: Pods;
	before(async function () {
		pods = await Pods.open(this);
	});
	afterEach(() => pods?.hangUp());
	after(() => pods?.remove());

	for (const [what, shape, keys, user] of [
		['beside a target', NONROOT, [], '0'],
		['as the target’s user', NONROOT, ['as=target'], '65532'],
		['in the root of a target in an empty image', NONROOT, [...INSIDE, 'env=target'], '65532'],
		['in the root of a target that is root', {}, INSIDE, '0'],
		['in a target’s root from an image with musl', { ...NONROOT, image: 'registry.test/muslbox:1' }, INSIDE, '65532'],
		[
			'in the root of a busybox',
			{ target: 'busybox', app: 'command: [sleep, "1000000"], securityContext: {runAsUser: 1000}' },
			INSIDE,
			'1000',
		],
	] as [string, Shape, string[], string][]) {
		for (const shells of [
			['bash', 'ash', 'sh'],
			['ash', 'sh'],
		]) {
			it(`a session has its commands ${what}, in ${shells.join(' or ')}`, async () => {
				const pod = await pods.of(shape);
				const before = pods.written(pod);
				const exec = await pods.start(pod, { way: 'launcher', letters: 'st', keys, words: shells, special: SESSION });
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
				assert.equal(await pods.inTool(pod, 'cat', `${path}/file`), 'kept\n');
				exec.send(`${NONCE}d`);
				assert.equal(await exec.ended, 6);
				await eventually(async () => (await pods.left(pod)).length === 0);
				assert.deepEqual(pods.written(pod), before, 'nothing was written there');
			});
		}
	}

	for (const shells of [['bash'], ['ash', 'sh']]) {
		it(`a session takes nothing over from a hostile target, in ${shells.join(' or ')}`, async () => {
			const pod = `evil-${shells[0]}`;
			const evil = JSON.parse(hostilePod(pod, { namespace: NAMESPACE, user: { uid: 1000, gid: 1000 } }));
			evil.spec.shareProcessNamespace = true;
			evil.spec.containers.push({ name: 'tool', image: 'nicolaka/netshoot', command: ['sh', '-c', 'sleep 1000000'] });
			await pods.make(pod, JSON.stringify(evil));
			const exec = await pods.start(pod, {
				way: 'launcher',
				letters: 'st',
				keys: [...INSIDE, 'env=target'],
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
			assert.deepEqual(marksAmong(pods.written(pod)), []);
		});
	}
});
