import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf } from '../support/archives.ts';
import { ACME, aMachine, type Machine } from '../support/machine.ts';

describe('an extension package on a machine without node, npm and network', () => {
	let machine: Machine;
	let integrity: string;
	before(() => {
		machine = aMachine();
		const file = machine.archive('acme-ephemeral-1.0.0.tgz', filesOf(ACME));
		integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
		// What stands in the current folder is not asked.
		const evil = `require('node:fs').writeFileSync(${JSON.stringify(join(machine.folder, 'evil'))}, '')`;
		machine.write('work', {
			'bunfig.toml': 'preload = ["./evil.js"]\n[install]\nregistry = "http://127.0.0.1:1/"\n',
			'evil.js': evil,
			'.env': 'XDG_DATA_HOME=/nowhere\nXDG_CONFIG_HOME=/nowhere\n',
			'.npmrc': 'registry=http://127.0.0.1:1/\n',
			'package.json': JSON.stringify({ name: 'theirs', workspaces: ['../home/**'], scripts: { preinstall: evil } }),
		});
	});
	after(() => machine.remove());

	it('has neither', async () => {
		const found = machine.env.PATH?.split(':').flatMap((folder) => readdirSync(folder)) ?? [];
		assert.deepEqual(
			found.filter((name) => /node|npm|bun|yarn/.test(name)),
			[],
		);
	});

	it('is installed from a .tgz', async () => {
		const { code, stdout, stderr } = await machine.run('plugins', 'install', '../acme-ephemeral-1.0.0.tgz');
		assert.equal(code, 0, stderr);
		const file = join(machine.folder, 'acme-ephemeral-1.0.0.tgz');
		assert.equal(
			stdout,
			`acme-ephemeral 1.0.0 installed from ${file} (${integrity})\n  toolkits: acme, acme-db\n  commands: acme-report\n`,
		);
		assert.match(
			stderr,
			/^Toolkits of packages run when they are trusted: kubectl ephemeral toolkits trust acme acme-db\n/,
		);
		assert.ok(!existsSync(join(machine.folder, 'evil')));
		assert.deepEqual(readdirSync(machine.home).sort(), ['.config', '.local']);
		assert.deepEqual(readdirSync(join(machine.home, '.local/share/kubectl-ephemeral/packages')).length, 1);
	});

	it('is listed with version and integrity', async () => {
		const file = join(machine.folder, 'acme-ephemeral-1.0.0.tgz');
		const { code, stdout, stderr } = await machine.run('plugins', 'list');
		assert.deepEqual([code, stderr], [0, '']);
		const [head, row, ...more] = stdout.split('\n').map((line) => line.split(/ {3,}/));
		assert.deepEqual(head, ['NAME', 'VERSION', 'INTEGRITY', 'FROM', 'TOOLKITS', 'COMMANDS']);
		assert.deepEqual(row, ['acme-ephemeral', '1.0.0', integrity, file, 'acme,acme-db', 'acme-report']);
		assert.deepEqual(more, [['']]);
		assert.equal((await machine.run('plugins', '-o', 'name')).stdout, 'acme-ephemeral\n');
		assert.deepEqual(JSON.parse((await machine.run('plugins', 'list', '-o', 'json')).stdout), [
			{
				name: 'acme-ephemeral',
				version: '1.0.0',
				integrity,
				from: { file },
				toolkits: ['acme', 'acme-db'],
				commands: [{ name: 'acme-report', summary: 'Report what was found to the payments team' }],
			},
		]);
	});

	it('gives its toolkits', async () => {
		const help = await machine.run('--help');
		assert.match(help.stdout, /^ {2}acme +What the payments team reaches for$/m);
		assert.match(help.stdout, /^ {2}acme-db +Questions to the database of a payments pod$/m);
		const listed = await machine.run('toolkits', 'list');
		assert.deepEqual([listed.code, listed.stderr], [0, '']);
		assert.match(listed.stdout, /^acme +nicolaka\/netshoot:v0\.16 +1 +acme-ephemeral 1\.0\.0, toolkit acme +no$/m);
		assert.match(
			listed.stdout,
			/^acme-db +nicolaka\/netshoot:v0\.16 +2 +acme-ephemeral 1\.0\.0, toolkit acme-db +no$/m,
		);
		assert.match((await machine.run('acme', '--help')).stdout, /^ {2}greet +Says hello to a pod$/m);
		assert.match((await machine.run('acme-db', 'orders', '--help')).stdout, /--rows=''/);
	});

	it('gives its commands, whose argv is their own', async () => {
		assert.match(
			(await machine.run('--help')).stdout,
			/^Commands of extension packages:\n {2}acme-report +Report what was found to the payments team \(acme-ephemeral\)\n\n/m,
		);
		const said = async (...words: string[]): Promise<unknown> => JSON.parse((await machine.run(...words)).stdout);
		const bin = 'kubectl ephemeral';
		assert.deepEqual(await said('acme-report', '--anything', 'loss'), { topic: 'loss', anything: true, bin });
		for (const flags of [
			['-n', 'pay', '-v=6'],
			['-v', '6', '-n=pay'],
			['--v=6', '--namespace', 'pay', '-v6'],
		])
			assert.deepEqual(await said(...flags, 'acme-report'), { namespace: 'pay', bin }, flags.join(' '));
		assert.equal((await machine.run('acme-report', '--exit', '7')).code, 7);
		const unknown = await machine.run('acme-report', '--bogus');
		assert.deepEqual(unknown, {
			code: 2,
			stdout: '',
			stderr: 'error: Nonexistent flag: --bogus\nSee more help with --help\n',
		});
		const help = await machine.run('acme-report', '--help');
		assert.match(help.stdout, /^Report what was found[\s\S]*USAGE\n {2}\$ kubectl ephemeral acme-report \[TOPIC\]/);
		for (const words of [
			['acme-report', '-h'],
			['help', 'acme-report'],
		])
			assert.equal((await machine.run(...words)).stdout, help.stdout);
	});

	it('is the same again from the same archive, and another one from another', async () => {
		const again = await machine.run('plugins', 'update');
		assert.match(again.stdout, /^acme-ephemeral 1\.0\.0 is up to date\n/);
		const files = filesOf(ACME);
		const facts = { ...JSON.parse(files['package.json'] ?? ''), version: '1.1.0' };
		machine.archive('acme-ephemeral-1.0.0.tgz', { ...files, 'package.json': JSON.stringify(facts) });
		const { stdout, stderr } = await machine.run('plugins', 'update', 'acme-ephemeral');
		assert.match(stdout, /^acme-ephemeral 1\.0\.0 → 1\.1\.0 \(sha512-/, stderr);
		assert.equal(readdirSync(join(machine.home, '.local/share/kubectl-ephemeral/packages')).length, 1);
		assert.equal((await machine.run('acme-report', 'x')).code, 0);
	});

	it('is gone when it is uninstalled', async () => {
		const left = join(machine.home, '.local/share/kubectl-ephemeral/packages/.new-999999999-abc');
		writeFileSync(left, 'of an installation that was killed');
		assert.deepEqual(await machine.run('plugins', 'uninstall', 'acme-ephemeral'), {
			code: 0,
			stdout: 'acme-ephemeral 1.1.0 uninstalled\n',
			stderr: '',
		});
		assert.deepEqual(readdirSync(join(machine.home, '.local/share/kubectl-ephemeral/packages')), []);
		assert.doesNotMatch((await machine.run('--help')).stdout, /acme/);
		assert.doesNotMatch((await machine.run('toolkits', 'list')).stdout, /acme/);
		const unknown = await machine.run('acme-report');
		assert.deepEqual(
			[unknown.code, unknown.stderr.split('\n')[0]],
			[1, 'error: unknown command "acme-report" for "kubectl ephemeral"'],
		);
		assert.deepEqual(await machine.run('plugins'), {
			code: 0,
			stdout: '',
			stderr: 'No extension packages are installed.\n',
		});
	});
});
