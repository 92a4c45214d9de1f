import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { BunPlugin } from 'bun';
import { readBox } from '../src/catalogue/builtin.ts';
import { readBoxTexts } from '../src/catalogue/builtin-texts.ts';
import { TEXTS } from '../src/inside/texts.ts';
import { signMachO } from './sign-macho.ts';

/**
 * `npm run build`: dist/<platform>/kubectl-ephemeral, one executable with everything in it, for this machine.
 * `-- --all` builds for every platform, `-- --node` the bundle that the npm package runs on Node; `-- --without-inside`
 * leaves out the launcher, where it cannot be compiled.
 */

const asked = process.argv.slice(2);
const withoutInside = asked.includes('--without-inside');
const root = fileURLToPath(new URL('..', import.meta.url));
const BUN = '1.4.5';

/** Our platforms by krew's names, with Bun's target and the npm package that holds its runtime. */
const PLATFORMS = {
	'linux-amd64': { target: 'bun-linux-x64', runtime: '@oven/bun-linux-x64', os: 'linux', cpu: 'x64' },
	'linux-arm64': { target: 'bun-linux-arm64', runtime: '@oven/bun-linux-aarch64', os: 'linux', cpu: 'arm64' },
	'darwin-amd64': { target: 'bun-darwin-x64', runtime: '@oven/bun-darwin-x64', os: 'darwin', cpu: 'x64' },
	'darwin-arm64': { target: 'bun-darwin-arm64', runtime: '@oven/bun-darwin-aarch64', os: 'darwin', cpu: 'arm64' },
	'windows-amd64': { target: 'bun-windows-x64', runtime: '@oven/bun-windows-x64', os: 'win32', cpu: 'x64' },
	'windows-arm64': { target: 'bun-windows-arm64', runtime: '@oven/bun-windows-aarch64', os: 'win32', cpu: 'arm64' },
} as const;

type Platform = keyof typeof PLATFORMS;

/** Modules of libraries that we never reach, or that cost start-up: replaced by what little of them is called. */
const STUBS: Record<string, string> = {
	'wsl-utils': 'export const isWsl=false; export const powerShellPath=async()=>"powershell.exe"',
	semver: 'export const satisfies=()=>true',
	minimatch: 'export const minimatch=(a,b)=>a===b',
	undici:
		'const no=()=>{throw new Error("undici is not in the executable")};export class Agent{constructor(){no()}};export class ProxyAgent{constructor(){no()}};export const fetch=globalThis.fetch',
};

/** Modules of ours that read files beside them: their content is compiled in. */
async function compiledIn(): Promise<Record<string, string>> {
	const { LAUNCHERS, launcherFile } = await import('../src/inside/launcher.ts');
	if (withoutInside) LAUNCHERS.length = 0;
	const [box, boxTexts] = [JSON.stringify(await readBox()), JSON.stringify(await readBoxTexts())];
	const packed = Object.fromEntries(
		LAUNCHERS.map(({ machine }) => [
			machine,
			gzipSync(readFileSync(launcherFile(machine)), { level: 9 }).toString('base64'),
		]),
	);
	return {
		'src/inside/texts.ts': `export const TEXTS=${JSON.stringify(TEXTS)}`,
		'src/inside/launcher.ts': `export const LAUNCHERS=${JSON.stringify(LAUNCHERS)}`,
		'src/inside/launcher-bytes.ts': `import{gunzipSync}from'node:zlib';const packed=${JSON.stringify(packed)};export const launcherBytes=(machine)=>gunzipSync(Buffer.from(packed[machine],'base64'))`,
		'src/catalogue/builtin.ts': `const box=${box};export const readBox=async()=>box`,
		'src/catalogue/builtin-texts.ts': `const texts=${boxTexts};export const readBoxTexts=async()=>texts`,
	};
}

async function replaceModules(stubs: Record<string, string>): Promise<BunPlugin> {
	const ours = await compiledIn();
	return {
		name: 'replace-modules',
		setup(build) {
			build.onLoad(
				{ filter: /src\/(inside\/(texts|launcher|launcher-bytes)|catalogue\/builtin(-texts)?)\.ts$/ },
				({ path }) => ({
					contents: ours[path.slice(root.length)] ?? '',
					loader: 'js',
				}),
			);
			const names = Object.keys(stubs).join('|');
			if (names === '') return;
			build.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path }) => ({ path, namespace: 'stub' }));
			build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path] ?? '', loader: 'js' }));
			// Of the library only KubeConfig is wanted; its index would bring everything.
			build.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
				path: join(root, 'node_modules/@kubernetes/client-node/dist/config.js'),
			}));
			// The generated API clients and models: 2,700 files for types that are gone by now.
			build.onLoad({ filter: /client-node\/dist\/(gen\/index|api)\.js$/ }, () => ({
				contents:
					'export class ServerConfiguration{constructor(url){this.url=url}};export function createConfiguration(){throw new Error("the generated clients are not in the executable")}',
				loader: 'js',
			}));
		},
	};
}

async function buildExecutable(platform: Platform): Promise<string> {
	const { target, os } = PLATFORMS[platform];
	const outfile = join(root, 'dist', platform, `kubectl-ephemeral${os === 'win32' ? '.exe' : ''}`);
	mkdirSync(join(root, 'dist', platform), { recursive: true });
	const result = await Bun.build({
		entrypoints: [join(root, 'src/main.ts')],
		target: 'bun',
		// CommonJS would bake this machine's path into the executable.
		format: 'esm',
		minify: true,
		bytecode: true,
		sourcemap: 'none',
		// What a run does not import is then not even read: --version takes half the time.
		splitting: true,
		define: { 'process.env.NODE_ENV': '"production"' },
		compile: {
			target,
			outfile,
			executablePath: runtimeOf(platform),
			// A bunfig.toml or .env in the user's folder must not run code or set variables in our process.
			autoloadDotenv: false,
			autoloadBunfig: false,
			autoloadTsconfig: false,
			// Extension packages import packages of their own.
			autoloadPackageJson: true,
			jitPolicy: 8,
		} as Bun.CompileBuildOptions,
		plugins: [await replaceModules(STUBS)],
	});
	if (!result.success) throw new AggregateError(result.logs, `the build for ${platform} failed`);
	if (os === 'darwin') signMachO(outfile, 'kubectl-ephemeral');
	return outfile;
}

/** Bun's own executable for a platform: this machine's, else from its npm package, fetched once. */
function runtimeOf(platform: Platform): string {
	const { runtime, os, cpu } = PLATFORMS[platform];
	if (os === process.platform && cpu === process.arch) return process.execPath;
	const folder = join(root, 'node_modules/.cache/bun', `${platform}-${BUN}`);
	const file = join(folder, 'package/bin', os === 'win32' ? 'bun.exe' : 'bun');
	try {
		readFileSync(file, { flag: 'r' }).length;
		return file;
	} catch {
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder, { recursive: true });
		const archive = execFileSync('npm', ['pack', `${runtime}@${BUN}`, '--silent', '--pack-destination', folder], {
			encoding: 'utf8',
		}).trim();
		execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder]);
		return file;
	}
}

/** The bundle for Node: dependencies stay outside, as npm installs them. */
async function buildForNode(): Promise<string> {
	const outdir = join(root, 'dist/node');
	rmSync(outdir, { recursive: true, force: true });
	const result = await Bun.build({
		entrypoints: [join(root, 'src/main.ts')],
		outdir,
		target: 'node',
		format: 'esm',
		splitting: true,
		packages: 'external',
		plugins: [await replaceModules({})],
	});
	if (!result.success) throw new AggregateError(result.logs, 'the build for Node failed');
	declareTypes(join(root, 'dist/types'));
	return join(root, 'dist/node/main.js');
}

/** What authors of extension packages import from ours: the declarations of src/index.ts, for every way to resolve modules. */
function declareTypes(outdir: string): void {
	rmSync(outdir, { recursive: true, force: true });
	const options = '--ignoreConfig --declaration --emitDeclarationOnly --rootDir src --module nodenext --target esnext';
	const words = [...options.split(' '), '--strict', '--allowImportingTsExtensions', '--outDir', outdir, 'src/index.ts'];
	execFileSync(join(root, 'node_modules/.bin/tsc'), words, { cwd: root, stdio: 'inherit' });
	for (const name of ['index', 'toolkit/document']) {
		const file = join(outdir, `${name}.d.ts`);
		writeFileSync(file, readFileSync(file, 'utf8').replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
	}
}

function thisPlatform(): Platform {
	for (const name of Object.keys(PLATFORMS) as Platform[]) {
		const { os, cpu } = PLATFORMS[name];
		if (os === process.platform && cpu === process.arch) return name;
	}
	throw new Error(`there is no build for ${process.platform} on ${process.arch}; the npm package runs on Node`);
}

if (!withoutInside) execFileSync('sh', [join(root, 'bin/build-inside.sh')], { stdio: 'inherit' });
if (asked.includes('--node')) console.log(await buildForNode());
else {
	const platforms = asked.includes('--all') ? (Object.keys(PLATFORMS) as Platform[]) : [thisPlatform()];
	for (const platform of platforms) console.log(await buildExecutable(platform));
}
