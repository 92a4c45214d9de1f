import assert from 'node:assert/strict';
import type { UserError } from '../../src/errors.ts';
import { fallbackIds, targetIdentity } from '../../src/plan/identity.ts';
import { chooseTarget } from '../../src/plan/target.ts';
import { aPod, ended, running } from '../support/pods.ts';

const DEFAULT = 'kubectl.kubernetes.io/default-container';

describe('the target container', () => {
	const pod = () => aPod().withContainer('proxy').withContainer('app');

	it('is the one named, the toolkit’s, the annotation’s, the first', () => {
		const annotated = pod().withAnnotation(DEFAULT, 'app').pod;
		assert.deepEqual(chooseTarget(annotated, 'proxy', 'app'), { container: 'proxy', because: 'named' });
		assert.deepEqual(chooseTarget(annotated, undefined, 'proxy'), { container: 'proxy', because: 'toolkit' });
		assert.deepEqual(chooseTarget(annotated, undefined, undefined), { container: 'app', because: 'annotation' });
		assert.deepEqual(chooseTarget(pod().pod, undefined, undefined), { container: 'proxy', because: 'first' });
	});

	it('passes over a toolkit’s or annotation’s name that this pod does not have', () => {
		assert.deepEqual(chooseTarget(pod().withAnnotation(DEFAULT, 'gone').pod, undefined, 'jvm'), {
			container: 'proxy',
			because: 'first',
		});
	});

	it('may be an init container that runs: a native sidecar, or one at this moment', () => {
		const sidecar = pod().withInitContainer('mesh', { restartPolicy: 'Always' }).pod;
		assert.equal(chooseTarget(sidecar, 'mesh', undefined).container, 'mesh');
		const starting = pod().withInitContainer('migrate', {}, { state: running }).pod;
		assert.equal(chooseTarget(starting, 'migrate', undefined).container, 'migrate');
	});

	const refused: [string, RegExp, string][] = [
		['ap', /pod "web-0" has no container "ap"/, 'It has app, proxy and mesh.'],
		['web-0', /no container "web-0"/, 'It has proxy, app and mesh.'],
		['mehs', /no container "mehs"/, 'It has mesh, proxy and app.'],
		['migrate', /init container "migrate" of pod "web-0" does not run now/, 'It has proxy, app and mesh.'],
		['debugger', /"debugger" is an ephemeral container/, 'It has proxy, app and mesh.'],
	];
	for (const [wanted, message, hint] of refused) {
		it(`answers ${wanted} with the right names, the nearest first`, () => {
			const full = pod()
				.withInitContainer('migrate', {}, { state: ended() })
				.withInitContainer('mesh', { restartPolicy: 'Always' })
				.withEphemeral('debugger', running).pod;
			assert.throws(
				() => chooseTarget(full, wanted, undefined),
				(error: UserError) => {
					assert.match(error.message, message);
					assert.equal(error.hint, hint);
					return true;
				},
			);
		});
	}
});

describe('the target’s user', () => {
	it('is what the status says, whatever the spec says', () => {
		const { pod } = aPod().withContainer(
			'app',
			{ securityContext: { runAsUser: 1, runAsGroup: 1 } },
			{ user: { uid: 65532, gid: 0, supplementalGroups: [0, 7] } },
		);
		assert.deepEqual(targetIdentity(pod, 'app'), { uid: 65532, gid: 0, groups: [0, 7], source: 'status' });
	});

	it('else the spec’s when it says both, the container before the pod', () => {
		const { pod } = aPod()
			.withSecurity({ runAsUser: 5, runAsGroup: 6, fsGroup: 9, supplementalGroups: [8] })
			.withContainer('app', { securityContext: { runAsUser: 7 } });
		assert.deepEqual(targetIdentity(pod, 'app'), { uid: 7, gid: 6, groups: [8, 9], source: 'spec' });
	});

	it('else unknown: a group is never guessed', () => {
		const { pod } = aPod().withSecurity({ runAsUser: 65532 }).withContainer('app');
		assert.equal(targetIdentity(pod, 'app'), undefined);
		assert.equal(targetIdentity(aPod().withContainer('app').pod, 'app'), undefined);
	});

	it('of a native sidecar stands in the init containers’ status', () => {
		const { pod } = aPod()
			.withContainer('app')
			.withInitContainer('mesh', { restartPolicy: 'Always' }, { user: { uid: 3, gid: 4 } });
		assert.deepEqual(targetIdentity(pod, 'mesh'), { uid: 3, gid: 4, groups: [], source: 'status' });
	});

	it('has a stand-in that is never root', () => {
		assert.deepEqual(fallbackIds(aPod().withContainer('app', { securityContext: { runAsUser: 0 } }).pod, 'app'), {
			uid: 65534,
			gid: 65534,
		});
		assert.deepEqual(fallbackIds(aPod().withSecurity({ runAsUser: 9 }).withContainer('app').pod, undefined), {
			uid: 9,
			gid: 0,
		});
	});
});
