import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCommand, aHook, aMachine, aPackage, type Machine } from '../support/machine.ts';
import { type NpmRegistry, openRegistry } from '../support/npm-registry.ts';

const TOKEN = 'a-token-of-the-user';

describe('an extension package of a registry', () => {
	let machine: Machine;
	let registry: NpmRegistry;
	let first: string;
	let index: string;
	let packages: string;
	const version = (number: string, files = {}, facts = {}): string =>
		registry.publish(
			aPackage(
				'@acme/ephemeral',
				{
					'toolkits.js': aHook('acme', { description: `Tools of ${number}` }),
					'commands/acme-report.js': aCommand(),
					...files,
				},
				{ version: number, peerDependencies: { '@oclif/core': '^5', 'kubectl-ephemeral': '*' }, ...facts },
			),
		);
	before(async () => {
		registry = await openRegistry(TOKEN);
		machine = aMachine({ online: true });
		index = join(machine.home, '.config/kubectl-ephemeral/packages.json');
		packages = join(machine.home, '.local/share/kubectl-ephemeral/packages');
		const host = new URL(registry.url).host;
		machine.write('home', { '.npmrc': `registry=${registry.url}\n//${host}/:_authToken=${TOKEN}\n` });
		first = version('1.0.0', {}, { dependencies: { 'acme-words': '^1.0.0', '@oclif/core': '^4' } });
		registry.publish({
			'package.json': JSON.stringify({
				name: 'acme-words',
				version: '1.2.0',
				scripts: { postinstall: `touch ${join(machine.folder, 'script-ran')}` },
			}),
		});
	});
	after(async () => {
		machine.remove();
		await registry.close();
	});

	it('is installed, pinned, as ~/.npmrc says, and no script runs', async () => {
		const { code, stdout, stderr } = await machine.run('plugins', 'install', '@acme/ephemeral@^1');
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^@acme\/ephemeral 1\.0\.0 installed from @acme\/ephemeral@\^1 \(sha512-/);
		const [one] = JSON.parse((await machine.run('plugins', 'list', '-o', 'json')).stdout);
		assert.deepEqual(
			[one.version, one.integrity, one.from, one.toolkits],
			['1.0.0', first, { registry: '^1' }, ['acme']],
		);
		assert.ok(!existsSync(join(machine.folder, 'script-ran')));
		assert.deepEqual(
			registry.asked.filter((path) => /oclif|kubectl-ephemeral/.test(path)),
			[],
			'what the host has is not asked for',
		);
		const [folder = ''] = readdirSync(packages);
		assert.ok(existsSync(join(packages, folder, 'node_modules/acme-words/package.json')));
		assert.deepEqual(JSON.parse((await machine.run('acme-report', '-x')).stdout).argv, ['-x']);
	});

	it('stays what it is when there are newer ones, until it is updated, within what was asked for', async () => {
		assert.match((await machine.run('plugins', 'update')).stdout, /^@acme\/ephemeral 1\.0\.0 is up to date\n/);
		const newer = version('1.3.0');
		version('2.0.0');
		assert.match((await machine.run('--help')).stdout, /Tools of 1\.0\.0/);
		const { stdout } = await machine.run('plugins', 'update');
		assert.equal(stdout.split('\n')[0], `@acme/ephemeral 1.0.0 → 1.3.0 (${newer})`);
		assert.match((await machine.run('--help')).stdout, /Tools of 1\.3\.0/);
		assert.equal(readdirSync(packages).length, 1);
	});

	for (const [what, spoil, said] of [
		[
			'the registry answers nothing',
			() => registry.fail(503),
			/^error: @acme\/ephemeral@\^1 cannot be installed: .*503/m,
		],
		[
			'the new version throws',
			() => version('1.4.0', { 'toolkits.js': 'throw new Error("no such luck")' }),
			/^error: @acme\/ephemeral 1\.4\.0: its toolkits hook failed: no such luck\n/m,
		],
		[
			'the new version has a dependency that is nowhere',
			() => version('1.5.0', {}, { dependencies: { 'acme-nowhere': '1.0.0' } }),
			/^error: @acme\/ephemeral@\^1 cannot be installed: .*acme-nowhere/m,
		],
	] as const) {
		it(`is what it was when an update fails: ${what}`, async () => {
			const [was, folders] = [readFileSync(index, 'utf8'), readdirSync(packages)];
			registry.fail(0);
			spoil();
			const { code, stdout, stderr } = await machine.run('plugins', 'update', '@acme/ephemeral');
			registry.fail(0);
			assert.deepEqual([code, stdout], [1, '']);
			assert.match(stderr, said);
			assert.deepEqual([readFileSync(index, 'utf8'), readdirSync(packages)], [was, folders]);
			assert.match((await machine.run('--help')).stdout, /Tools of 1\.3\.0/);
			assert.equal((await machine.run('acme-report')).code, 0);
		});
	}

	it('holds up no other when its update fails', async () => {
		registry.publish(aPackage('acme-zero', { 'toolkits.js': aHook('acme-zero') }));
		assert.equal((await machine.run('plugins', 'install', 'acme-zero')).code, 0);
		registry.publish(aPackage('acme-zero', { 'toolkits.js': aHook('acme-zero') }, { version: '1.0.1' }));
		const { code, stdout, stderr } = await machine.run('plugins', 'update');
		assert.equal(code, 1);
		assert.match(stderr, /^error: @acme\/ephemeral@\^1 cannot be installed: /m);
		assert.match(stdout, /^acme-zero 1\.0\.0 → 1\.0\.1 /);
		assert.equal((await machine.run('plugins', 'uninstall', 'acme-zero')).code, 0);
	});

	it('is what the registry says that it is', async () => {
		registry.publish(aPackage('acme-other', { 'toolkits.js': aHook('other') }), 'acme-liar');
		const { code, stderr } = await machine.run('plugins', 'install', 'acme-liar');
		assert.equal(code, 1);
		assert.match(
			stderr,
			/^error: acme-liar@latest (is the package acme-other, and not acme-liar|cannot be installed: .*)$/m,
		);
	});

	it('tells what the package manager said when it is asked to', async () => {
		const { stderr } = await machine.run('plugins', 'install', 'acme-nowhere', '-v=6');
		assert.match(stderr, /^bun: error: .*acme-nowhere.*404/m);
		assert.match(stderr, /^error: acme-nowhere@latest cannot be installed: .*404/m);
	});

	it('is two beside one another when two are installed at a time', async () => {
		for (const name of ['acme-one', 'acme-two']) registry.publish(aPackage(name, { 'toolkits.js': aHook(name) }));
		const done = await Promise.all(['acme-one', 'acme-two'].map((name) => machine.run('plugins', 'install', name)));
		assert.deepEqual(
			done.map(({ code }) => code),
			[0, 0],
		);
		const { stdout } = await machine.run('plugins', 'list', '-o', 'name');
		assert.equal(stdout, '@acme/ephemeral\nacme-one\nacme-two\n');
		assert.equal((await machine.run('plugins', 'uninstall', 'acme-one', '@acme/ephemeral')).code, 0);
		assert.equal((await machine.run('plugins', 'list', '-o', 'name')).stdout, 'acme-two\n');
	});

	it('is not changed by what it did not ask for: a lock that a dead process left', async () => {
		writeFileSync(`${index}.lock`, '999999999');
		assert.equal((await machine.run('plugins', 'uninstall', 'acme-two')).code, 0);
		assert.ok(!existsSync(`${index}.lock`));
	});
});
