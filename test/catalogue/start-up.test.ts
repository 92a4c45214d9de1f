import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { aHome, type Home, SCRIPT, toolkitYaml } from '../support/home.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ETC = '/etc/kubectl-ephemeral';

/** What the program looks for on this machine, call by call, from its source under Node. */
describe('start-up', () => {
	let home: Home;
	beforeEach(() => {
		home = aHome();
	});
	afterEach(() => home.remove());

	const calls = (words: string[], env: NodeJS.ProcessEnv = {}): string[] => {
		const log = join(home.folder, 'calls');
		home.write(log, '');
		const ran = spawnSync(
			process.execPath,
			['--import', join(root, 'test/support/watch-files.ts'), join(root, 'src/main.ts'), ...words],
			{ env: { ...home.env, WATCHED: `${join(home.folder, '.')}:${ETC}`, WATCH_LOG: log, ...env }, encoding: 'utf8' },
		);
		assert.equal(ran.status, 0, ran.stderr);
		return readFileSync(log, 'utf8').replaceAll(home.folder, '~').split('\n').slice(0, -1);
	};

	for (const words of [['--help'], ['net', '--help'], ['toolkits', 'list', '-o', 'name']]) {
		it(`of "${words.join(' ')}" looks for one folder where there are no other toolkits, and opens nothing`, () => {
			assert.deepEqual(calls(words), ['readdirSync ~/.config/kubectl-ephemeral']);
			assert.ok(!existsSync(join(home.folder, '.cache')));
		});
	}

	it('of --version looks for nothing', () => assert.deepEqual(calls(['--version']), []));

	it('reads no document and no script that it knows already, and no configuration', async () => {
		for (const name of ['one', 'two']) {
			home.write(join(home.toolkits, name, 'toolkit.yaml'), toolkitYaml(name, 'helpers: [a.sh]\n'));
			home.write(join(home.toolkits, name, 'a.sh'), SCRIPT);
		}
		home.write('.config/kubectl-ephemeral/config.yaml', 'images: {}\n');
		await pause(150);
		assert.ok(calls(['--help']).some((call) => call.startsWith('openSync') && call.endsWith('one/toolkit.yaml')));
		const again = calls(['--help']);
		const opened = again.filter((call) => !/^(statSync|readdirSync|lstatSync|realpathSync) /.test(call));
		assert.deepEqual(opened, ['openSync ~/.cache/kubectl-ephemeral/toolkits.json']);
		assert.deepEqual(
			again.filter((call) => /a\.sh|config\.yaml/.test(call)),
			[],
		);
	});

	it('reads what a toolkit consists of only where that one is used', async () => {
		for (const name of ['one', 'two']) {
			home.write(join(home.toolkits, name, 'toolkit.yaml'), toolkitYaml(name, 'helpers: [a.sh]\n'));
			home.write(join(home.toolkits, name, 'a.sh'), SCRIPT);
		}
		await pause(150);
		calls(['--help']);
		const opened = calls(['toolkits', 'show', 'one']).filter((call) => call.startsWith('openSync'));
		assert.deepEqual(
			opened.filter((call) => call.includes('/two/')),
			[],
		);
		assert.equal(opened.filter((call) => call.includes('/one/')).length, 2);
	});
});
