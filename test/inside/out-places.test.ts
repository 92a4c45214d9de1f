import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileC } from '../support/launcher.ts';
import {
	type Asked,
	type Exec,
	endAll,
	entry,
	leftovers,
	offered,
	pathOf,
	removeInstalled,
	startHere,
} from './exec.ts';
import { type Shell, shells } from './shells.ts';

const NONCE = '0d1dd2';
const MARK = offered(NONCE);
/** Nobody, in no container the same as the tests' own user. */
const OTHER = 65534;
const isRoot = process.getuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), 'ke-out-test-'));
chmodSync(folder, 0o755);
after(() => {
	removeInstalled();
	rmSync(folder, { recursive: true, force: true });
	assert.deepEqual(leftovers(), []);
});

const leaving = (script: string) => [entry('=script', script), entry('=out', NONCE)];

describe('where a script’s $OUT is, and how it goes', function () {
	this.timeout(60_000);
	const [shell] = shells() as [Shell];
	const execs: Exec[] = [];
	const start = async (script: string, asked: Partial<Asked> = {}, through: string[] = []): Promise<Exec> => {
		const exec = await startHere(shell, { way: 'launcher', special: leaving(script), ...asked }, { through });
		execs.push(exec);
		return exec;
	};
	afterEach(() => endAll(execs));
	/** The program is run through it in a mount namespace where some folders cannot be written. */
	const shut = (...folders: string[]): string[] => {
		const all = folders.map((one) => `mount --bind ${one} ${one} && mount -o remount,bind,ro ${one}`).join(' && ');
		return ['unshare', '--mount', '--', 'sh', '-c', `${all} && exec "$@"`, 'sh'];
	};

	it('stands in the next place where the first cannot be written', async function () {
		if (!isRoot) this.skip();
		// So that the launcher is there.
		await (await start('true')).ended;
		const places = ['/run', '/tmp', '/var/tmp', '/dev/shm'];
		for (let i = 1; i < places.length; i++) {
			const exec = await start('echo "$OUT"', {}, shut(...places.slice(0, i)));
			assert.equal(await exec.ended, 0, exec.stderr());
			assert.equal(dirname(dirname(exec.stdout().toString().trim())), places[i]);
		}
		const exec = await start('echo ran', {}, shut(...places));
		assert.equal(await exec.ended, 125);
		assert.equal(exec.stdout().toString(), '');
		assert.match(exec.stderr(), /^error: nowhere in the debug container can files be written .*\nAn emptyDir/);
	});

	for (const lacking of ['chown', 'dac_override,-dac_read_search', 'chown,-dac_override,-dac_read_search,-fowner']) {
		it(`is its user’s and goes where root has no right over others’ files (-${lacking})`, async function () {
			if (!isRoot) this.skip();
			const through = ['setpriv', `--bounding-set=-${lacking}`, '--'];
			const keys = [`as=${OTHER}:${OTHER}`];
			const none = await start('ls -lnd "$OUT"', { keys }, through);
			assert.equal(await none.ended, 0, none.stderr());
			assert.match(none.stdout().toString(), new RegExp(`^drwx------\\S* +\\d+ ${OTHER} `));
			assert.equal(none.stderr(), '');
			const exec = await start(
				'umask 77; mkdir -p "$OUT/sub/sub"; : >"$OUT/sub/sub/file"; chmod 0 "$OUT/sub"',
				{ keys },
				through,
			);
			const path = pathOf(await exec.see(MARK));
			exec.send('d');
			assert.equal(await exec.ended, 0);
			assert.ok(!existsSync(dirname(path)));
		});
	}

	it('cannot be changed for another by its user, nor lead the removal elsewhere', async function () {
		if (!isRoot) this.skip();
		const kept = mkdtempSync(join(folder, 'kept-'));
		chmodSync(kept, 0o755);
		const names = Array.from({ length: 50 }, (_, i) => `kept-${i}`);
		for (const name of names) writeFileSync(join(kept, name), 'kept');
		const swapper = compileC(['swapper.c'], join(folder, 'swapper'));
		for (let round = 0; round < 3; round++) {
			const script = `mkdir -p "$OUT/sub/0"; : >"$OUT/sub/0/file"
					mv "$OUT" "$OUT.old" 2>/dev/null && echo moved; ln -s / "\${OUT%/*}/link" 2>/dev/null && echo linked; exit 0`;
			const exec = await start(script, { keys: [`as=${OTHER}:${OTHER}`] });
			const path = pathOf(await exec.see(MARK));
			assert.equal(exec.stdout().toString(), '');
			// A process of that user that is not ours: it changes folders for links as fast as it can.
			const become = ['--reuid', String(OTHER), '--regid', String(OTHER), '--clear-groups'];
			const hostile = spawn('setpriv', [...become, swapper, path, kept], { stdio: ['ignore', 'pipe', 'ignore'] });
			await new Promise((resolve) => hostile.stdout.once('data', resolve));
			const killed = setTimeout(() => hostile.kill('SIGKILL'), 30_000);
			exec.send('d');
			assert.equal(await exec.ended, 0);
			clearTimeout(killed);
			hostile.kill('SIGKILL');
			assert.ok(!existsSync(dirname(path)), 'all of it is gone');
			assert.deepEqual(readdirSync(kept).sort(), names.toSorted());
			assert.deepEqual([statSync(kept).uid, statSync(kept).mode & 0o777], [0, 0o755]);
		}
	});

	it('goes, and nothing elsewhere, though a folder becomes a link when it is about to be looked into', () => {
		const [place, kept] = [join(folder, 'raced'), join(folder, 'raced-kept')];
		for (const at of [join(place, 'swapped'), join(place, 'sub', 'swapped'), kept]) {
			mkdirSync(at, { recursive: true });
			writeFileSync(join(at, 'file'), 'kept');
		}
		for (const at of [place, join(place, 'sub')]) symlinkSync(kept, join(at, 'link'));
		const sources = ['remove.c', 'say.c'].map((name) =>
			fileURLToPath(new URL(`../../src/inside/${name}`, import.meta.url)),
		);
		const program = compileC(['remove-main.c', ...sources], join(folder, 'remove'), ['-Wl,--wrap=openat']);
		const { status } = spawnSync(program, [place]);
		assert.deepEqual(readdirSync(kept), ['file']);
		assert.deepEqual([status, existsSync(place)], [0, false]);
	});
});
