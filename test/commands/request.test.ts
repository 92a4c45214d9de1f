import assert from 'node:assert/strict';
import { buildRequest, type RequestContext, type SessionFlagValues } from '../../src/commands/session-request.ts';
import { parseTargets, type TargetFlags } from '../../src/commands/targets.ts';
import { UsageError } from '../../src/errors.ts';
import type { SessionRequest } from '../../src/plan/request.ts';

describe('parseTargets', () => {
	const named = (kind: string, name: string) => ({ named: [{ kind, name }], all: false, pods: [], pick: false });
	for (const [words, flags, choice] of [
		[['web-0'], {}, named('pods', 'web-0')],
		[['pod', 'web-0'], {}, named('pods', 'web-0')],
		[['pod/web-0'], {}, named('pods', 'web-0')],
		[['po', 'web-0'], {}, named('pods', 'web-0')],
		[['deploy', 'web'], {}, named('deployments', 'web')],
		[['deploy/web'], {}, named('deployments', 'web')],
		[['Deployments.apps/web'], {}, named('deployments', 'web')],
		[['svc/web'], {}, named('services', 'web')],
		[['pod/capture'], {}, named('pods', 'capture')],
		[['pod', 'pod'], {}, named('pods', 'pod')],
		[['wéb'], {}, named('pods', 'wéb')],
		[[], { selector: 'app=web' }, { named: [], selector: 'app=web', all: false, pods: [], pick: false }],
		[['pod'], { selector: 'app=web' }, { named: [], selector: 'app=web', all: false, pods: [], pick: false }],
		[[], { pods: 'a,b' }, { named: [], all: false, pods: ['a', 'b'], pick: false }],
		[[], { pick: true }, { named: [], all: false, pods: [], pick: true }],
		[['deploy/web'], { pick: true }, { ...named('deployments', 'web'), pick: true }],
		[['deploy/web'], { 'all-pods': true }, { ...named('deployments', 'web'), all: true }],
	] as [string[], TargetFlags, object][]) {
		it(`reads ${JSON.stringify(words)} ${JSON.stringify(flags)}`, () =>
			assert.deepEqual(parseTargets(words, flags, false), choice));
	}
	it('opens the picker for a missing NAME at a terminal', () => {
		assert.equal(parseTargets([], {}, true).pick, true);
		assert.equal(parseTargets(['pod'], {}, true).pick, true);
	});
	for (const [words, flags, message] of [
		[[], {}, /a pod is needed/],
		[['pod'], {}, /a pod is needed/],
		[[''], {}, /NAME is empty/],
		[['pod', ''], {}, /NAME is empty/],
		[['pod/'], {}, /is no TYPE\/NAME/],
		[['/web'], {}, /is no TYPE\/NAME/],
		[['a/b/c'], {}, /is no TYPE\/NAME/],
		[['..'], {}, /can be no name/],
		[['pod/.'], {}, /can be no name/],
		[['a%2fb'], {}, /can be no name/],
		[['web-0'], { selector: 'a=b' }, /exclude one another/],
		[['web-0'], { pods: 'a' }, /exclude one another/],
		[[], { pods: 'a', selector: 'b' }, /exclude one another/],
		[[], { selector: '' }, /selector of -l is empty/],
		[[], { pods: ',' }, /names no pod/],
		[[], { pods: 'a,..' }, /can be no name/],
		[['web-0', 'web-1'], {}, /"web-0" is no recipe and no resource type/],
		[['dep/web'], {}, /"dep" is no resource type/],
		[['node/n1'], {}, /"node" is no resource type/],
		[['pod', 'deploy/web'], {}, /names a type a second time/],
		[['pod/a', 'b'], {}, /"b" is no TYPE\/NAME/],
	] as [string[], TargetFlags, RegExp][]) {
		it(`refuses ${JSON.stringify(words)} ${JSON.stringify(flags)}`, () => {
			assert.throws(
				() => parseTargets(words, flags, false),
				(error) => error instanceof UsageError && (message.test(error.message) || assert.fail(error.message)),
			);
		});
	}
});

describe('buildRequest', () => {
	const build = (
		flags: SessionFlagValues,
		command: string[] | undefined = ['true'],
		context: Partial<RequestContext> = {},
	): SessionRequest =>
		buildRequest(['web-0'], command, flags, {
			toolkit: 'net',
			defaults: {},
			stdinIsTerminal: false,
			stdoutIsTerminal: false,
			custom: undefined,
			...context,
		});
	const TERMINAL = { stdinIsTerminal: true, stdoutIsTerminal: true };

	for (const [what, flags, command, context, stdin, tty] of [
		['a shell at a terminal', {}, false, TERMINAL, true, true],
		['a shell with -i', { stdin: true }, false, {}, true, false],
		['a command', {}, true, {}, false, false],
		['a command at a terminal', {}, true, TERMINAL, false, false],
		['a command with -i', { stdin: true }, true, {}, true, false],
		['a command with -it', { stdin: true, tty: true }, true, TERMINAL, true, true],
		['a command with -t in a loop', { tty: true }, true, {}, false, true],
		['a shell with --tty=false', { tty: false }, false, TERMINAL, true, false],
		['a shell with -o json', { output: 'json' }, false, TERMINAL, true, false],
		['a plan', { 'dry-run': 'server' }, false, {}, false, false],
	] as [string, SessionFlagValues, boolean, Partial<RequestContext>, boolean, boolean][]) {
		it(`gives ${what} stdin ${stdin} and tty ${tty}`, () => {
			const request = buildRequest(['web-0'], command ? ['true'] : undefined, flags, {
				toolkit: 'net',
				defaults: {},
				stdinIsTerminal: false,
				stdoutIsTerminal: false,
				custom: undefined,
				...context,
			});
			assert.deepEqual([request.stdin, request.tty], [stdin, tty]);
		});
	}

	it('reads env as kubectl does', () => {
		assert.deepEqual(build({ env: ['A=1', 'B=1,C=2', 'D=a,b', 'E=', 'F=a=b', 'OPTS=-Da=1,-Db=2'] }).env, [
			{ name: 'A', value: '1' },
			{ name: 'B', value: '1' },
			{ name: 'C', value: '2' },
			{ name: 'D', value: 'a,b' },
			{ name: 'E', value: '' },
			{ name: 'F', value: 'a=b' },
			{ name: 'OPTS', value: '-Da=1,-Db=2' },
		]);
	});
	it('reads mounts', () => {
		assert.deepEqual(build({ mount: ['v', 'v:ro', 'v:/p', 'v:/p:ro'] }).mounts, [
			{ volume: 'v', path: '/mnt/v', readOnly: false },
			{ volume: 'v', path: '/mnt/v', readOnly: true },
			{ volume: 'v', path: '/p', readOnly: false },
			{ volume: 'v', path: '/p', readOnly: true },
		]);
	});
	it('reads --run-as', () => {
		assert.deepEqual(
			['target', 'root', '5', '5:6', '0:0'].map((text) => build({ 'run-as': text }).runAs),
			['target', 'root', { uid: 5 }, { uid: 5, gid: 6 }, { uid: 0, gid: 0 }],
		);
	});
	it('takes the last word of flag, configuration and default for the TTL, in whole seconds', () => {
		assert.equal(build({}).ttl, 3600);
		assert.equal(build({}, ['x'], { defaults: { ttl: '5m' } }).ttl, 300);
		assert.equal(build({ ttl: '0' }, ['x'], { defaults: { ttl: '5m' } }).ttl, 0);
		assert.equal(build({ ttl: '500ms' }).ttl, 1);
	});
	it('takes empty values of -n, -c and --name for unsaid', () => {
		const { namespace, container, name } = build({ namespace: '', container: '', name: '' });
		assert.deepEqual([namespace, container, name], [undefined, undefined, undefined]);
	});
	it('keeps the command as it stands', () =>
		assert.deepEqual(build({}, ['a', '', 'x\ny', '--', 'a']).command, ['a', '', 'x\ny', '--', 'a']));

	for (const [flags, message, hint] of [
		[{ env: ['FOO'] }, /^invalid argument "FOO" for "--env" flag/],
		[{ env: ['=x'] }, /for "--env" flag/],
		[{ env: ['A-B=x'] }, /for "--env" flag/],
		[{ env: ['A=x\0y'] }, /contains a NUL byte/],
		[{ mount: [''] }, /for "--mount" flag/],
		[{ mount: ['v:p'] }, /for "--mount" flag/],
		[{ mount: ['v:/p:rw:ro'] }, /for "--mount" flag/],
		[{ 'run-as': 'me' }, /for "--run-as" flag/],
		[{ 'run-as': '1:' }, /for "--run-as" flag/],
		[{ 'run-as': '2147483648' }, /for "--run-as" flag/],
		[{ 'run-as': '1:99999999999' }, /for "--run-as" flag/],
		[{ profile: 'netadmn' }, /^unknown profile: netadmn$/, /netadmin/],
		[{ ttl: 'soon' }, /for "--ttl" flag/],
		[{ image: '' }, /--image is empty/],
		[{ tty: true, output: 'json' }, /exclude one another/],
		[{ attach: false }, /always attached/],
	] as [SessionFlagValues, RegExp, RegExp?][]) {
		it(`refuses ${JSON.stringify(flags)}`, () => {
			assert.throws(
				() => build(flags),
				(error) =>
					error instanceof UsageError &&
					(message.test(error.message) || assert.fail(error.message)) &&
					(!hint || hint.test(error.hint ?? '')),
			);
		});
	}
	it('refuses no command, an empty one, and a shell without a terminal', () => {
		assert.throws(() => build({}, []), /a command is missing/);
		assert.throws(() => build({}, ['']), /is empty/);
		const shell = (context: Partial<RequestContext>, flags: SessionFlagValues = {}): SessionRequest =>
			buildRequest(['web-0'], undefined, flags, {
				toolkit: 'net',
				defaults: {},
				stdinIsTerminal: false,
				stdoutIsTerminal: false,
				custom: undefined,
				...context,
			});
		assert.throws(() => shell({}), /standard input is none/);
		assert.throws(() => shell({}, { 'dry-run': 'none' }), /standard input is none/);
		assert.throws(() => shell({ stdinIsTerminal: true }), /standard output is none/);
	});
});
