import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCommand, aHook, aMachine, aPackage, type Machine } from '../support/machine.ts';

const YAML = 'apiVersion: ephemeral/v1\nkind: Toolkit\nname: acme\ndescription: Tools\nimage: busybox:1.36\n';
const FOLDER = "export default ({ loadToolkits }) => loadToolkits(new URL('./toolkits', import.meta.url));\n";

describe('an extension package that fails', () => {
	let machine: Machine;
	let index: string;
	let packages: string;
	before(async () => {
		machine = aMachine();
		index = join(machine.home, '.config/kubectl-ephemeral/packages.json');
		packages = join(machine.home, '.local/share/kubectl-ephemeral/packages');
		const good = machine.archive('good.tgz', aPackage('good', { 'toolkits.js': aHook('good') }));
		assert.equal((await machine.run('plugins', 'install', good)).code, 0);
	});
	after(() => machine.remove());

	it('says in a sentence what is wrong, and with -v=6 where', async () => {
		const files = aPackage('acme', { 'toolkits.js': 'export default () => { throw new Error("no such luck") };' });
		const { stderr } = await machine.run('plugins', 'install', machine.archive('acme.tgz', files), '-v=6');
		assert.match(stderr, /^caused by: Error: no such luck\n +at .*toolkits\.js:1/m);
	});

	it('by a command that throws breaks no other', async () => {
		const files = aPackage('broken', {
			'commands/broken-now.js': `if (process.env.NOW) throw new Error("no such luck");\n${aCommand()}`,
			'commands/broken-later.js': aCommand().replace(
				'this.log',
				'throw new Error("\\x1b[31mlater\\nat line 7"); this.log',
			),
			'commands/fine.js': aCommand('Fine\u001b[31m'),
		});
		assert.equal((await machine.run('plugins', 'install', machine.archive('broken.tgz', files))).code, 0);
		machine.env.NOW = 'yes';
		assert.deepEqual(await machine.run('broken-now'), {
			code: 1,
			stdout: '',
			stderr: 'error: the command "broken-now" of the extension package broken 1.0.0 cannot be loaded: no such luck\n',
		});
		assert.deepEqual(await machine.run('broken-later'), { code: 1, stdout: '', stderr: 'error: ␛[31mlater\n' });
		assert.match((await machine.run('-v=6', 'broken-later')).stderr, /^ +at .*broken-later\.js/m);
		assert.equal((await machine.run('fine')).stdout, '{"id":"fine","argv":[]}\n');
		assert.match((await machine.run('--help')).stdout, /^ {2}fine +Fine␛\[31m \(broken\)$/m);
		delete machine.env.NOW;
	});

	it('by a folder that is gone is named, and its toolkits are there all the same', async () => {
		const [folder = ''] = readdirSync(packages).filter((name) => name.startsWith('broken@'));
		rmSync(join(packages, folder), { recursive: true });
		const ran = await machine.run('fine', '--help');
		assert.equal(ran.code, 1);
		assert.match(ran.stderr, /^error: the extension package broken 1\.0\.0 is not in \/.* any more\n/m);
		assert.match(
			ran.stderr,
			/^kubectl ephemeral plugins install \/.*broken\.tgz brings it back, plugins uninstall broken forgets it\.\n/m,
		);
		const listed = await machine.run('plugins', 'list');
		assert.match(listed.stdout, /^broken +1\.0\.0 /m);
		assert.match(listed.stderr, /^the extension package broken 1\.0\.0 is not in /m);
		assert.match((await machine.run('--help')).stderr, /^Warning: the extension package broken 1\.0\.0 is not in /m);
		assert.match((await machine.run('good', '--help')).stdout, /^Tools of good\.\n/);
		assert.equal((await machine.run('plugins', 'uninstall', 'broken')).code, 0);
	});

	it('by what the index holds is named, and hurts no other command', async () => {
		const was = readFileSync(index, 'utf8');
		const entry = JSON.parse(was).packages[0];
		for (const [text, said] of [
			['{"packages": [', /packages\.json, which lists the extension packages, is damaged: it is no JSON/],
			['[]', /damaged: it holds no packages/],
			['{"version": 7, "packages": []}', /packages\.json was written by a later kubectl ephemeral/],
			...[{ folder: '../../../..' }, { name: '../../x' }, { commands: [{}] }].map((changes): [string, RegExp] => [
				JSON.stringify({ version: 1, packages: [{ ...entry, ...changes }] }),
				/damaged: an entry of it is none/,
			]),
		] as const) {
			writeFileSync(index, text);
			const help = await machine.run('cp', '--help');
			assert.deepEqual([help.code, help.stdout.split('\n')[0]?.slice(0, 9)], [0, 'Copy file']);
			const all = await machine.run('--help');
			assert.equal(all.code, 0);
			assert.match(all.stderr, said);
			assert.match((await machine.run('plugins', 'list')).stderr, said);
			for (const words of [
				['install', join(machine.folder, 'good.tgz')],
				['uninstall', 'good'],
			]) {
				const { code, stderr } = await machine.run('plugins', ...words);
				assert.equal(code, 1);
				assert.match(stderr, said);
			}
			assert.equal(readFileSync(index, 'utf8'), text);
		}
		writeFileSync(index, was);
	});

	describe('while it is written, linked from its folder,', () => {
		let folder: string;
		before(async () => {
			folder = machine.write(
				'source',
				aPackage('linked', {
					'toolkits.js': FOLDER,
					'toolkits/one/toolkit.yaml': YAML.replace('acme', 'one'),
					'toolkits/two/toolkit.yaml': YAML.replace('acme', 'two'),
					'commands/linked.js': aCommand(),
				}),
			);
			const { code, stdout, stderr } = await machine.run('plugins', 'link', '../source');
			assert.equal(code, 0, stderr);
			assert.equal(stdout, `linked 1.0.0 linked to ${folder}\n  toolkits: one, two\n  commands: linked\n`);
		});

		it('is as its files are now', async () => {
			const file = join(folder, 'toolkits/one/toolkit.yaml');
			writeFileSync(file, YAML.replace('acme', 'one').replace('Tools', 'Newer tools'));
			assert.match((await machine.run('one', '--help')).stdout, /^Newer tools\.\n/);
			assert.equal((await machine.run('linked', 'x')).stdout, '{"id":"linked","argv":["x"]}\n');
			assert.match(
				(await machine.run('plugins')).stdout,
				/^linked +1\.0\.0 +- +\/.*source \(link\) +one,two +linked$/m,
			);
		});

		it('loses only the toolkit that is wrong', async () => {
			writeFileSync(join(folder, 'toolkits/one/toolkit.yaml'), `${YAML.replace('acme', 'one')}\ttab\n`);
			const { code, stdout } = await machine.run('two', '--help');
			assert.deepEqual([code, stdout.split('\n')[0]], [0, 'Tools.']);
			const help = await machine.run('--help');
			assert.match(help.stderr, /^Warning: \/.*\/source\/toolkits\/one\/toolkit\.yaml:\d+:\d+: .*\n$/);
			const { stderr } = await machine.run('plugins', 'update', 'linked');
			assert.match(stderr, /^error: \/.*\/source\/toolkits\/one\/toolkit\.yaml:\d+:\d+: /m);
		});

		for (const [what, text] of [
			['throws', 'process.stdout.write("on stdout"); throw new Error("no such luck");'],
			['ends the process', 'process.stdout.write("on stdout"); process.exit(0);'],
			['is no JavaScript', 'export default ((('],
		] as const) {
			it(`hurts no other command when its hook ${what}`, async () => {
				writeFileSync(join(folder, 'toolkits.js'), text);
				const help = await machine.run('good', '--help');
				assert.deepEqual([help.code, help.stdout.split('\n')[0]], [0, 'Tools of good.']);
				assert.doesNotMatch(help.stdout, /on stdout/);
				const { stderr } = await machine.run('--help');
				const warning = `Warning: the extension package linked, linked to ${folder}: its toolkits hook failed: `;
				assert.equal(stderr.split(warning).length, 2, stderr);
				assert.equal(stderr.split('\n').length, 2, stderr);
			});
		}

		it('is forgotten when it is uninstalled, and stays where it is', async () => {
			assert.equal((await machine.run('plugins', 'uninstall', 'linked')).code, 0);
			assert.ok(existsSync(join(folder, 'package.json')));
		});

		it('is named when its folder is gone', async () => {
			mkdirSync(join(machine.folder, 'away'));
			const away = machine.write('away', aPackage('away', { 'commands/away.js': aCommand() }));
			assert.equal((await machine.run('plugins', 'link', away)).code, 0);
			rmSync(away, { recursive: true });
			assert.match(
				(await machine.run('away')).stderr,
				/^error: the extension package away 1\.0\.0 is not in .* any more\nkubectl ephemeral plugins uninstall away forgets it\.\n/m,
			);
			assert.equal((await machine.run('plugins', 'uninstall', 'away')).code, 0);
		});
	});

	it('is told when what it shall be kept in cannot be changed', async () => {
		const { folder } = machine;
		writeFileSync(join(folder, 'a-file'), '');
		machine.env.XDG_DATA_HOME = join(folder, 'a-file');
		const { code, stderr } = await machine.run('plugins', 'install', join(folder, 'good.tgz'));
		delete machine.env.XDG_DATA_HOME;
		assert.deepEqual([code, stderr.split('\n').length], [1, 3]);
		assert.match(
			stderr,
			/^error: \/.*a-file\/kubectl-ephemeral\/packages cannot be changed: ENOTDIR\nExtension packages are kept in /,
		);
	});
});
