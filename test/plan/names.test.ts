import assert from 'node:assert/strict';
import type { UserError } from '../../src/errors.ts';
import { findSlot, givenSlot, specHash } from '../../src/plan/names.ts';
import { aPod, ended, running, waiting } from '../support/pods.ts';

const wanted = { image: 'i', securityContext: { runAsUser: 0 } };
const base = `ke-net-${specHash(wanted)}`;
const ours = (name: string) => ({ name, env: [{ name: 'KE_TOOLKIT', value: 'net' }] });

describe('the name that is a container’s identity', () => {
	it('is five characters of kubectl’s alphabet, whatever the order of keys', () => {
		assert.match(specHash(wanted), /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
		assert.equal(specHash({ a: 1, b: { c: 2, d: [1, 2] } }), specHash({ b: { d: [1, 2], c: 2 }, a: 1 }));
		assert.notEqual(specHash({ a: [1, 2] }), specHash({ a: [2, 1] }));
		assert.equal(specHash({ a: 1, b: undefined }), specHash({ a: 1 }));
	});

	it('stays the same from one version to the next', () => {
		assert.equal(specHash({ image: 'busybox:1', targetContainerName: 'app' }), 'mccss');
	});

	it('fits 63 characters with a long toolkit’s name, and ends in no dash before the hash', () => {
		const pod = aPod().withContainer('app').pod;
		const { name } = findSlot(pod, `${'a'.repeat(49)}-${'b'.repeat(30)}`, wanted, false);
		assert.equal(name, `ke-${'a'.repeat(49)}-${specHash(wanted)}`);
		assert.ok(findSlot(pod, 'x'.repeat(80), wanted, false).name.length <= 59);
	});

	it('takes the slot there is', () => {
		const cases: [string, [string, ReturnType<typeof ended> | undefined][], object, object][] = [
			['none', [], { name: base, state: 'new' }, { name: base, state: 'new' }],
			['running', [['', running]], { name: base, state: 'running' }, { name: `${base}2`, state: 'new' }],
			['just added', [['', undefined]], { name: base, state: 'waiting' }, { name: `${base}2`, state: 'new' }],
			[
				'pulling',
				[['', waiting('ContainerCreating')]],
				{ name: base, state: 'waiting' },
				{ name: `${base}2`, state: 'new' },
			],
			['ended', [['', ended()]], { name: `${base}2`, state: 'new', after: base }, { name: `${base}2`, state: 'new' }],
			[
				'two ended',
				[
					['', ended()],
					['2', ended(137)],
				],
				{ name: `${base}3`, state: 'new', after: `${base}2` },
				{ name: `${base}3`, state: 'new' },
			],
			[
				'ended, then running',
				[
					['', ended()],
					['2', running],
				],
				{ name: `${base}2`, state: 'running' },
				{ name: `${base}3`, state: 'new' },
			],
			[
				'stuck, then running',
				[
					['', waiting('ImagePullBackOff')],
					['2', running],
				],
				{ name: `${base}2`, state: 'running' },
				{ name: `${base}3`, state: 'new' },
			],
		];
		for (const [title, added, shared, fresh] of cases) {
			const pod = aPod().withContainer('app');
			for (const [generation, state] of added) pod.withEphemeral(ours(`${base}${generation}`), state);
			assert.deepEqual(findSlot(pod.pod, 'net', wanted, false), shared, title);
			assert.deepEqual(findSlot(pod.pod, 'net', wanted, true), fresh, `${title}, --new`);
		}
	});

	it('passes over another container of that name', () => {
		const pod = aPod().withContainer(base).withInitContainer(`${base}2`).pod;
		assert.deepEqual(findSlot(pod, 'net', wanted, false), { name: `${base}3`, state: 'new' });
	});
});

describe('--name', () => {
	const pod = aPod()
		.withContainer('app')
		.withEphemeral('theirs', running)
		.withEphemeral(ours('mine'), running)
		.withEphemeral(ours('over'), ended()).pod;

	it('is used as it stands, and shared when it is ours and runs', () => {
		assert.deepEqual(givenSlot(pod, 'dbg', false), { name: 'dbg', state: 'new' });
		assert.deepEqual(givenSlot(pod, 'mine', false), { name: 'mine', state: 'running' });
	});

	const refused: [string, boolean, RegExp][] = [
		['app', false, /"app" is a container of the application in pod "web-0"/],
		['theirs', false, /"theirs" is not of our making/],
		['over', false, /"over" has ended and cannot be started again/],
		['mine', true, /"mine" exists already/],
		['Bad_Name', false, /"Bad_Name" cannot be a container's name/],
		['x'.repeat(64), false, /cannot be a container's name/],
	];
	for (const [name, fresh, message] of refused) {
		it(`refuses ${name.slice(0, 12)}${fresh ? ' with --new' : ''}`, () => {
			assert.throws(
				() => givenSlot(pod, name, fresh),
				(error: UserError) => message.test(error.message) && error.hint !== undefined,
			);
		});
	}
});
