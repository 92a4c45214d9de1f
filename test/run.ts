import { execFileSync, spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Mocha from 'mocha';

/**
 * Every check of the project: format and lint, types, shell scripts, then the tests in one process, and at the end
 * `N passed, N failed`.
 *
 *   node test/run.ts                        all
 *   node test/run.ts --only e2e             the files of one folder of test/, or one file
 *   node test/run.ts --only e2e --kubeconfig FILE [--kubectl PROGRAM]    … against that cluster, not the stand-in
 *   node test/run.ts --times 20             the tests again and again, for flakes
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
	options: {
		only: { type: 'string' },
		kubeconfig: { type: 'string' },
		kubectl: { type: 'string' },
		grep: { type: 'string' },
		times: { type: 'string', default: '1' },
	},
});

// Tests decide for themselves which cluster they talk to.
delete process.env.KUBECONFIG;
if (values.kubeconfig) process.env.E2E_KUBECONFIG = values.kubeconfig;
if (values.kubectl) process.env.E2E_KUBECTL = values.kubectl;

const counts = { passed: 0, failed: 0, skipped: 0 };
if (!values.only) for (const [name, command] of staticChecks()) check(name, command);
if (Number(values.times) > 1) repeat(Number(values.times));
else await runTests();
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed > 0 ? 1 : 0);

function staticChecks(): [string, string[]][] {
	const scripts = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.sh', '.ci/run'], {
		cwd: root,
		encoding: 'utf8',
	});
	return [
		['format and lint', ['biome', 'check', '.']],
		['types', ['tsc', '--noEmit']],
		['shell scripts', ['shellcheck', ...scripts.trim().split('\n')]],
	];
}

function check(name: string, [program = '', ...words]: string[]): void {
	const { status, error } = spawnSync(program, words, { cwd: root, stdio: 'inherit' });
	if (error) console.error(`${program}: ${error.message}`);
	const passed = status === 0;
	counts[passed ? 'passed' : 'failed']++;
	console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}`);
}

/** Run after run, each in a process of its own: modules are loaded once in a process, and tests with them. */
function repeat(times: number): void {
	const words = process.argv.slice(2).filter((word, i, all) => word !== '--times' && all[i - 1] !== '--times');
	for (let round = 1; round <= times; round++) {
		const { stdout } = spawnSync(process.execPath, [process.argv[1] ?? '', ...words], { encoding: 'utf8' });
		const [, passed = 0, failed = 1] = /(\d+) passed, (\d+) failed[^\n]*\n$/.exec(stdout) ?? [];
		counts.passed += Number(passed);
		counts.failed += Number(failed);
		if (Number(failed) > 0) console.log(`round ${round}:\n${stdout}`);
	}
}

async function runTests(): Promise<void> {
	const mocha = new Mocha({ timeout: 60_000, ...(values.grep && { grep: values.grep }) });
	const pattern = values.only?.endsWith('.ts') ? `test/${values.only}` : `test/${values.only ?? ''}/**/*.test.ts`;
	const files = globSync(pattern, { cwd: root }).sort();
	if (files.length === 0) throw new Error(`no test file is ${pattern}`);
	for (const file of files) mocha.addFile(`${root}${file}`);
	mocha.rootHooks((await import('./support/cluster.ts')).mochaHooks);
	mocha.cleanReferencesAfterRun(false);
	await mocha.loadFilesAsync();
	await new Promise<void>((resolve) => {
		const runner = mocha.run(() => {
			counts.passed += runner.stats?.passes ?? 0;
			counts.failed += runner.stats?.failures ?? 0;
			counts.skipped += runner.stats?.pending ?? 0;
			resolve();
		});
	});
}
