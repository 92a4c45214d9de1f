import assert from 'node:assert/strict';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { eventually } from '../support/eventually.ts';
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
const isOver = (pid: string): boolean => {
	try {
		return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return true;
	}
};

for (const [shell, way] of shells().flatMap((one) => [[one, 'launcher'] as const, [one, 'script'] as const])) {
	describe(`what a script leaves in $OUT, in ${shell.name}, by the ${way}`, function () {
		this.timeout(60_000);
		const execs: Exec[] = [];
		const start = async (script: string, asked: Partial<Asked> = {}): Promise<Exec> => {
			const exec = await startHere(shell, { way, special: leaving(script), ...asked });
			execs.push(exec);
			return exec;
		};
		afterEach(() => endAll(execs));

		it('stands in an empty folder of its own, which nobody else may look into', async () => {
			const exec = await start('ls -A "$OUT"; ls -ld "$OUT" | cut -c1-10; echo "$OUT"');
			assert.equal(await exec.ended, 0, exec.stderr());
			const [mode, path = '', ...more] = exec.stdout().toString().trim().split('\n');
			assert.deepEqual([mode, more], ['drwx------', []]);
			assert.match(path, /^\/(run|tmp)\/\.ke-out-\w+/);
			assert.equal(exec.stderr(), '', 'nothing is there, and nothing is offered');
			assert.ok(!existsSync(path));
		});

		it('is offered when the script has ended, until the client is done', async () => {
			const exec = await start('echo content >"$OUT/a file"; mkdir "$OUT/sub"; echo out; echo err >&2; exit 7');
			const path = pathOf(await exec.see(MARK));
			assert.equal(exec.stderr().replace(MARK, ''), 'err\n');
			assert.equal(exec.stdout().toString(), 'out\n');
			assert.deepEqual(readdirSync(path).sort(), ['a file', 'sub']);
			assert.equal(readFileSync(join(path, 'a file'), 'utf8'), 'content\n');
			exec.send('...');
			await new Promise((resolve) => setTimeout(resolve, 300));
			assert.ok(existsSync(path), 'signs of life are not the end');
			exec.send('d');
			assert.equal(await exec.ended, 7);
			assert.ok(!existsSync(path));
		});

		it('is offered where the lines of stdin were the script’s, of which none is taken for the client’s answer', async () => {
			const exec = await start(': >"$OUT/file"; read -r line; echo "$line"; exit 3', { kind: 'a' });
			exec.send('stop\nend\nbeat\nend\n');
			const path = pathOf(await exec.see(MARK));
			exec.send('end\nbeat\n');
			await new Promise((resolve) => setTimeout(resolve, 300));
			assert.ok(existsSync(path));
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 3);
			assert.equal(exec.stdout().toString(), 'stop\n');
			assert.ok(!existsSync(path));
		});

		it('is offered where stdin was the script’s in frames', async () => {
			const exec = await start('cat >"$OUT/file"', { kind: 'f' });
			exec.send('5              \ndddd\n0              \n');
			const path = pathOf(await exec.see(MARK));
			assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'dddd\n');
			exec.send('d.d');
			await new Promise((resolve) => setTimeout(resolve, 300));
			assert.ok(existsSync(path));
			exec.send(`.${NONCE}`);
			exec.send('d');
			assert.equal(await exec.ended, 0);
			assert.ok(!existsSync(path));
		});

		it('is offered on the terminal, where what was typed ahead is no answer', async () => {
			const exec = await start('echo begun; read -r line; : >"$OUT/file"', { letters: 't' });
			await exec.see(/begun\r\n/);
			exec.send('line\rd docker ddd\r');
			const path = pathOf(await exec.see(MARK));
			const after = exec.stderr().length;
			exec.send('d\r\x03\x04');
			await new Promise((resolve) => setTimeout(resolve, 300));
			assert.ok(existsSync(path));
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 0);
			assert.equal(exec.stderr().length, after, 'nothing was echoed');
			assert.ok(!existsSync(path));
		});

		it('is offered when the time was over', async () => {
			const special = [...leaving('echo half >"$OUT/file"; sleep 100'), entry('=timeout', '1')];
			const exec = await start('', { special });
			const path = pathOf(await exec.see(MARK));
			assert.deepEqual(readdirSync(path), ['file']);
			exec.send(`${NONCE}d`);
			assert.equal(await exec.ended, 124);
		});

		it('goes when the client is gone that it was offered to', async () => {
			const exec = await start(': >"$OUT/file"; exit 5');
			const path = pathOf(await exec.see(MARK));
			exec.hangUp();
			assert.equal(await exec.ended, 5);
			assert.ok(!existsSync(path));
		});

		it('goes, links and not what they lead to, whatever its modes and its depth', async () => {
			const outside = join(folder, `outside-${way}-${basename(shell.program)}`);
			mkdirSync(outside);
			writeFileSync(join(outside, 'file'), 'kept');
			chmodSync(join(outside, 'file'), 0o640);
			const script = `cd "$OUT"
				ln -s '${outside}' folder; ln -s '${outside}/file' file; ln -s .. up; ln -s / root; ln -s nowhere dangling
				ln '${outside}/file' hard; mkdir -m 000 shut; mkdir -p sub/sub; : >sub/sub/x; chmod 000 sub/sub sub
				: >'-rf'; : >'*'; mkdir ' '; : >"$(printf 'new\\nline')"
				i=0; while [ $i -lt 300 ]; do mkdir d && cd d && : >f && ln -s '${outside}' l || exit 9; i=$((i + 1)); done`;
			const exec = await start(script);
			const path = pathOf(await exec.see(MARK));
			exec.send('d');
			assert.equal(await exec.ended, 0, exec.stderr());
			assert.ok(!existsSync(path));
			assert.deepEqual(readdirSync(outside), ['file']);
			assert.equal(readFileSync(join(outside, 'file'), 'utf8'), 'kept');
			assert.equal(statSync(join(outside, 'file')).mode & 0o7777, 0o640);
		});

		for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
			it(`goes when ${signal} ends it, and is not offered`, async () => {
				const exec = await start('echo "$OUT"; : >"$OUT/file"; echo begun; exec sleep 1000');
				await eventually(() => exec.stdout().includes('begun'));
				const [path = ''] = exec.stdout().toString().split('\n');
				assert.ok(existsSync(join(path, 'file')));
				exec.kill(signal);
				await exec.ended;
				assert.doesNotMatch(exec.stderr(), MARK);
				assert.ok(!existsSync(path));
			});
		}

		// The applets of these tests can become nobody else.
		if (way === 'script' && shell.path.includes('ke-applets')) return;

		it('is its user’s, another than ours', async function () {
			if (!isRoot) this.skip();
			const keys = [`as=${OTHER}:${OTHER}`];
			const exec = await start('id -u; : >"$OUT/file"; echo "$OUT"', { keys });
			const path = pathOf(await exec.see(MARK));
			assert.equal(exec.stdout().toString(), `${OTHER}\n${path}\n`);
			assert.deepEqual([statSync(path).uid, statSync(path).mode & 0o777], [OTHER, 0o700]);
			exec.send('d');
			assert.equal(await exec.ended, 0);
			assert.ok(!existsSync(path));
		});
	});
}

describe('what a script leaves in $OUT', function () {
	this.timeout(60_000);
	const [shell] = shells() as [Shell];
	const execs: Exec[] = [];
	const start = async (script: string, asked: Partial<Asked> = {}, through: string[] = []): Promise<Exec> => {
		const exec = await startHere(shell, { way: 'launcher', special: leaving(script), ...asked }, { through });
		execs.push(exec);
		return exec;
	};
	afterEach(() => endAll(execs));
	it('is offered when nothing runs any more that it began', async () => {
		const exec = await start('echo x >"$OUT/file"; setsid sh -c \'trap "" TERM; while :; do sleep 1; done\' & echo $!');
		await exec.see(MARK);
		assert.ok(isOver(exec.stdout().toString().trim()));
		exec.send('d');
		assert.equal(await exec.ended, 0);
	});

	it('goes when nothing is heard for the lease from whom it was offered to', async () => {
		const exec = await start(': >"$OUT/file"; exit 6');
		const path = pathOf(await exec.see(MARK));
		exec.silence();
		const began = Date.now();
		assert.equal(await exec.ended, 6);
		assert.ok(Date.now() - began > 6000, 'it had its lease');
		assert.ok(!existsSync(path));
	});

	it('goes when TERM comes while it is offered', async () => {
		const exec = await start(': >"$OUT/file"; exit 6');
		const path = pathOf(await exec.see(MARK));
		exec.kill('SIGTERM');
		assert.equal(await exec.ended, 6);
		assert.ok(!existsSync(path));
	});

	it('goes when the terminal is gone, during the script and when it is offered', async () => {
		for (const script of ['echo "$OUT"; : >"$OUT/file"; echo begun; exec sleep 1000', ': >"$OUT/file"']) {
			const exec = await start(script, { letters: 't' });
			const path = script.includes('begun') ? (await exec.see(/(\/\S+)\r\nbegun/))[1] : pathOf(await exec.see(MARK));
			assert.ok(path && existsSync(path));
			exec.hangUp();
			await exec.ended;
			assert.ok(!existsSync(path));
		}
	});

	it('goes when the client falls silent during the script, and is not offered', async () => {
		const exec = await start('echo "$OUT"; : >"$OUT/file"; echo begun; sleep 1000');
		await eventually(() => exec.stdout().includes('begun'));
		const [path = ''] = exec.stdout().toString().split('\n');
		exec.silence();
		assert.equal(await exec.ended, 143);
		assert.doesNotMatch(exec.stderr(), MARK);
		assert.ok(!existsSync(path));
	});
});
