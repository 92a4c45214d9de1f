import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programEnv, type TestCluster, useCluster } from '../support/cluster.ts';
import { executable } from '../support/executable.ts';
import { podYaml } from '../support/manifests.ts';
import { openTerminal, type TestTerminal } from '../support/terminal.ts';

describe('bring, in a session', function () {
	this.timeout(60_000);
	let cluster: TestCluster;
	let namespace: string;
	let folder: string;
	const terminals: TestTerminal[] = [];

	before(async function () {
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		await cluster.apply(namespace, podYaml('web'), 'web');
	});

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'ke-bring-'));
	});

	afterEach(() => {
		for (const { kill } of terminals.splice(0)) kill('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
	});

	const session = async (words: string): Promise<TestTerminal> => {
		const text = `cd "$FOLDER"; exec "$KE" net web -n "$NS" ${words}`;
		const env = programEnv(cluster.kubeconfig, { KE: executable(), NS: namespace, FOLDER: folder });
		const terminal = openTerminal('sh', ['-c', text], env);
		terminals.push(terminal);
		await terminal.see(/web:app [^\n]*[#$] $/);
		return terminal;
	};

	it('sends home a file of the target, and the shell goes on', async () => {
		const terminal = await session('--root target');
		terminal.type('cd /etc; bring hostname\r');
		await terminal.see(/bring \/etc\/hostname from the pod to \.\/hostname\? \[y\/N\] $/);
		terminal.type('y');
		await terminal.see(/hostname {2}4 B, sha256 [0-9a-f]{64} as in the pod\r\n/);
		terminal.type('echo "goes $((40 + 2))"; exit\r');
		await terminal.see(/goes 42/);
		assert.equal(await terminal.ended, 0);
		assert.equal(readFileSync(join(folder, 'hostname'), 'utf8'), 'web\n');
	});

	it('sends home a file of the debug container, and of the target from beside it', async () => {
		const terminal = await session('');
		terminal.type('echo made here >/tmp/report; bring /tmp/report\r');
		await terminal.see(/\[y\/N\] $/);
		terminal.type('y');
		await terminal.see(/report {2}10 B, sha256/);
		terminal.type('bring $TARGET_ROOT/etc/hostname\r');
		await terminal.see(/\[y\/N\] $/);
		terminal.type('y');
		await terminal.see(/hostname {2}4 B, sha256/);
		assert.deepEqual(readdirSync(folder).sort(), ['hostname', 'report']);
	});

	it('fetches nothing that is not agreed to, and overwrites nothing', async () => {
		const terminal = await session('--root target');
		// As a hostile file would, if it were shown.
		const path = [...Buffer.from('/etc/hostname')].map((byte) => `%%${byte.toString(16).toUpperCase()}`).join('');
		terminal.type(`printf '\\033]ke;bring target ${path}\\007'\r`);
		await terminal.see(/\[y\/N\] $/);
		terminal.type('n');
		await terminal.see(/n\r\n/);
		assert.ok(!existsSync(join(folder, 'hostname')));
		terminal.type("printf '\\033]ke;bring target %%2E%%2E\\007'; echo no'thing'\r");
		await terminal.see(/nothing/);
		assert.deepEqual(readdirSync(folder), []);
	});
});
