import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import facts from '../../package.json' with { type: 'json' };
import { filesOf } from '../support/archives.ts';
import { ACME, aMachine, type Machine } from '../support/machine.ts';
import { itRunsEveryForm } from './forms.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('our own npm package', function () {
	this.timeout(180_000);
	/** A folder with it in node_modules, as `npm pack` makes it and `npm install` would put it. */
	let folder: string;
	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'ke-npm-'));
		const modules = join(folder, 'node_modules');
		mkdirSync(join(modules, 'kubectl-ephemeral'), { recursive: true });
		execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
		const words = ['-xzf', join(folder, `${facts.name}-${facts.version}.tgz`), '--strip-components=1'];
		execFileSync('tar', [...words, '-C', join(modules, 'kubectl-ephemeral')]);
		for (const name of ['@oclif', '@kubernetes', 'js-yaml', 'listr2', 'ws'])
			symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	describe('has types for authors', () => {
		/** What tsc says about a module of an author's. */
		const check = (name: string, text: string, type: string, options: object): string => {
			const author = join(folder, type);
			mkdirSync(author, { recursive: true });
			writeFileSync(join(author, 'package.json'), JSON.stringify({ name: 'acme', type }));
			writeFileSync(join(author, name), text);
			const compilerOptions = { strict: true, noEmit: true, types: [], target: 'es2023', lib: ['es2023'], ...options };
			writeFileSync(join(author, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }));
			const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', author], { encoding: 'utf8' });
			return stdout;
		};
		const AUTHOR = `import type { Recipe, Toolkit, ToolkitsHook } from 'kubectl-ephemeral';
const threads = { description: 'The threads', run: 'jstack 1', output: { kind: 'text' } } satisfies Recipe;
const acme = {
	apiVersion: 'ephemeral/v1',
	kind: 'Toolkit',
	name: 'acme',
	description: 'Tools',
	image: 'busybox:1.36',
	recipes: { threads },
} satisfies Toolkit;
const hook: ToolkitsHook = async ({ loadToolkits }) => [...(await loadToolkits('./toolkits')), acme];
export default hook;
`;
		for (const [what, type, options] of [
			['nodenext', 'module', { module: 'nodenext' }],
			['nodenext, in CommonJS', 'commonjs', { module: 'nodenext' }],
			['node20', 'module', { module: 'node20' }],
			['bundler', 'module', { module: 'esnext', moduleResolution: 'bundler' }],
		] as const) {
			it(`with ${what}`, () => {
				assert.equal(check('toolkits.ts', AUTHOR, type, options), '');
				const said = [
					["'text'", "'txt'"],
					["image: 'busybox:1.36'", "image: 'busybox:1.36', imagee: ''"],
				].map(([right = '', wrong = '']) => check('toolkits.ts', AUTHOR.replace(right, wrong), type, options));
				assert.match(said[0] ?? '', /toolkits\.ts\(2,\d+\): error TS\d+: Type '"txt"' is not assignable/);
				assert.match(said[1] ?? '', /toolkits\.ts\(8,\d+\): error TS\d+: .*'imagee'/);
			});
		}

		it('in JavaScript, as the fixture has them', () => {
			const options = { module: 'nodenext', allowJs: true, checkJs: true, lib: ['es2023', 'dom'] };
			const text = filesOf(ACME)['toolkits.js'] ?? '';
			assert.equal(check('toolkits.js', text, 'module', options), '');
			assert.match(check('toolkits.js', text.replace("'Toolkit'", "'Kit'"), 'module', options), /error TS2322/);
		});

		it('and nothing else to import', () => {
			const { stderr } = spawnSync(process.execPath, ['-e', "import('kubectl-ephemeral')"], {
				cwd: folder,
				encoding: 'utf8',
			});
			assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
		});
	});

	describe('installs extension packages by npm', () => {
		let machine: Machine;
		before(() => {
			const npm = dirname(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
			machine = aMachine({
				program: [process.execPath, join(folder, 'node_modules/kubectl-ephemeral/bin/kubectl-ephemeral.js')],
				env: { PATH: [dirname(process.execPath), npm, '/usr/bin', '/bin'].join(delimiter) },
			});
		});
		after(() => machine.remove());

		it('from a .tgz', async () => {
			// What stands in the current folder is not asked.
			machine.write('work', {
				'.npmrc': 'ignore-scripts=false\nprefix=/nowhere\nregistry=http://127.0.0.1:1/\n',
				'package.json': JSON.stringify({ name: 'theirs', workspaces: ['../home/**'], overrides: { acme: '7' } }),
			});
			const file = machine.archive('acme.tgz', filesOf(ACME));
			const { code, stdout, stderr } = await machine.run('plugins', 'install', file);
			assert.equal(code, 0, stderr);
			assert.match(stdout, /^acme-ephemeral 1\.0\.0 installed from .*acme\.tgz \(sha512-\S+\)\n/);
			const [one] = JSON.parse((await machine.run('plugins', 'list', '-o', 'json')).stdout);
			assert.deepEqual([one.version, one.toolkits], ['1.0.0', ['acme', 'acme-db']]);
			assert.match((await machine.run('--help')).stdout, /^ {2}acme-db +Questions to the database/m);
			assert.equal((await machine.run('acme-report', '--exit', '7')).code, 7);
			assert.equal((await machine.run('plugins', 'uninstall', 'acme-ephemeral')).code, 0);
			assert.doesNotMatch((await machine.run('--help')).stdout, /acme/);
		});

		it('and says that it cannot where there is no npm', async () => {
			const { PATH } = machine.env;
			machine.env.PATH = '/nonexistent';
			const { code, stderr } = await machine.run('plugins', 'install', join(machine.folder, 'acme.tgz'));
			machine.env.PATH = PATH;
			assert.deepEqual(
				[code, stderr],
				[1, `error: ${join(machine.folder, 'acme.tgz')} cannot be installed: there is no npm on PATH\n`],
			);
		});

		itRunsEveryForm(() => machine);
	});
});
