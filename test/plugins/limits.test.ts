import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { newFolder, runScript, SHELLS, writeFiles } from './script.ts';
import { endTargets, makeGroup, said, startTarget, type Target } from './target.ts';

/** Files as the kernel writes them; those that tell which processes are there are added for each target. */
const V1 = {
	'memory/memory.usage_in_bytes': '94371840\n',
	'memory/memory.limit_in_bytes': '268435456\n',
	'memory/memory.stat': 'cache 1\nhierarchical_memory_limit 134217728\ntotal_cache 5\ntotal_inactive_file 20971520\n',
	'memory/memory.failcnt': '12\n',
	'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
	'pids/pids.current': '1401\n',
	'pids/pids.max': '4096\n',
	'pids/pids.events': 'max 1\n',
	'cpu/cpu.cfs_quota_us': '150000\n',
	'cpu/cpu.cfs_period_us': '100000\n',
	'cpu/cpu.stat': 'nr_periods 3401\nnr_throttled 12\nthrottled_time 1234000000\n',
	'cpuacct/cpuacct.usage': '5000000000\n',
};
const V2 = {
	'cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma\n',
	'memory.current': '94371840\n',
	'memory.max': '134217728\n',
	'memory.high': '120795955\n',
	'memory.stat': 'anon 1\ninactive_file 20971520\nactive_file 3\n',
	'memory.events': 'low 0\nhigh 3\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n',
	'pids.current': '14\n',
	'pids.max': '4096\n',
	'pids.events': 'max 0\n',
	'cpu.max': '100000 100000\n',
	'cpu.stat': 'usage_usec 5000000\nuser_usec 1\nsystem_usec 2\nnr_periods 1\nnr_throttled 1\nthrottled_usec 20000\n',
};

describe('process limits', function () {
	this.slow(5000);
	afterEach(endTargets);

	/** A root whose /sys/fs/cgroup shows what it is told, and the target in it. */
	async function withTree(files: Record<string, string>, folders: string[]): Promise<Target> {
		const target = await startTarget();
		const root = newFolder();
		const lists = folders.map((folder) => [`${folder}cgroup.procs`, `1234\n${target.pid}\n`]);
		for (const [path, text] of [...Object.entries(files), ...lists])
			writeFiles(root, { [`sys/fs/cgroup/${path}`]: text ?? '' });
		return { ...target, env: { ...target.env, TARGET_ROOT: root } };
	}

	/** What it prints, by every shell: the same. */
	async function lines({ env }: Target): Promise<string[]> {
		const runs = await Promise.all(SHELLS.map((shell) => runScript(shell, 'process/limits', { env })));
		const [first] = runs;
		assert.deepEqual([first?.code, first?.stderr], [0, '']);
		for (const run of runs) assert.deepEqual(run, first);
		return first?.stdout.trimEnd().split('\n') ?? [];
	}

	it('reads version 1', async () => {
		const target = await withTree(V1, ['memory/', 'pids/', 'cpu/', 'cpuacct/']);
		assert.deepEqual(await lines(target), [
			'memory  70 MiB of 128 MiB (55 %); cache that gives way 20 MiB; reached 12 times',
			'cpu     0 of 1.5 cores; throttled in 12 of 3,401 periods (0.4 %), 1.23 s in all',
			'pids    1,401 of 4,096; refused more once',
			'oom     2 processes killed since the container started',
		]);
	});

	it('reads version 2', async () => {
		assert.deepEqual(await lines(await withTree(V2, [''])), [
			'memory  70 MiB of 128 MiB (55 %); cache that gives way 20 MiB; slowed down from 115 MiB; reached 12 times',
			'cpu     0 of 1 core; throttled in 1 of 1 periods (100 %), 0.02 s in all',
			'pids    14 of 4,096',
			'oom     1 process killed since the container started',
		]);
	});

	it('reads version 2 where the processes are further down', async () => {
		const [first] = await lines(await withTree({ ...V2, 'cgroup.procs': '' }, ['init.scope/']));
		assert.match(first ?? '', /^memory {2}70 MiB of 128 MiB/);
	});

	it('says no limit in version 2', async () => {
		const none = { 'memory.max': 'max\n', 'memory.high': 'max\n', 'pids.max': 'max\n', 'cpu.max': 'max 100000\n' };
		const [memory, cpu, pids] = await lines(await withTree({ ...V2, ...none }, ['']));
		assert.equal(memory, 'memory  70 MiB, no limit of its own; cache that gives way 20 MiB');
		assert.match(cpu ?? '', /^cpu {5}0 cores, no limit but the \d+ that it may use$/);
		assert.equal(pids, 'pids    14, no limit of its own');
	});

	it('says no limit in version 1, or that of all', async () => {
		const none = '9223372036854771712';
		const files = {
			...V1,
			'memory/memory.limit_in_bytes': `${none}\n`,
			'memory/memory.stat': `hierarchical_memory_limit ${none}\ntotal_inactive_file 0\n`,
			'cpu/cpu.cfs_quota_us': '-1\n',
		};
		const folders = ['memory/', 'pids/', 'cpu/', 'cpuacct/'];
		const [memory, cpu] = await lines(await withTree(files, folders));
		assert.equal(memory, 'memory  90 MiB, no limit of its own');
		assert.match(cpu ?? '', /^cpu {5}0 cores, no limit but the \d+ that it may use$/);
		const shared = { 'memory/memory.stat': 'hierarchical_memory_limit 1073741824\n' };
		const [line] = await lines(await withTree({ ...files, ...shared }, folders));
		assert.equal(line, 'memory  90 MiB, no limit of its own (1.0 GiB with others)');
	});

	it('says what is not known, and takes nothing but numbers', async () => {
		const files = { ...V2, 'memory.max': '\u001b[2J$(id)\n', 'memory.stat': '', 'pids.current': '' };
		const [memory, , pids] = await lines(await withTree(files, ['']));
		assert.equal(memory, 'memory  90 MiB, no limit of its own; slowed down from 115 MiB');
		assert.equal(pids, 'pids    not known');
	});

	it("does not take another cgroup for the target's", async () => {
		const target = await withTree(V2, []);
		writeFiles(target.env.TARGET_ROOT ?? '', { 'sys/fs/cgroup/cgroup.procs': '1234\n' });
		for (const shell of SHELLS) {
			const { stdout } = await runScript(shell, 'process/limits', { env: target.env });
			assert.doesNotMatch(stdout, /70 MiB/);
		}
	});

	for (const shell of SHELLS)
		it(`shows the limits and the use of a real cgroup, by ${shell.name}`, async function () {
			const group = makeGroup();
			if (!group) return this.skip();
			const text = `read -r _; x=$(head -c 8000000 /dev/zero | tr '\\0' x); echo ready; while :; do :; done`;
			const target = await startTarget({ program: 'sh', words: ['-c', text], env: { PATH: process.env.PATH ?? '' } });
			group.add(target.pid);
			target.child.stdin?.write('go\n');
			await said(target.child, 'ready');
			const { stdout } = await runScript(shell, 'process/limits', { env: target.env });
			await endTargets();
			await group.remove();
			const [memory = '', cpu = '', pids, oom] = stdout.split('\n');
			assert.match(memory, /^memory {2}\d+(\.\d)? MiB of 64 MiB \([\d.]+ %\)/);
			const [, used = '', all] = /^cpu {5}([\d.]+) of ([\d.]+) cores; throttled in \d+ of \d+ periods/.exec(cpu) ?? [];
			assert.equal(all, '0.5');
			assert.ok(Number(used) > 0 && Number(used) < 0.75, cpu);
			assert.equal(pids, 'pids    1 of 20');
			assert.equal(oom, 'oom     nothing killed since the container started');
		});

	it('says so where nothing of it is to be seen', async function () {
		if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return this.skip();
		const target = await startTarget();
		// A mount namespace where /sys/fs/cgroup is empty, as in a container that shows none.
		const enter = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"', 'sh'];
		const env = { ...target.env, TARGET_ROOT: '/nowhere' };
		for (const shell of SHELLS) {
			const { code, stdout, stderr } = await runScript(shell, 'process/limits', { env, enter });
			assert.deepEqual([code, stdout], [1, '']);
			assert.match(stderr, /^error: the cgroup of process \d+ is not to be seen by 0:0; it takes .*\n$/);
		}
	});
});
