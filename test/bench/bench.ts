import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { kubectl as kubectlFromNpm } from '../sandbox/kubectl.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { filesBench } from './files.ts';
import { runKubectl } from './kubectl-call.ts';
import { manyToolkits } from './many-toolkits.ts';
import { measure, median, type Sample, type Timed } from './measure.ts';
import type { Row } from './row.ts';

/**
 * `npm run bench [-- --kubeconfig FILE] [--kubectl PROGRAM] [--rounds N] [--json FILE] [--only TEXT]`: our times as ratios of
 * kubectl's, the two run in turn (A B A B …), medians; on the stand-in cluster unless a kubeconfig is given. Files are
 * copied `--file-rounds` times; the large ones have `--size` MiB. A target that is not reached (our memory's too) is marked,
 * and the exit code is 1.
 */

const { values } = parseArgs({
	options: {
		kubeconfig: { type: 'string' },
		kubectl: { type: 'string' },
		rounds: { type: 'string', default: '15' },
		json: { type: 'string' },
		only: { type: 'string' },
		size: { type: 'string', default: '128' },
		'file-rounds': { type: 'string', default: '5' },
	},
});

/** Resident memory that our process may take, in MB. */
const MEMORY = 100;
/** Milliseconds by which a tool may start later in the target's root than in the debug image. */
const LAUNCH = 3;
const LAUNCHES = 200;

const rounds = Number(values.rounds);
const kubectl = values.kubectl ?? (await kubectlFromNpm());
const sandbox = values.kubeconfig ? undefined : await startSandbox();
const kubeconfig = values.kubeconfig ?? sandbox?.kubeconfig() ?? '';
const env = { ...process.env, KUBECONFIG: kubeconfig };
const namespace = `ke-bench-${process.pid}`;
const call = (words: string[], input?: string) => runKubectl(kubectl, words, env, input);
const IMAGE = 'nicolaka/netshoot:v0.16';
const files = filesBench(namespace, Number(values.size), ours, theirs);
const many = manyToolkits();
const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
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
	for (const row of [...rows(container), many.row]) if (wanted(row.name)) results.push(await compare(row, rounds));
	const copies = files.rows.filter(({ name }) => wanted(name));
	if (copies.length > 0) {
		await call(['apply', '-n', namespace, '-f', '-'], files.pods);
		await call(['wait', '-n', namespace, '--for=condition=Ready', 'pod/empty', 'pod/full', '--timeout=120s']);
		await files.fill((words) => measure(ours(...words)));
	}
	for (const row of copies) results.push(await compare(row, Number(values['file-rounds'])));
	console.table(Object.fromEntries(results.map(({ name, ...rest }) => [name, rest])));
	const launch = wanted('launch') ? await launchCost() : undefined;
	if (launch) console.table({ 'a tool in the target’s root': launch });
	const cluster = values.kubeconfig ? 'given' : 'stand-in';
	const json = JSON.stringify({ cluster, rounds, results, ...(launch && { launch }) }, null, 2);
	if (values.json) writeFileSync(values.json, json);
	console.log(json);
	failed = [...results, ...(launch ? [launch] : [])].some(({ reached }) => !reached);
} finally {
	files.end();
	many.end();
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
			name: 'warm one-shot in the target’s root / exec',
			target: 1.2,
			ours: () => ours('net', 'warm', '-n', namespace, '-q', '--root', 'target', '--', 'true'),
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

/** What a tool costs that the launcher starts in the target's root, beside the same in the debug image: loops in one exec. */
async function launchCost() {
	const loop = `s=$(date +%s%N); i=0; while [ $i -lt ${LAUNCHES} ]; do uname >/dev/null; i=$((i+1)); done; echo $(($(date +%s%N)-s))`;
	const inside: number[] = [];
	const outside: number[] = [];
	for (let round = 0; round < 5; round++)
		for (const [root, to] of [
			['debug', outside],
			['target', inside],
		] as const) {
			const words = ['net', 'warm', '-n', namespace, '-q', '--root', root, '--', 'sh', '-c', loop];
			to.push(Number(await runKubectl(executable(), words, env)) / LAUNCHES / 1e6);
		}
	const [there, beside] = [median(inside), median(outside)];
	const ms = (value: number): number => Number(value.toFixed(2));
	const difference = ms(there - beside);
	return {
		'ms, inside': ms(there),
		'ms, outside': ms(beside),
		difference,
		target: LAUNCH,
		reached: difference <= LAUNCH,
	};
}

async function compare({ name, target, ours: a, theirs: b, after }: Row, rounds: number) {
	const samples: { ours: Sample[]; theirs: Sample[] } = { ours: [], theirs: [] };
	// The first round warms caches and is not counted.
	for (let round = 0; round <= rounds; round++) {
		const [left, right] = [await measure(a(round)), await measure(b(round))];
		after?.(round);
		if (round === 0) continue;
		samples.ours.push(left);
		samples.theirs.push(right);
	}
	const ratio = median(samples.ours.map(({ ms }, i) => ms / (samples.theirs[i]?.ms ?? 1)));
	// It can take long: what is known is said.
	process.stderr.write(`${name}: ${ratio.toFixed(2)}\n`);
	const digits = (value: number, n: number): number => Number(value.toFixed(n));
	const of = (side: Sample[], key: 'ms' | 'mb'): number => digits(median(side.map((sample) => sample[key])), 0);
	return {
		name,
		ratio: digits(ratio, 2),
		target,
		reached: ratio <= target && of(samples.ours, 'mb') <= MEMORY,
		'ms, ours': of(samples.ours, 'ms'),
		'ms, kubectl': of(samples.theirs, 'ms'),
		'MB, ours': of(samples.ours, 'mb'),
		'MB, kubectl': of(samples.theirs, 'mb'),
	};
}
