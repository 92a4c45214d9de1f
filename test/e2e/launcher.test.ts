import assert from 'node:assert/strict';
import { ke, type TestCluster, useCluster } from '../support/cluster.ts';
import { podYaml } from '../support/manifests.ts';

/** Fields of a /proc/PID/status, by name. */
function fields(status: string): Map<string, string> {
	return new Map(
		status.split('\n').flatMap((line) => {
			const [, name = '', value = ''] = /^(\w+):\s*(.*?)\s*$/.exec(line) ?? [];
			return name === '' ? [] : [[name, value] as const];
		}),
	);
}

describe('the launcher in a pod', function () {
	this.timeout(60_000);
	let cluster: TestCluster;
	let namespace: string;

	before(async function () {
		this.timeout(120_000);
		cluster = await useCluster(this);
		namespace = await cluster.namespace();
		const spec = 'securityContext: {runAsUser: 1234, runAsGroup: 2345, supplementalGroups: [3456, 4567]}';
		await cluster.apply(namespace, podYaml('web') + podYaml('user', { spec }), 'web', 'user');
		for (const pod of ['web', 'user']) assert.equal((await net(pod, '--', 'true')).code, 0);
	});

	const net = (pod: string, ...words: string[]) => ke(cluster, ['net', pod, '-n', namespace, '-q', ...words]);
	/** The status of a process that a shell script of the debug image names, as a command beside it sees it. */
	const status = async (pod: string, script: string, ...words: string[]) => {
		const ran = await net(pod, ...words, '--', 'sh', '-c', `cat ${script}`);
		assert.deepEqual([ran.code, ran.stderr], [0, '']);
		return fields(ran.stdout);
	};
	const inRoot = ['--root', 'target'];
	const NONE = '0000000000000000';

	for (const pod of ['web', 'user']) {
		it(`has no right at all in the target's root, and is its user (${pod})`, async () => {
			const target = await status(pod, '/proc/$TARGET_PID/status');
			const worker = await status(pod, '/proc/self/status', ...inRoot);
			for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) assert.equal(worker.get(set), NONE, set);
			assert.equal(worker.get('NoNewPrivs'), '1');
			for (const id of ['Uid', 'Gid', 'Groups', 'Umask']) assert.equal(worker.get(id), target.get(id), id);
		});

		it(`leaves outside only a process of that user without a right (${pod})`, async () => {
			const target = await status(pod, '/proc/$TARGET_PID/status');
			const anchor = await status(pod, '/proc/$(echo $PATH | cut -d/ -f3)/status', ...inRoot);
			assert.equal(anchor.get('Name'), 'ke-anchor');
			for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb']) assert.equal(anchor.get(set), NONE, set);
			for (const id of ['Uid', 'Gid', 'Groups']) assert.equal(anchor.get(id), target.get(id), id);
		});
	}

	it("keeps the container's rights where root is asked for by name", async () => {
		const worker = await status('user', '/proc/self/status', ...inRoot, '--run-as', 'root');
		assert.match(worker.get('Uid') ?? '', /^0\t/);
		assert.notEqual(worker.get('CapEff'), NONE);
	});

	it('is gone with the anchor when the command is over', async () => {
		await net('user', ...inRoot, '--', 'true');
		const { stdout } = await net('user', '--', 'sh', '-c', 'grep -hs ^Name: /proc/[0-9]*/status');
		assert.doesNotMatch(stdout, /ke-anchor/);
		assert.equal(stdout.match(/\bke$/gm)?.length, 1, 'only the supervisor of this command');
	});

	/** Sets $f to the launcher's folder and $at to the one around it: the supervisor of a script runs from there. */
	const FOLDER = 'f=$(readlink /proc/$PPID/exe) && f=$(dirname "$f") && at=$(dirname "$f")';

	it('lies in a folder that nobody but root can change', async () => {
		const look = `${FOLDER} && cd "$f" && stat -c "%a %u %n" . *`;
		const modes = (await net('user', '--', 'sh', '-c', look)).stdout.trim().split('\n');
		assert.deepEqual(modes, ['555 0 .', '555 0 bin', '555 0 helpers', '555 0 ke', '755 0 nss', '555 0 to']);
	});

	it('is carried past what others have put under the names it takes', async () => {
		// The process id of the next command is among these.
		const names = 'seq -f "$at"/.ke-new-%.0f $$ $(($$ + 9999))';
		const plant = `${FOLDER} && ${names} | xargs touch && ${names} | xargs chown 1000 && rm -rf "$f"`;
		assert.equal((await net('user', '--', 'sh', '-c', plant)).code, 0);
		assert.deepEqual(await net('user', '--', 'echo', 'ran'), { code: 0, stdout: 'ran\n', stderr: '' });
		const owner = `${FOLDER} && find "$at" -maxdepth 1 -name ".ke-new-*" -delete; stat -c %u "$f/ke"`;
		const { stdout } = await net('user', '--', 'sh', '-c', owner);
		assert.equal(stdout, '0\n');
	});

	for (const [how, script] of [
		[
			'other bytes',
			'printf "#!/bin/sh\\necho replaced\\n" >/tmp/other && chmod 755 /tmp/other && mv /tmp/other "$f/ke"',
		],
		['one that is cut short', 'head -c 1000 "$f/ke" >/tmp/other && chmod 755 /tmp/other && mv /tmp/other "$f/ke"'],
		['a link', 'rm -f "$f/ke" && ln -s /bin/true "$f/ke"'],
		['nothing', 'rm -f "$f/ke"'],
	] as const) {
		it(`is noticed when it was replaced by ${how}, and carried anew`, async () => {
			const spoil = await net('user', '--', 'sh', '-c', `${FOLDER} && ${script}`);
			assert.deepEqual([spoil.code, spoil.stderr], [0, '']);
			for (const words of [
				['--', 'echo', 'ran'],
				[...inRoot, '--', 'echo', 'ran'],
			]) {
				const ran = await net('user', ...words);
				assert.deepEqual(ran, { code: 0, stdout: 'ran\n', stderr: '' });
			}
			const folders = await net('user', '--', 'sh', '-c', `${FOLDER} && ls -d "$at"/.ke-* | wc -l`);
			assert.equal(folders.stdout.trim(), '1', 'nothing is left beside it');
		});
	}
});
