import assert from 'node:assert/strict';
import { join } from 'node:path';
import { COMMAND_NAMES } from '../../src/toolkit/reserved.ts';
import { aCommand, aHook, aMachine, aPackage, type Machine } from '../support/machine.ts';

const RECIPES = { threads: { description: 'The threads', run: 'echo threads' } };

describe('the names of the commands of extension packages', () => {
	let machine: Machine;
	const install = (name: string, commands: string[], toolkit?: object, facts = {}) => {
		const files = {
			...Object.fromEntries(commands.map((id) => [`commands/${id.replaceAll(':', '/')}.js`, aCommand(`Runs ${id}`)])),
			...(toolkit && { 'toolkits.js': aHook('acme', toolkit) }),
		};
		return machine.run('plugins', 'install', machine.archive(`${name}.tgz`, aPackage(name, files, facts)));
	};
	before(() => {
		machine = aMachine();
	});
	after(() => machine.remove());

	it('are none of ours, planned ones included', async () => {
		const { code, stderr } = await install('greedy', [...COMMAND_NAMES]);
		assert.equal(code, 1);
		assert.match(
			stderr,
			/^error: greedy 1\.0\.0 cannot be installed: its command "\w+" begins like a command of kubectl ephemeral: \w+\n$/,
		);
		for (const id of ['why', 'toolkits:acme', 'plugins:list'])
			assert.match((await install('greedy', [id])).stderr, /begins like a command of kubectl ephemeral: \w+\n$/);
	});

	it("are no toolkit's of another", async () => {
		const [, other = ''] = /^Toolkits:\n {2}(\S+)/m.exec((await machine.run('--help')).stdout) ?? [];
		for (const id of [other, `${other}:report`]) {
			const { code, stderr } = await install('greedy', [id]);
			assert.equal(code, 1);
			assert.equal(
				stderr,
				`error: greedy 1.0.0 cannot be installed: its command "${id.replace(':', ' ')}" begins like the toolkit ${other}, which is of built-in\n`,
			);
		}
	});

	it("are no toolkit's of their own package, and below it no recipe's and no kind's", async () => {
		for (const [id, said] of [
			['acme', 'is called like its toolkit acme'],
			['acme:threads', 'is called like a recipe of its toolkit acme: threads'],
			['acme:deploy', "has kubectl's word for a kind of resource: deploy"],
		] as const) {
			const { code, stderr } = await install('acme-all', [id], { recipes: RECIPES });
			assert.deepEqual(
				[code, stderr],
				[1, `error: acme-all 1.0.0 cannot be installed: its command "${id.replace(':', ' ')}" ${said}\n`],
			);
		}
	});

	it('stand beside the recipes and pods of a toolkit of the same package', async () => {
		assert.equal((await install('acme-all', ['acme:report', 'acme:report:all'], { recipes: RECIPES })).code, 0);
		const said = async (...words: string[]) => JSON.parse((await machine.run(...words)).stdout);
		assert.deepEqual(await said('acme', 'report', '--anything', '-x'), {
			id: 'acme:report',
			argv: ['--anything', '-x'],
		});
		assert.deepEqual(await said('acme', 'report', 'all', 'y'), { id: 'acme:report:all', argv: ['y'] });
		assert.deepEqual(await said('acme:report', '--', 'all'), { id: 'acme:report', argv: ['--', 'all'] });
		assert.match((await machine.run('acme', '--help')).stdout, /^ {2}threads +The threads$/m);
		assert.match((await machine.run('acme', 'threads', '--help')).stdout, /^The threads\.\n/);
		// A pod, and a recipe.
		for (const words of [
			['web-0', '--', 'true'],
			['threads', 'web-0'],
			['pod/report', '--', 'true'],
		])
			assert.match((await machine.run('acme', ...words)).stderr, /no-kubeconfig|no configuration|cluster|trust/);
		assert.match((await machine.run('--help')).stdout, /^ {2}acme report +Runs acme:report \(acme-all\)$/m);
	});

	it('are listed where only their first word is said', async () => {
		assert.equal((await install('team', ['team:one', 'team:two:three'])).code, 0);
		const rows = '  team one         Runs team:one (team)\n  team two three   Runs team:two:three (team)\n';
		for (const words of [['team'], ['team', '--help'], ['team', '-h'], ['help', 'team']])
			assert.deepEqual(await machine.run(...words), { code: 0, stdout: `Commands:\n${rows}`, stderr: '' });
		assert.deepEqual(await machine.run('team', 'thre', '--x'), {
			code: 1,
			stdout: '',
			stderr: `error: unknown command "team thre" for "kubectl ephemeral"\nThere are:\n${rows}`,
		});
	});

	it('are those of one package', async () => {
		const { code, stderr } = await install('late', ['team:one']);
		assert.deepEqual(
			[code, stderr],
			[1, 'error: late 1.0.0 cannot be installed: its command "team one" is a command of the package team already\n'],
		);
	});

	it('may have others, of which the same is true', async () => {
		const command = (alias: string) =>
			aCommand().replace('static strict', `static aliases = ['${alias}'];\n\tstatic strict`);
		const pack = (alias: string) =>
			machine.archive('aliased.tgz', aPackage('aliased', { 'commands/aliased.js': command(alias) }));
		assert.match(
			(await machine.run('plugins', 'install', pack('logs'))).stderr,
			/its command "logs" begins like a command of kubectl ephemeral: logs\n$/,
		);
		assert.equal((await machine.run('plugins', 'install', pack('by:another'))).code, 0);
		assert.equal((await machine.run('by', 'another', 'x')).stdout, '{"id":"aliased","argv":["x"]}\n');
		assert.match((await machine.run('by', 'another', '--help')).stdout, /\$ kubectl ephemeral aliased/);
	});

	it('yield to a toolkit that comes later, and that is told', async () => {
		const folder = machine.write('team-toolkits', {
			'aliased/toolkit.yaml':
				'apiVersion: ephemeral/v1\nkind: Toolkit\nname: aliased\ndescription: Now a toolkit\nimage: busybox:1.36\n',
		});
		machine.env.KUBECTL_EPHEMERAL_PATH = folder;
		assert.match((await machine.run('aliased', '--help')).stdout, /^Now a toolkit\.\n/);
		const { code, stderr } = await machine.run('plugins', 'list');
		assert.equal(code, 0);
		assert.match(
			stderr,
			new RegExp(
				`^the command "aliased" of the extension package aliased is passed over: it begins like the toolkit aliased, which is of ${join(folder, 'aliased')}`,
				'm',
			),
		);
		assert.equal((await machine.run('by', 'another')).code, 0);
		delete machine.env.KUBECTL_EPHEMERAL_PATH;
	});
});
