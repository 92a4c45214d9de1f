import assert from 'node:assert/strict';
import { arrange, firstWord } from '../../src/commands/argv.ts';
import { parseDuration } from '../../src/commands/duration.ts';
import { CONNECTION_FLAGS, POD_FLAGS, SESSION_FLAGS, shapesOf } from '../../src/commands/flags.ts';
import { kindOf } from '../../src/commands/kinds.ts';
import { UsageError } from '../../src/errors.ts';

const SHAPES = shapesOf({ ...CONNECTION_FLAGS, ...POD_FLAGS, ...SESSION_FLAGS });

describe('arrange', () => {
	for (const [line, words, flags, rest] of [
		['net web-0 -n open', 'net web-0', '--namespace=open'],
		['net web-0 -nopen', 'net web-0', '--namespace=open'],
		['net web-0 -n=open', 'net web-0', '--namespace=open'],
		['net web-0 --namespace=open', 'net web-0', '--namespace=open'],
		['net web-0 --namespace open', 'net web-0', '--namespace=open'],
		['-n open net web-0', 'net web-0', '--namespace=open'],
		['net -n open web-0', 'net web-0', '--namespace=open'],
		['net web-0 -it', 'net web-0', '--stdin --tty'],
		['net web-0 -ti', 'net web-0', '--tty --stdin'],
		['net web-0 -qit', 'net web-0', '--quiet --stdin --tty'],
		['net web-0 -itnopen', 'net web-0', '--stdin --tty --namespace=open'],
		['net web-0 -itn open', 'net web-0', '--stdin --tty --namespace=open'],
		['net web-0 --tty=false', 'net web-0', '--no-tty'],
		['net web-0 -t=false', 'net web-0', '--no-tty'],
		['net web-0 -it=false', 'net web-0', '--stdin --no-tty'],
		['net web-0 --no-tty', 'net web-0', '--no-tty'],
		['net web-0 --no-tty=false', 'net web-0', '--tty'],
		['net web-0 -t --tty=0', 'net web-0', '--no-tty'],
		['net web-0 --tty=F -t', 'net web-0', '--tty'],
		['net web-0 --pick=false', 'net web-0', ''],
		['net web-0 --pick --pick=false', 'net web-0', ''],
		['net web-0 --dry-run', 'net web-0', '--dry-run=server'],
		['net web-0 --dry-run=client', 'net web-0', '--dry-run=client'],
		['net --dry-run web-0', 'net web-0', '--dry-run=server'],
		['net web-0 -v6', 'net web-0', '--v=6'],
		['net web-0 -v=6', 'net web-0', '--v=6'],
		['net web-0 -v 6', 'net web-0', '--v=6'],
		['net web-0 --v 6', 'net web-0', '--v=6'],
		['net web-0 -c app', 'net web-0', '--container=app'],
		['net web-0 --target app', 'net web-0', '--container=app'],
		['net web-0 --target=app -c side', 'net web-0', '--container=side'],
		['net web-0 -n a -n b', 'net web-0', '--namespace=b'],
		['net web-0 --env A=1 --env A=2', 'net web-0', '--env=A=1 --env=A=2'],
		['net web-0 -n -- ls', undefined, /^flag needs an argument: --namespace$/],
		['net web-0 -- echo a echo b', 'net web-0', '', 'echo a echo b'],
		['net web-0 -- -n x -- --', 'net web-0', '', '-n x -- --'],
		['net web-0 --', 'net web-0', '', ''],
		['net - web', 'net - web', ''],
		['--as-group a --as-group b net', 'net', '--as-group=a --as-group=b'],
		['net 漢字', 'net 漢字', ''],
		['net web-0 --reason -x', 'net web-0', '--reason=-x'],
		['net --imag x', undefined, /^unknown flag: --imag$/, 'Did you mean --image?'],
		['net --bogus-thing', undefined, /^unknown flag: --bogus-thing$/],
		['net --toString', undefined, /^unknown flag: --toString$/],
		['net --__proto__=1', undefined, /^unknown flag: --__proto__$/],
		['net -Z', undefined, /^unknown shorthand flag: 'Z' in -Z$/],
		['net -iZt', undefined, /^unknown shorthand flag: 'Z' in -iZt$/],
		['net --image', undefined, /^flag needs an argument: --image$/],
		['net -n', undefined, /^flag needs an argument: --namespace$/],
		['net --tty=maybe', undefined, /^invalid argument "maybe" for "--tty" flag/],
		['net -o xml', undefined, /^invalid argument "xml" for "--output" flag: it is json, yaml or table$/],
		['net -o jsno', undefined, /^invalid argument "jsno"/, 'Did you mean json?'],
		['net --dry-run=clietn', undefined, /^invalid argument "clietn"/, 'Did you mean client?'],
		['net --image-pull-policy always', undefined, /^invalid argument "always"/, 'Did you mean Always?'],
	] as [string, string | undefined, string | RegExp, string?][]) {
		const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');
		it(`reads ${line}`, () => {
			if (words === undefined) {
				assert.throws(
					() => arrange(split(line), SHAPES),
					(error: UsageError) => {
						assert.match(error.message, flags as RegExp);
						if (rest) assert.equal(error.hint, rest);
						return error instanceof UsageError;
					},
				);
				return;
			}
			const arranged = arrange(split(line), SHAPES);
			assert.deepEqual(arranged, {
				words: split(words),
				flags: split(flags as string),
				rest: rest === undefined ? undefined : split(rest),
			});
		});
	}

	it('keeps empty words, blanks and newlines', () => {
		assert.deepEqual(arrange(['', 'a b', '--env', 'A= \n', '--reason=', '--', '', 'x\ny'], SHAPES), {
			words: ['', 'a b'],
			flags: ['--env=A= \n', '--reason='],
			rest: ['', 'x\ny'],
		});
	});
});

describe('firstWord', () => {
	for (const [line, word] of [
		['net web-0 --bogus', 'net'],
		['-n net stop web-0 --bogus', 'stop'],
		['-n stop net web-0', 'net'],
		['--bogus net', undefined],
		['-n', undefined],
		['', undefined],
	] as const) {
		it(`of "${line}" is ${word}`, () => assert.equal(firstWord(line.split(' ').filter(Boolean), SHAPES), word));
	}
});

describe('kindOf', () => {
	for (const [word, kind] of [
		['pod', 'pods'],
		['pods', 'pods'],
		['po', 'pods'],
		['POD', 'pods'],
		['pods.v1', 'pods'],
		['deploy', 'deployments'],
		['deployment', 'deployments'],
		['deployments.apps', 'deployments'],
		['deployments.v1.apps', 'deployments'],
		['sts', 'statefulsets'],
		['ds', 'daemonsets'],
		['rs', 'replicasets'],
		['rc', 'replicationcontrollers'],
		['job', 'jobs'],
		['jobs.batch', 'jobs'],
		['cj', 'cronjobs'],
		['svc', 'services'],
		['services', 'services'],
		['node', undefined],
		['pods.apps', undefined],
		['services.batch', undefined],
		['jobs.apps', undefined],
		['', undefined],
		['deployments.extensions', undefined],
		['constructor', undefined],
	] as const) {
		it(`of "${word}" is ${kind}`, () => assert.equal(kindOf(word), kind));
	}
});

describe('parseDuration', () => {
	for (const [text, seconds] of [
		['0', 0],
		['90', 90],
		['90s', 90],
		['15m', 900],
		['1h30m', 5400],
		['500ms', 0.5],
		['1.1h', 3960],
		['2d', 172800],
		['0s', 0],
	] as const) {
		it(`reads ${text}`, () => assert.equal(parseDuration(text, 'ttl'), seconds));
	}
	for (const text of [
		'',
		' ',
		'-5s',
		'5 s',
		's',
		'1h30',
		'1e3',
		'soon',
		'1h,',
		'９０',
		'99999999999999999999',
		'9'.repeat(400),
		'999999d',
	]) {
		it(`refuses "${text.slice(0, 20)}"`, () =>
			assert.throws(
				() => parseDuration(text, 'ttl'),
				(error) => error instanceof UsageError && /"--ttl" flag/.test(error.message),
			));
	}
});
