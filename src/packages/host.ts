/** Every module of oclif that a package may import, by the name it is imported by. */
const MODULES: Record<string, () => Promise<object>> = {
	'@oclif/core': () => import('@oclif/core'),
	'@oclif/core/args': () => import('@oclif/core/args'),
	'@oclif/core/command': () => import('@oclif/core/command'),
	'@oclif/core/config': () => import('@oclif/core/config'),
	'@oclif/core/errors': () => import('@oclif/core/errors'),
	'@oclif/core/execute': () => import('@oclif/core/execute'),
	'@oclif/core/flags': () => import('@oclif/core/flags'),
	'@oclif/core/flush': () => import('@oclif/core/flush'),
	'@oclif/core/handle': () => import('@oclif/core/handle'),
	'@oclif/core/help': () => import('@oclif/core/help'),
	'@oclif/core/hooks': () => import('@oclif/core/hooks'),
	'@oclif/core/interfaces': () => import('@oclif/core/interfaces'),
	'@oclif/core/logger': () => import('@oclif/core/logger'),
	'@oclif/core/parser': () => import('@oclif/core/parser'),
	'@oclif/core/performance': () => import('@oclif/core/performance'),
	'@oclif/core/run': () => import('@oclif/core/run'),
	'@oclif/core/settings': () => import('@oclif/core/settings'),
	'@oclif/core/util/ids': () => import('@oclif/core/util/ids'),
	'@oclif/core/ux': () => import('@oclif/core/ux'),
};

let shared: Promise<void> | undefined;

/**
 * From here on, whatever imports oclif gets ours: a package need not bring it, its commands are instances of our Command,
 * and it starts in a third of the time. Once in a process.
 */
export function shareHost(): Promise<void> {
	shared ??= process.versions.bun ? shareInBun() : shareInNode();
	return shared;
}

async function shareInBun(): Promise<void> {
	// Only the first is in memory; the others are looked up when they are asked for.
	const core = await import('@oclif/core');
	await Bun.plugin({
		name: 'oclif',
		setup(build) {
			build.module('@oclif/core', () => ({ exports: { ...core }, loader: 'object' }));
			for (const [name, load] of Object.entries(MODULES))
				if (name !== '@oclif/core')
					build.module(name, async () => ({ exports: { ...(await load()) }, loader: 'object' }));
		},
	});
}

async function shareInNode(): Promise<void> {
	const { createRequire, registerHooks } = await import('node:module');
	const { pathToFileURL } = await import('node:url');
	const ours = createRequire(import.meta.url);
	// Now: looked up from the hook, each would come back to it.
	const urls = new Map(Object.keys(MODULES).map((name) => [name, pathToFileURL(ours.resolve(name)).href]));
	registerHooks({
		resolve(name, context, next) {
			const url = urls.get(name);
			return url === undefined ? next(name, context) : { url, format: 'commonjs', shortCircuit: true };
		},
	});
}
