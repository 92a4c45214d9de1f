import { writeSync } from 'node:fs';
import facts from '../package.json' with { type: 'json' };

// The version is asked for often, by scripts and by krew: it is answered before anything else is loaded.
const began = Date.now();
const argv = process.argv.slice(2);

if (argv.length === 1 && argv[0] === '--version') {
	process.stdout.write(`${facts.name} v${facts.version}\n`);
} else {
	process.exitCode = await start();
	await flushed(process.stdout);
	await flushed(process.stderr);
	// What still holds the process up (a stdin that nobody ends) must not.
	process.exit();
}

async function start(): Promise<number> {
	for (const [stream, name] of [
		[process.stdout, 'standard output'],
		[process.stderr, 'standard error'],
	] as const) {
		stream.on('error', (error: NodeJS.ErrnoException) => {
			if (error.code === 'EPIPE') process.exit(141);
			if (stream === process.stdout) writeSync(2, `error: ${name} cannot be written: ${error.code}\n`);
			process.exit(125);
		});
	}
	const [{ openProgram }, { openCatalogue }, { describeFailure }] = await Promise.all([
		import('./commands/program.ts'),
		import('./catalogue/open.ts'),
		import('./commands/failure.ts'),
	]);
	const program = openProgram(facts, await openCatalogue(process.env, facts.version), began);
	try {
		return await program.run(argv);
	} catch (error) {
		process.stderr.write(describeFailure(error, program.verbosity(argv) >= 6));
		return program.isSession(argv) ? 125 : 1;
	}
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
	return new Promise((resolve) => {
		stream.write('', () => resolve());
	});
}
