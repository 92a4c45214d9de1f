import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ke, programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { aLab, type Lab } from '../support/lab.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';

describe('commands of a session', () => {
	let cluster: TestCluster;
	let namespace: string;
	let lab: Lab;
	const terminals: TestTerminal[] = [];

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		const pods = ['web', 'bashed', 'ashed'].map((name) => podYaml(name, { image: 'registry.test/webgo:nonroot' }));
		await cluster.apply(namespace, pods.join(''), 'web', 'bashed', 'ashed');
	});
	beforeEach(() => {
		lab = aLab();
	});
	afterEach(() => {
		for (const { kill } of terminals.splice(0)) kill('SIGKILL');
		lab.remove();
	});

	const shell = (...words: string[]): TestTerminal => {
		const env = programEnv(cluster.kubeconfig, { ...lab.env, KE: executable(), DIR: lab.folder });
		const terminal = openTerminal('sh', ['-c', 'cd "$DIR" && exec "$KE" "$@"', 'sh', '-n', namespace, ...words], env);
		terminals.push(terminal);
		return terminal;
	};
	const prompt = /:app [^\n]*[#$] $/;

	for (const [what, toolkit, pod, banner] of [
		['bash, beside the target', 'lab', 'bashed', /Commands here: say verdict place who .* … {2}help tells more\./],
		[
			'ash, in an empty target’s root',
			'ashlab',
			'ashed',
			/Commands here: greet note env ps limits where-am-i {2}help tells more\./,
		],
	] as const) {
		it(`are announced once, and helped with: ${what}`, async () => {
			const terminal = shell(toolkit, pod);
			await terminal.see(banner);
			await terminal.see(prompt);
			terminal.type('help\r');
			await terminal.see(/limits {2,}Memory, processor and processes/);
			await terminal.see(/NAME --help tells what a recipe takes/);
			await terminal.see(prompt);
			terminal.type('where-am-i\r');
			await terminal.see(new RegExp(`pod +${pod}, namespace ${namespace}`));
			terminal.type('exit 3\r');
			assert.equal(await terminal.ended, 3);
			const again = shell(toolkit, pod);
			await again.see(prompt);
			assert.doesNotMatch(again.screen(), /Commands here/);
			again.type('exit\r');
			assert.equal(await again.ended, 0);
		});
	}

	it('take inputs as flags and words, to the letter', async () => {
		const terminal = shell('ashlab', 'ashed');
		await terminal.see(prompt);
		terminal.type(`greet "a 'b' \\$(id)" -L --times=3\r`);
		await terminal.see(/hello a 'b' \$\(id\), true, 3, a 'b' \$\(id\)\r\n/);
		terminal.type('greet -- -x\r');
		await terminal.see(/hello -x, false, 1, -x\r\n/);
		terminal.type('greet; echo "code $?"\r');
		await terminal.see(/greet: WHO is needed[\s\S]*code 2\r\n/);
		terminal.type('greet x --nope; echo "code $?"\r');
		await terminal.see(/--nope[\s\S]*code 2\r\n/);
		terminal.type('greet x --times=many; echo "code $?"\r');
		await terminal.see(/times[\s\S]*code 2\r\n/);
		terminal.type('greet --help\r');
		await terminal.see(/usage: greet \[flags\] WHO/);
		terminal.type('exit\r');
		assert.equal(await terminal.ended, 0);
	});

	it('hide no program of the image, and are had by `recipe` then', async () => {
		const terminal = shell('lab', 'bashed');
		await terminal.see(prompt);
		terminal.type('ps --version; recipe ps | head -n 1\r');
		await terminal.see(/procps/);
		await terminal.see(/PID +USER +STATE/);
		terminal.type('exit\r');
		assert.equal(await terminal.ended, 0);
	});

	it('point outside where a recipe asks first, listens or opens a port', async () => {
		const terminal = shell('lab', 'bashed');
		await terminal.see(prompt);
		terminal.type('ask; echo "code $?"\r');
		await terminal.see(
			/error: ask asks before it does anything, so it runs from outside: kubectl ephemeral lab ask bashed/,
		);
		await terminal.see(/code 1\r\n/);
		terminal.type('exit\r');
		assert.equal(await terminal.ended, 0);
	});

	it('leave files that are offered at the end: yes', async () => {
		const terminal = shell('ashlab', 'ashed');
		await terminal.see(prompt);
		terminal.type('note; ls -A "$OUT"; exit 7\r');
		await terminal.see(/\$OUT holds note\.txt \(6 B\), which goes with this session: bring it here\? \[y\/N\] /);
		terminal.type('y\r');
		await terminal.see(/note\.txt {2}6 B, sha256 \w{64} as in the pod/);
		assert.equal(await terminal.ended, 7);
		assert.equal(readFileSync(join(lab.folder, 'note.txt'), 'utf8'), 'noted\n');
	});

	it('no', async () => {
		const terminal = shell('ashlab', 'ashed');
		await terminal.see(prompt);
		terminal.type('note; exit\r');
		await terminal.see(/bring it here\? \[y\/N\] /);
		terminal.type('n');
		assert.equal(await terminal.ended, 0);
		assert.deepEqual(readdirSync(lab.folder), []);
	});

	it('unasked, with --bring; several as a folder', async () => {
		const terminal = shell('lab', 'bashed', '--bring');
		await terminal.see(prompt);
		terminal.type('echo 1 >"$OUT/a"; mkdir "$OUT/b"; echo 2 >"$OUT/b/c"; exit\r');
		assert.equal(await terminal.ended, 0);
		const [folder = ''] = readdirSync(lab.folder);
		assert.match(folder, /^bashed-\d{8}-\d{6}$/);
		assert.equal(readFileSync(join(lab.folder, folder, 'b/c'), 'utf8'), '2\n');
	});

	it('leave nothing in the container', async () => {
		const terminal = shell('lab', 'web');
		await terminal.see(prompt);
		terminal.type('echo "$OUT"; exit\r');
		assert.equal(await terminal.ended, 0);
		const look = 'find /run /tmp /var/tmp /dev/shm -name ".ke-out*" -o -path "*/sessions/*"';
		const { stdout } = await ke(cluster, ['-n', namespace, 'lab', 'web', '-q', '--', 'sh', '-c', look], {
			env: lab.env,
		});
		assert.equal(stdout, '');
		assert.ok(existsSync(lab.folder));
	});
});
