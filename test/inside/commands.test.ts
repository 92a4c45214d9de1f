import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entry, leftovers, offered, pathOf, removeInstalled } from './exec.ts';
import { inputLine, Sessions } from './sessions.ts';
import { type Shell, shells } from './shells.ts';

const sessions = new Sessions();
after(() => {
	removeInstalled();
	assert.deepEqual(leftovers(), []);
});

/** A recipe's. */
const SHOW = [
	entry('=command show', 'echo "$INPUT_COUNT $1"'),
	entry(
		'=inputs show',
		[inputLine('count', 'n', 'value', 'no', '5'), inputLine('file', '-', 'positional', 'yes', '')].join('\n'),
	),
];

describe('the commands of a session', function () {
	this.timeout(60_000);
	afterEach(() => sessions.end());
	const [shell] = shells() as [Shell];
	const TWO = [
		entry('=command two', 'echo two "$@"'),
		entry('=command ls', 'echo not the program'),
		entry('=help', 'ls, two'),
	];

	it('come last on PATH, and are called by `recipe` where a program has that name', async () => {
		const ran = await sessions.run(
			shell,
			TWO,
			'ls -d /; recipe ls; two a "b  c"; recipe two --help; echo "$PATH" | tr : "\\n" | tail -n 1',
		);
		const [root, ls, two, help, last = ''] = ran.stdout.trim().split('\n');
		assert.deepEqual([root, ls, two, help], ['/', 'not the program', 'two a b  c', 'two --help']);
		assert.match(last, /\/\.ke-session-\w+\/bin$/);
	});

	it('are listed by help and by recipe, with those that are hidden', async () => {
		const text = 'ls, two\nCalled as "recipe NAME", since the image has programs of these names: ls\n';
		const ran = await sessions.run(shell, TWO, 'help; recipe');
		assert.deepEqual(ran, { code: 0, stdout: text + text, stderr: '' });
		const odd = [entry('=command two', 'x'), entry('=help', 'a\x1b[31m\x07b\x9c\tc\r\x7f ä\n')];
		assert.equal((await sessions.run(shell, odd, 'help')).stdout, 'a?[31m?b?\tc?? ä\n');
		const only = [entry('=command two', 'x'), entry('=help', 'two\n')];
		assert.equal((await sessions.run(shell, only, 'help')).stdout, 'two\n');
		assert.equal((await sessions.run(shell, [...SHOW, entry('=command a', 'x')], 'help')).stdout, 'Commands: a show\n');
	});

	it('may have the names of ours, and are then called by `recipe`', async () => {
		const ran = await sessions.run(
			shell,
			[entry('=command help', 'echo own'), entry('=command recipe', 'echo own too')],
			'recipe help; recipe recipe; recipe',
		);
		assert.equal(ran.stdout, 'own\nown too\nCommands: help recipe\n');
	});

	it('say so where there is none of a name', async () => {
		for (const name of ['nope', '../scripts/two', '', '.', '..', 'x'.repeat(300)]) {
			const ran = await sessions.run(shell, TWO, `recipe '${name}'; exit $?`);
			assert.deepEqual([ran.code, ran.stdout], [127, '']);
			assert.match(ran.stderr, /^error: there is no recipe .*here\n"recipe" lists them\.\n$/);
		}
	});

	it('stand in a folder that only its owner can change, for as long as the shell runs', async () => {
		const exec = await sessions.start(shell, [...TWO, ...SHOW], {});
		exec.send('echo "$PATH"\n');
		while (!exec.stdout().includes('\n')) await new Promise((resolve) => setTimeout(resolve, 20));
		const made = dirname(exec.stdout().toString().trim().split(':').at(-1) ?? '');
		const all = spawnSync('find', [made, '-printf', '%M %u %P\n'], { encoding: 'utf8' })
			.stdout.trim()
			.split('\n')
			.sort();
		const owner = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
		const expected = [
			...['', 'bin', 'inputs', 'scripts'].map((name) => `drwxr-xr-x ${owner} ${name}`),
			...['.zshenv', '.zshrc', 'help', 'inputs/show', 'rc', 'scripts/ls', 'scripts/show', 'scripts/two'].map(
				(name) => `-rw-r--r-- ${owner} ${name}`,
			),
			...['bin/help', 'bin/ls', 'bin/recipe', 'bin/show', 'bin/two', 'ke'].map((name) => `lrwxrwxrwx ${owner} ${name}`),
		];
		assert.deepEqual(all, expected.sort());
		assert.match(readlinkSync(join(made, 'ke')), /^\.\.\//);
		exec.send('exit 5\n');
		assert.equal(await exec.ended, 5);
		assert.ok(!existsSync(made));
	});

	for (const how of ['SIGTERM', 'SIGHUP', 'the end of the terminal'] as const) {
		it(`go when the session is ended by ${how}`, async () => {
			const exec = await sessions.start(shell, TWO, { letters: 'st', words: ['bash'] });
			exec.send('two; echo at "$PATH"\r');
			const [, path = ''] = await exec.see(/\nat (\S+)\r\n/);
			const made = dirname(path.split(':').at(-1) ?? '');
			assert.match(made, /\/\.ke-session-\w+$/);
			assert.ok(existsSync(made));
			if (how === 'the end of the terminal') exec.hangUp();
			else exec.kill(how);
			// A shell at a terminal minds no TERM: whoever ends a session hangs it up, too.
			if (how === 'SIGTERM') exec.kill('SIGHUP');
			await exec.ended;
			assert.ok(!existsSync(made));
		});
	}

	it('share what they leave, which is offered when the shell has ended', async () => {
		const special = [entry('=command leave', 'echo "$1" >>"$OUT/file"'), entry('=out', 'abc')];
		const exec = await sessions.start(shell, special, { letters: 'st', words: ['bash'] });
		exec.send('leave one; leave two; exit 3\r');
		const path = pathOf(await exec.see(offered('abc')));
		assert.deepEqual(readdirSync(path), ['file']);
		assert.equal(statSync(join(path, 'file')).size, 8);
		exec.send('abcd');
		assert.equal(await exec.ended, 3);
		assert.ok(!existsSync(path));
	});

	it('work for another user, who cannot change them', async function () {
		if (process.getuid?.() !== 0) this.skip();
		const special = [...TWO, ...SHOW];
		const lines =
			'id -u; two "a b"; show f; cd "$(dirname "$(command -v two)")/.." && echo x >scripts/two; rm -f bin/two; ls scripts/two bin/two';
		const ran = await sessions.run(shell, special, lines, { keys: ['as=65534:65534'] });
		assert.equal(ran.stdout, '65534\ntwo a b\n5 f\nbin/two\nscripts/two\n', ran.stderr);
	});

	it('are many, and long', async () => {
		const many = Array.from({ length: 1500 }, (_, i) => entry(`=command c${i}`, `echo ${i}`));
		const long = entry('=command long', `${'# a line that only makes it long\n'.repeat(30_000)}echo long`);
		const ran = await sessions.run(shell, [...many, long], 'c0; c1499; long');
		assert.deepEqual(ran, { code: 0, stdout: '0\n1499\nlong\n', stderr: '' });
	});

	it('are none where nothing can be written, which is said', async function () {
		if (process.getuid?.() !== 0) this.skip();
		await sessions.run(shell, TWO, '');
		const shut = ['/run', '/tmp', '/var/tmp', '/dev/shm'].map(
			(one) => `mount --bind ${one} ${one} && mount -o remount,bind,ro ${one}`,
		);
		const through = ['unshare', '--mount', '--', 'sh', '-c', `${shut.join(' && ')} && exec "$@"`, 'sh'];
		const exec = await sessions.start(shell, TWO, {}, through);
		exec.send('echo runs; two; exit 4\n');
		assert.equal(await exec.ended, 4);
		assert.equal(exec.stdout().toString(), 'runs\n');
		assert.match(
			exec.stderr(),
			/^the toolkit's commands are not here: nothing can be written in the debug container\n/,
		);
	});
});
