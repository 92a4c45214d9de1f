import assert from 'node:assert/strict';
import { planContainer } from '../../src/plan/container.ts';
import { buildPatch, describePlan } from '../../src/plan/plan.ts';
import { readRecord } from '../../src/plan/record.ts';
import type { SessionRequest } from '../../src/plan/request.ts';
import { roleFor } from '../../src/plan/roles.ts';
import { aPod, running } from '../support/pods.ts';
import { aPlanInput } from '../support/requests.ts';

function described(request: Partial<SessionRequest>, changes: Parameters<typeof aPlanInput>[1] = {}) {
	const input = aPlanInput(request, changes);
	const plan = planContainer(input);
	return describePlan(input.pod, plan, plan.candidates[0], 'not asked');
}

describe('the PATCH', () => {
	const container = { name: 'new', image: 'i' };

	it('K63 names the first container alone', () => {
		assert.deepEqual(buildPatch([], container), { spec: { ephemeralContainers: [container] } });
	});

	it('K63 K8 names later ones after those there are, which stay untouched', () => {
		assert.deepEqual(buildPatch(['a', 'b'], container), {
			spec: {
				'$setElementOrder/ephemeralContainers': [{ name: 'a' }, { name: 'b' }, { name: 'new' }],
				ephemeralContainers: [container],
			},
		});
	});

	it('names a container once that is there already: the same PATCH sent twice', () => {
		assert.deepEqual(buildPatch(['new'], container).spec['$setElementOrder/ephemeralContainers'], [{ name: 'new' }]);
	});
});

describe('the plan as it is printed', () => {
	it('says pod, container, profile, what is lost, and the PATCH', () => {
		const plan = described({});
		assert.equal(plan.pod, 'open/web-0');
		assert.deepEqual(plan.profile, { chosen: 'full', because: 'not asked', lost: [] });
		assert.equal(plan.reuse, null);
		assert.deepEqual(plan.patch, buildPatch([], plan.container));
		assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
	});

	it('adds nothing where a container of ours runs', () => {
		const { container } = planContainer(aPlanInput()).candidates[0];
		const pod = aPod()
			.withContainer('app', {}, { user: { uid: 65532, gid: 0 } })
			.withEphemeral(container, running).pod;
		const plan = described({}, { pod });
		assert.equal(plan.reuse, container.name);
		assert.equal(plan.patch, null);
	});

	it('gives the call of kubectl, and the file it takes', () => {
		const plan = described({ profile: 'general', imagePullPolicy: 'Never' });
		assert.equal(
			plan.kubectl,
			'kubectl debug web-0 -n open --image=registry.test/net:1 --target=app ' +
				`--container=${plan.container.name} --profile=general --image-pull-policy=Never --custom=container.json ` +
				"-- sh -c 'sleep 1'",
		);
		assert.deepEqual(plan.custom, { env: plan.container.env });
	});

	it('puts a security context that is no profile’s into that file', () => {
		const plan = described({});
		assert.match(plan.kubectl, / --profile=baseline .*--custom=container\.json /);
		assert.deepEqual(plan.custom, { env: plan.container.env, securityContext: plan.container.securityContext });
	});

	it('quotes as a shell reads it', () => {
		const plan = described({}, { sleeper: { command: ['sh', '-c', "echo 'a b'", '', '*'] } });
		assert.match(plan.kubectl, / -- sh -c 'echo '\\''a b'\\''' '' '\*'$/);
	});
});

describe('the record', () => {
	it('reads back what was written', () => {
		const { container } = planContainer(aPlanInput({ reason: 'a$$b $(c)', ttl: 90 })).candidates[0];
		assert.deepEqual(readRecord(container), {
			by: 'jane',
			reason: 'a$$b $(c)',
			ttl: 90,
			toolkit: 'net',
			version: '0.1.0',
		});
	});

	it('is nobody else’s', () => {
		assert.equal(readRecord({ name: 'debugger-x', env: [{ name: 'A', value: '1' }] }), undefined);
		assert.equal(readRecord({ name: 'debugger-x' }), undefined);
	});
});

describe('the Role to ask for', () => {
	const verbs = (input: Partial<Parameters<typeof roleFor>[0]>) =>
		Object.fromEntries(
			(roleFor({ namespace: 'open', kinds: ['pods'], listsPods: false, ...input }).role.rules ?? []).flatMap((rule) =>
				(rule.resources ?? []).map((resource) => [`${rule.apiGroups?.[0]}/${resource}`, rule.verbs.join(',')]),
			),
		);

	it('has get and create on the stream, which WebSockets take since 1.35', () => {
		assert.deepEqual(verbs({}), {
			'/pods': 'get,list,watch',
			'/pods/ephemeralcontainers': 'patch',
			'/pods/exec': 'get,create',
			'/events': 'list,watch',
		});
	});

	it('has attach and logs in place of exec where work runs in the main process', () => {
		const rules = verbs({ attach: true });
		assert.deepEqual(
			[rules['/pods/attach'], rules['/pods/log'], rules['/pods/exec']],
			['get,create', 'get', undefined],
		);
	});

	it('has the workload that is named', () => {
		assert.equal(verbs({ kinds: ['deployments'] })['apps/deployments'], 'get');
		assert.equal(verbs({ kinds: ['services'] })['/services'], 'get');
		const cron = verbs({ kinds: ['cronjobs'] });
		assert.deepEqual([cron['batch/cronjobs'], cron['batch/jobs']], ['get', 'list']);
	});

	it('says what is for comfort only', () => {
		const note = (listsPods: boolean) => roleFor({ namespace: 'open', kinds: [], listsPods }).notes[0];
		assert.match(note(false) ?? '', /^list and watch on pods/);
		assert.match(note(true) ?? '', /^watch on pods/);
	});
});
