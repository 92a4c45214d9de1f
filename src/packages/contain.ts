/** Milliseconds that code of a package may take where it is waited for. */
const PATIENCE = 5_000;

/**
 * Run code of a package where it can do us little: an exit is an error, what it prints goes to standard error (ours may
 * be read by a program), and it is not waited for without end.
 */
export async function contained<T>(work: () => Promise<T>): Promise<T> {
	const { exit } = process;
	const { log, info, debug } = console;
	const write = process.stdout.write;
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`it gave nothing within ${PATIENCE / 1000} s`)), PATIENCE);
	});
	process.exit = (code) => {
		throw new Error(`it called process.exit(${code ?? ''})`);
	};
	console.log = console.info = console.debug = console.error;
	process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
	try {
		return await Promise.race([work(), late]);
	} finally {
		process.exit = exit;
		Object.assign(console, { log, info, debug });
		process.stdout.write = write;
		clearTimeout(timer);
	}
}
