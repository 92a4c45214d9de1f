import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvEntry } from '../../src/session/header.ts';
import { type Exec, endAll, entry, leftovers, removeInstalled, startHere } from './exec.ts';
import { type Shell, shells } from './shells.ts';

/** What is on this machine under a name. */
const programOf = (name: string): string =>
	spawnSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).stdout.trim();

const folder = mkdtempSync(join(tmpdir(), 'ke-shells-'));
chmodSync(folder, 0o755);
const tools = join(folder, 'tools');
mkdirSync(tools);
symlinkSync(programOf('busybox'), join(tools, 'ash'));
symlinkSync(programOf('dash'), join(tools, 'dash'));
after(() => {
	removeInstalled();
	rmSync(folder, { recursive: true, force: true });
	assert.deepEqual(leftovers(), []);
});

/** Homes with the rc files of an image: each says that it was read, and sets a prompt of its own. */
const home = join(folder, 'home');
const other = join(folder, 'other');
const says = (name: string): string => `echo "read ${name}"; alias imaged='echo alias of ${name}'; PS1='image> '\n`;
for (const place of [home, other]) {
	mkdirSync(place);
	for (const name of ['.bashrc', '.zshrc', 'envfile']) writeFileSync(join(place, name), says(name));
	writeFileSync(join(place, '.zshenv'), 'echo "read .zshenv"; FROM_ZSHENV=yes\n');
}

const SPECIAL: EnvEntry[] = [entry('=command two', 'echo "two $1"'), entry('=help', 'these are: two')];

/** A shell as it may be the session's; `image`: what its image sets for it, and what of it is read. */
const SHELLS: {
	name: string;
	env: NodeJS.ProcessEnv;
	read: RegExp[];
	alias: string | undefined;
	ownHelp: RegExp | undefined;
}[] = [
	{ name: 'bash', env: {}, read: [/read \.bashrc/], alias: '.bashrc', ownHelp: /cd: cd / },
	{ name: 'ash', env: {}, read: [], alias: undefined, ownHelp: /Built-in commands/ },
	{
		name: 'ash',
		env: { ENV: join(home, 'envfile') },
		read: [/read envfile/],
		alias: 'envfile',
		ownHelp: /Built-in commands/,
	},
	{ name: 'dash', env: { ENV: join(home, 'envfile') }, read: [/read envfile/], alias: 'envfile', ownHelp: undefined },
	{ name: 'dash', env: { ENV: join(folder, 'absent') }, read: [], alias: undefined, ownHelp: undefined },
	...(programOf('zsh') === ''
		? []
		: [
				{ name: 'zsh', env: {}, read: [/read \.zshenv/, /read \.zshrc/], alias: '.zshrc', ownHelp: undefined },
				{
					name: 'zsh',
					env: { ZDOTDIR: other },
					read: [/read \.zshenv/, /read \.zshrc/],
					alias: '.zshrc',
					ownHelp: undefined,
				},
			]),
];

for (const { name, env, read, alias, ownHelp } of SHELLS) {
	const set = Object.keys(env).map((key) => `, with ${key} set${read.length === 0 ? ' to what is not there' : ''}`);
	describe(`a session's commands at a terminal, in ${name}${set}`, function () {
		this.timeout(30_000);
		const [shell] = shells() as [Shell];
		const execs: Exec[] = [];
		const open = async (special = SPECIAL): Promise<Exec> => {
			const with_ = { ...shell, path: `${tools}:${shell.path}` };
			const exec = await startHere(
				with_,
				{ way: 'launcher', letters: 'st', words: [name], special },
				{ env: { HOME: home, ...env } },
			);
			execs.push(exec);
			return exec;
		};
		const PROMPT = /web-0:app [^\n]*[#$%] $/;
		afterEach(() => endAll(execs));

		it('are called, after the image’s rc files, behind our prompt', async () => {
			const exec = await open();
			for (const pattern of read) await exec.see(pattern);
			await exec.see(PROMPT);
			exec.send("two 'a b'\r");
			await exec.see(/\ntwo a b\r\n/);
			await exec.see(PROMPT);
			if (alias) {
				exec.send('imaged\r');
				await exec.see(new RegExp(`\nalias of ${alias.replace('.', '\\.')}\r\n`));
				await exec.see(PROMPT);
			}
			exec.send('exit 7\r');
			assert.equal(await exec.ended, 7);
		});

		it('are listed by help, which still is the shell’s own with a word', async () => {
			const exec = await open();
			await exec.see(PROMPT);
			exec.send('help\r');
			await exec.see(/\nthese are: two\r\n/);
			await exec.see(PROMPT);
			exec.send('help cd\r');
			await exec.see(ownHelp ?? /\nthese are: two\r\n/);
			await exec.see(PROMPT);
			exec.send('recipe two x\r');
			await exec.see(/\ntwo x\r\n/);
		});

		it('are there in a shell that is called in it', async () => {
			const exec = await open();
			await exec.see(PROMPT);
			exec.send(`${name}\r`);
			for (const pattern of read) await exec.see(pattern);
			await exec.see(/(web-0:app|image>) [^\n]*$/);
			exec.send('two nested; help\r');
			await exec.see(/two nested\r\nthese are: two\r\n/);
		});

		it('leave nothing in the environment that the image would miss', async () => {
			const exec = await open();
			await exec.see(PROMPT);
			exec.send('env | grep -c "^ZDOTDIR="; env | grep "^ZDOTDIR="; echo done\r');
			const [, count, value = ''] = await exec.see(/\n(\d)\r\n(?:ZDOTDIR=(\S+)\r\n)?done/);
			assert.deepEqual([count, value], env.ZDOTDIR ? ['1', other] : ['0', '']);
		});
	});
}
