import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';

/** Runs a stand-in cluster until SIGINT or SIGTERM: `node test/sandbox/main.ts [--apply FILE]… [-v]`. */
async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { apply: { type: 'string', multiple: true, default: [] }, verbose: { type: 'boolean', short: 'v' } },
	});
	const sandbox = await startSandbox(values.verbose ? { log: (line) => process.stderr.write(`${line}\n`) } : {});
	const ended = new Promise<void>((resolve) => {
		process.once('SIGINT', resolve);
		process.once('SIGTERM', resolve);
	});
	try {
		for (const file of values.apply) {
			await sandbox.apply(readFileSync(file, 'utf8'));
		}
		process.stdout.write(`export KUBECONFIG=${sandbox.kubeconfig()}\n`);
		await ended;
	} finally {
		await sandbox.stop();
	}
}

await main();
