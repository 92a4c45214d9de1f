import assert from 'node:assert/strict';
import { aCommand, aHook, aPackage, type Machine } from '../support/machine.ts';

/** What is true of packages of every form, in the executable and under Node. */
export function itRunsEveryForm(machineOf: () => Machine): void {
	const install = async (name: string, files: Record<string, string>, facts = {}): Promise<void> => {
		const machine = machineOf();
		const { code, stderr } = await machine.run(
			'plugins',
			'install',
			machine.archive(`${name}.tgz`, aPackage(name, files, facts)),
		);
		assert.equal(code, 0, stderr);
	};
	const said = async (...words: string[]): Promise<unknown> => {
		const { stdout, stderr } = await machineOf().run(...words);
		assert.equal(stderr, '');
		return JSON.parse(stdout);
	};

	it('runs CommonJS, with a manifest, and loads no other command for it', async () => {
		const command = `const { Command, Flags } = require('@oclif/core');
exports.default = class extends Command {
	async run() {
		const { flags } = await this.parse(this.ctor);
		console.log(JSON.stringify(flags));
	}
};
exports.default.flags = { deep: Flags.boolean({ char: 'd' }) };
`;
		const cached = (id: string) => ({
			id,
			summary: `Runs ${id}`,
			aliases: [],
			hiddenAliases: [],
			args: {},
			flags: { deep: { name: 'deep', char: 'd', type: 'boolean' } },
			isESM: false,
			relativePath: ['commands', `${id}.js`],
		});
		const ids = ['common', 'common-broken'];
		const manifest = { version: '1.0.0', commands: Object.fromEntries(ids.map((id) => [id, cached(id)])) };
		await install(
			'common',
			{
				'commands/common.js': command,
				'commands/common-broken.js': 'throw new Error("no such luck");',
				'oclif.manifest.json': JSON.stringify(manifest),
			},
			{ type: 'commonjs' },
		);
		assert.deepEqual(await said('common', '-d'), { deep: true });
		assert.match((await machineOf().run('common', '--help')).stdout, /^Runs common\n[\s\S]*-d, --deep/);
		assert.deepEqual(await machineOf().run('common-broken'), {
			code: 1,
			stdout: '',
			stderr:
				'error: the command "common-broken" of the extension package common 1.0.0 cannot be loaded: no such luck\n',
		});
	});

	it("gives oclif's parts under their own names, all of one piece", async () => {
		const command = `import core, { Command as Main } from '@oclif/core';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { CLIError } from '@oclif/core/errors';
import { ux } from '@oclif/core/ux';
import { words } from 'parts-words';
export default class extends Command {
	static flags = { fail: Flags.boolean() };
	async run() {
		const { flags } = await this.parse();
		if (flags.fail) throw new CLIError('It failed\\nin two lines', { exit: 9, suggestions: ['Do it again.'] });
		ux.stdout(JSON.stringify([Main === Command, Main === core.Command, words]));
	}
}
`;
		await install(
			'parts',
			{
				'commands/parts.js': command,
				'node_modules/parts-words/package.json': '{"name": "parts-words", "version": "1.0.0", "main": "index.js"}',
				'node_modules/parts-words/index.js': 'exports.words = "of its own";',
			},
			{
				dependencies: { 'parts-words': '1.0.0' },
				bundleDependencies: ['parts-words'],
				peerDependencies: { '@oclif/core': '^5', 'parts-peer': '*' },
			},
		);
		assert.deepEqual(await said('parts'), [true, true, 'of its own']);
		assert.deepEqual(await machineOf().run('parts', '--fail'), {
			code: 9,
			stdout: '',
			stderr: 'error: It failed\nin two lines\nDo it again.\n',
		});
	});

	it('runs the hooks of a package around its own commands, and no others', async () => {
		const hook = (name: string) =>
			`export default async ({ id, config }) => console.log(${JSON.stringify(name)}, id, config.bin);\n`;
		const hooks = ['init', 'prerun', 'postrun', 'finally', 'command_not_found'];
		await install(
			'hooked',
			{
				'toolkits.js': aHook('hooked-tools'),
				'commands/hooked.js': aCommand(),
				...Object.fromEntries(hooks.map((name) => [`hooks/${name}.js`, hook(name)])),
			},
			{
				oclif: {
					commands: './commands',
					hooks: {
						toolkits: { target: './toolkits', identifier: 'default' },
						...Object.fromEntries(hooks.map((name) => [name, `./hooks/${name}`])),
					},
				},
			},
		);
		await install('unhooked', { 'commands/unhooked.js': aCommand() });
		const lines = async (word: string): Promise<string[]> => (await machineOf().run(word)).stdout.trim().split('\n');
		assert.deepEqual(await lines('hooked'), [
			'init hooked kubectl ephemeral',
			'prerun undefined kubectl ephemeral',
			'{"id":"hooked","argv":[]}',
			'postrun undefined kubectl ephemeral',
			'finally hooked kubectl ephemeral',
		]);
		assert.deepEqual(await lines('unhooked'), ['{"id":"unhooked","argv":[]}']);
		assert.deepEqual(await lines('unknown'), ['']);
	});

	it('loads toolkits by a path from the package', async () => {
		await install('pathed', {
			'toolkits.js': "export default ({ loadToolkits }) => loadToolkits('tools');",
			'tools/pathed-tools/toolkit.yaml':
				'apiVersion: ephemeral/v1\nkind: Toolkit\nname: pathed-tools\ndescription: By a path\nimage: busybox:1.36\n',
		});
		assert.match((await machineOf().run('--help')).stdout, /^ {2}pathed-tools +By a path$/m);
	});

	it('runs TypeScript while it is written', async () => {
		const machine = machineOf();
		const folder = machine.write(
			'typed',
			aPackage(
				'typed',
				{
					'commands/typed.ts': aCommand().replace('async run()', 'override async run(): Promise<void>'),
					'hook.ts': `type Name = string;\n${aHook('typed-tools').replace('() =>', '(_: { loadToolkits: Name }) =>')}`,
				},
				{ oclif: { commands: './commands', hooks: { toolkits: './hook' } } },
			),
		);
		const { code, stderr } = await machine.run('plugins', 'link', folder);
		assert.equal(code, 0, stderr);
		assert.deepEqual(await said('typed', 'x'), { id: 'typed', argv: ['x'] });
		assert.match((await machine.run('--help')).stdout, /^ {2}typed-tools +Tools of typed-tools$/m);
	});
}
