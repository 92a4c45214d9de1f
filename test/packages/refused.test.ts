import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from '../support/archives.ts';
import { aCommand, aHook, aMachine, aPackage, type Machine } from '../support/machine.ts';

const YAML = 'apiVersion: ephemeral/v1\nkind: Toolkit\nname: acme\ndescription: Tools\nimage: busybox:1.36\n';
const FOLDER = "export default ({ loadToolkits }) => loadToolkits(new URL('./toolkits', import.meta.url));\n";

/** What is refused, and the sentence that says why. */
const REFUSED: Record<string, [Files, RegExp]> = {
	'a hook that throws': [
		aPackage('acme', { 'toolkits.js': 'export default () => { throw new Error("no such luck") };' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: no such luck\n$/,
	],
	'a hook whose module throws': [
		aPackage('acme', { 'toolkits.js': 'throw new TypeError("at once\\nand more");' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: at once\n$/,
	],
	'a hook that ends the process': [
		aPackage('acme', { 'toolkits.js': 'export default () => process.exit(0);' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: it called process\.exit\(0\)\n$/,
	],
	'a hook that never answers': [
		aPackage('acme', { 'toolkits.js': 'export default () => new Promise(() => {});' }),
		/error: acme 1\.0\.0: its toolkits hook failed: it gave nothing within 5 s\n$/,
	],
	'a hook that gives nothing': [
		aPackage('acme', { 'toolkits.js': 'export default () => {};' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: it gave nothing; a list of toolkits is expected\n$/,
	],
	'a hook that gives rubbish': [
		aPackage('acme', { 'toolkits.js': 'export default () => [{}, 7];' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: it gave a list with a number in it; a list of toolkits is expected\n$/,
	],
	'a hook that is none': [
		aPackage('acme', { 'toolkits.js': 'export const toolkits = [];' }),
		/^error: acme 1\.0\.0: its toolkits hook failed: \.\/toolkits\.js exports no function\n$/,
	],
	'a hook that is not there': [
		aPackage('acme', {}, { oclif: { hooks: { toolkits: './absent.js' } } }),
		/^error: acme 1\.0\.0: its toolkits hook failed: there is no \.\/absent\.js in the package\n$/,
	],
	'a hook outside of the package': [
		aPackage('acme', {}, { oclif: { hooks: { toolkits: '../../package.json' } } }),
		/^error: acme 1\.0\.0: its toolkits hook failed: \.\.\/\.\.\/package\.json is not in the package\n$/,
	],
	'a toolkit that refers to itself': [
		aPackage('acme', { 'toolkits.js': 'const a = { name: "acme" }; a.a = a; export default () => [a];' }),
		/^error: acme 1\.0\.0: a toolkit of it cannot be written as JSON: /,
	],
	'a toolkit with a key that is none': [
		aPackage('acme', { 'toolkits.js': aHook('acme', { imagee: 'x' }) }),
		/^error: acme 1\.0\.0: toolkit acme: imagee is no known key; did you mean image\?\n$/,
	],
	'a toolkit without a name': [
		aPackage('acme', { 'toolkits.js': 'export default () => [{ apiVersion: "ephemeral/v1", kind: "Toolkit" }];' }),
		/^error: acme 1\.0\.0: a toolkit without a name: name is missing\n$/,
	],
	'a toolkit called like a command': [
		aPackage('acme', { 'toolkits.js': aHook('why') }),
		/^error: acme 1\.0\.0: toolkit why: name is the name of a command: kubectl ephemeral why\n$/,
	],
	'YAML that is none': [
		aPackage('acme', { 'toolkits.js': FOLDER, 'toolkits/acme/toolkit.yaml': `${YAML}recipes: [\n` }),
		/^error: acme 1\.0\.0: toolkits\/acme\/toolkit\.yaml:\d+:\d+: /,
	],
	'YAML with a wrong key': [
		aPackage('acme', { 'toolkits.js': FOLDER, 'toolkits/acme/toolkit.yaml': `${YAML}recipees: {}\n` }),
		/^error: acme 1\.0\.0: toolkits\/acme\/toolkit\.yaml:6: recipees is no known key/,
	],
	'YAML whose name is not its folder': [
		aPackage('acme', { 'toolkits.js': FOLDER, 'toolkits/other/toolkit.yaml': YAML }),
		/^error: acme 1\.0\.0: toolkits\/other\/toolkit\.yaml:3: name must be "other"/,
	],
	'a script that is missing': [
		aPackage('acme', { 'toolkits.js': FOLDER, 'toolkits/acme/toolkit.yaml': `${YAML}helpers: [x.sh]\n` }),
		/^error: acme 1\.0\.0: toolkits\/acme\/toolkit\.yaml: the script x\.sh is missing\n$/,
	],
	'a script that is none': [
		aPackage('acme', {
			'toolkits.js': FOLDER,
			'toolkits/acme/toolkit.yaml': `${YAML}helpers: [x.sh]\n`,
			'toolkits/acme/x.sh': '#!/bin/sh\r\nexit\r\n',
		}),
		/^error: acme 1\.0\.0: toolkits\/acme\/toolkit\.yaml: the script x\.sh has line ends of Windows/,
	],
	'a command whose module throws': [
		aPackage('acme', { 'commands/acme-report.js': 'throw new Error("no such luck");' }),
		/^error: acme 1\.0\.0: its commands cannot be loaded: no such luck\n$/,
	],
	'a command whose module ends the process': [
		aPackage('acme', { 'commands/acme-report.js': 'process.exit(0);' }),
		/^error: acme 1\.0\.0: its commands cannot be loaded: it called process\.exit\(0\)\n$/,
	],
	'a folder of toolkits that is not there': [
		aPackage('acme', { 'toolkits.js': FOLDER }),
		/^error: acme 1\.0\.0: the folder of toolkits toolkits cannot be read: ENOENT\n$/,
	],
	'a name that leads out of its folder': [
		{ 'package.json': JSON.stringify({ name: '../../acme', version: '1.0.0', oclif: { commands: './x' } }) },
		/^error: \/.*\/acme\.tgz is no package\n/,
	],
	'a command without a name': [
		aPackage(
			'acme',
			{ 'commands/acme.js': aCommand() },
			{ oclif: { commands: { strategy: 'single', target: './commands/acme.js' } } },
		),
		/^error: acme 1\.0\.0 cannot be installed: its command ".*" must be called by letters, digits and dashes\n$/,
	],
	'a package that is no extension': [
		aPackage('acme', {}, { oclif: {} }),
		/^error: \/.*\/acme\.tgz is no extension package: its package\.json has neither oclif\.hooks\.toolkits nor oclif\.commands\n$/,
	],
};

describe('an installation that fails changes nothing, and is told in a sentence:', () => {
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

	for (const [what, [files, said]] of Object.entries(REFUSED)) {
		it(what, async () => {
			const [was, folders] = [readFileSync(index, 'utf8'), readdirSync(packages)];
			const { code, stdout, stderr } = await machine.run('plugins', 'install', machine.archive('acme.tgz', files));
			assert.match(stderr, said);
			assert.deepEqual([code, stdout], [1, '']);
			assert.deepEqual([readFileSync(index, 'utf8'), readdirSync(packages)], [was, folders]);
		});
	}

	for (const [word, said] of [
		['./absent.tgz', /^error: \/.*\/absent\.tgz cannot be read: no such file\n$/],
		['.', /^error: \/.* is a folder\nkubectl ephemeral plugins link \/.* uses it as it stands\.\n$/],
		[
			'https://example.test/acme.tgz',
			/^error: "https:\/\/example\.test\/acme\.tgz" is neither the name of a package nor a \.tgz\n/,
		],
		['--no-verify', /^error: unknown flag: --no-verify\n/],
		['acme@file:../acme', /^error: "acme@file:\.\.\/acme" is neither/],
		['Acme Corp', /^error: "Acme Corp" is neither/],
	] as const) {
		it(`the word ${word}`, async () => {
			const { code, stderr } = await machine.run('plugins', 'install', word);
			assert.match(stderr, said);
			assert.equal(code, 1);
		});
	}

	for (const [line, said] of [
		['instal x', 'unknown command "plugins instal" for "kubectl ephemeral"\nDid you mean plugins install?'],
		['install', 'plugins install takes more words\nUsage: plugins install (NAME[@VERSION] | FILE.tgz)'],
		['install a b', 'plugins install takes fewer words\nUsage: plugins install (NAME[@VERSION] | FILE.tgz)'],
		['update -o json', 'plugins update has no -o'],
		['list -o xml', 'invalid argument "xml" for "--output" flag: it is json, yaml or name'],
		['list -- ls', 'plugins runs no command'],
		['uninstall goood', 'there is no extension package goood\nThere are: good.'],
		['update goood', 'there is no extension package goood\nDid you mean good?'],
	] as const) {
		it(`the words ${line}`, async () => {
			assert.deepEqual(await machine.run('plugins', ...line.split(' ')), {
				code: 1,
				stdout: '',
				stderr: `error: ${said}\n`,
			});
		});
	}

	it('bytes that are no archive', async () => {
		const file = join(machine.folder, 'none.tgz');
		writeFileSync(file, 'no archive');
		const { code, stderr } = await machine.run('plugins', 'install', file);
		assert.match(stderr, /^error: \/.*\/none\.tgz is no package\n/);
		assert.equal(code, 1);
	});
});
