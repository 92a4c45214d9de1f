import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newFolder, programPath, type Run, runScript, SHELLS, writeFiles } from './script.ts';
import { endTargets, startTarget, type Target } from './target.ts';

const RELEASE = 'JAVA_VERSION="17.0.15"\nIMPLEMENTOR="Some One"\nMODULES="java.base jdk.jfr"\nSOURCE=""\n';

for (const shell of SHELLS)
	describe(`java release, by ${shell.name}`, function () {
		this.slow(3000);
		afterEach(endTargets);
		const release = ({ env }: Target, more = {}): Promise<Run> => runScript(shell, 'java/release', { env, ...more });

		it('tells the runtime and how it was called', async () => {
			const home = makeHome({ release: RELEASE });
			const env = { JAVA_TOOL_OPTIONS: '-Dpassword=s3cret -Xmx1g', OTHER: 'x', _JAVA_OPTIONS: '-Da=b=c' };
			const target = await startTarget({ program: join(home, 'bin/java'), words: ['-'], env });
			const { code, stdout, stderr } = await release(target);
			assert.deepEqual([code, stderr], [0, '']);
			assert.deepEqual(stdout.split('\n'), [
				`HOME               ${home}`,
				'IMPLEMENTOR        Some One',
				'JAVA_VERSION       17.0.15',
				'MODULES            java.base jdk.jfr',
				'JAVA_TOOL_OPTIONS  -Dpassword=s3cret -Xmx1g',
				'_JAVA_OPTIONS      -Da=b=c',
				`command line       ${home}/bin/java`,
				'                   -',
				'',
			]);
		});

		it('finds the file of a Java 8, beside its jre', async () => {
			const home = makeHome({ '../release': 'JAVA_VERSION="1.8.0_504"\n' }, 'jdk8/jre');
			const { code, stdout } = await release(await startTarget({ program: join(home, 'bin/java') }));
			assert.equal(code, 0);
			assert.match(stdout, /^JAVA_VERSION +1\.8\.0_504$/m);
		});

		it('finds the home by the library of a program that is called otherwise', async () => {
			const home = makeHome({ release: RELEASE });
			const library = spawnSync(
				'sh',
				['-c', 'ls /lib/*-linux-gnu/libm.so.6 /usr/lib/*-linux-gnu/libm.so.6 | head -n 1'],
				{ encoding: 'utf8' },
			);
			mkdirSync(join(home, 'lib/server'), { recursive: true });
			copyFileSync(library.stdout.trim(), join(home, 'lib/server/libjvm.so'));
			const target = await startTarget({ env: { LD_PRELOAD: join(home, 'lib/server/libjvm.so') } });
			const { code, stdout } = await release(target);
			assert.equal(code, 0);
			assert.match(stdout, new RegExp(`^HOME +${home}$`, 'm'));
			assert.match(stdout, /^command line +cat$/m);
		});

		it('says that a program is no Java, and whose it is where it is closed', async () => {
			const none = await release(await startTarget({ argv0: '\u001b[2J' }));
			assert.deepEqual([none.code, none.stdout], [1, '']);
			assert.match(none.stderr, /^error: \/\S+, process \d+, is no Java runtime; ps shows .*\n$/);
			const user = { uid: 4321, gid: 4321 };
			const closed = await release(await startTarget({ argv0: 'java' }), { user });
			assert.deepEqual([closed.code, closed.stdout], [1, '']);
			assert.match(closed.stderr, /^error: the program of process \d+ is closed to 4321:4321; it takes .*\n$/);
		});

		it('goes by the name it was called by where it is closed in the root of the target', async () => {
			const home = makeHome({ release: RELEASE });
			const target = await startTarget({ program: join(home, 'bin/java') });
			const env = { ...target.env, TARGET_ROOT: '/' };
			const { code, stdout } = await release({ ...target, env }, { user: { uid: 4321, gid: 4321 } });
			assert.equal(code, 0);
			assert.match(stdout, /^JAVA_VERSION +17\.0\.15$/m);
		});

		it('reads no link and no pipe in place of the file, and says that there is none', async () => {
			for (const plant of [
				(file: string) => symlinkSync('/etc/passwd', file),
				(file: string) => assert.equal(spawnSync('mkfifo', [file]).status, 0),
				() => undefined,
			]) {
				const home = makeHome({});
				plant(join(home, 'release'));
				const { code, stdout, stderr } = await release(await startTarget({ program: join(home, 'bin/java') }));
				assert.equal(code, 1);
				assert.match(stdout, /^HOME +\S+\ncommand line +\S+java\n$/);
				assert.match(stderr, /^error: \S+ has no release file, .*\n$/);
			}
		});

		it('lets nothing hostile through', async () => {
			const home = makeHome({ release: 'A="\u001b[2J\r\u009bx"\nb c=1\n$(id)=2\nZ=\u202e' }, 'jre\n\u001b[2J');
			const env = { JDK_JAVA_OPTIONS: 'a\nJAVA_VERSION=9\u0007' };
			const target = await startTarget({ program: join(home, 'bin/java'), argv0: 'j\nb=2\u001b', env });
			const { code, stdout } = await release(target);
			assert.equal(code, 0);
			assert.deepEqual(stdout.split('\n').slice(0, 5), [
				`HOME              ${dirname(home)}/jre\\n␛[2J`,
				'A                 ␛[2J\\r�x',
				'Z                 �',
				'JDK_JAVA_OPTIONS  a\\nJAVA_VERSION=9␇',
				'command line      j\\nb=2␛',
			]);
		});
	});

/** The home of a Java whose program waits for its stdin. */
function makeHome(files: Record<string, string>, name = 'jre'): string {
	const home = join(newFolder(), name);
	writeFiles(home, files);
	mkdirSync(join(home, 'bin'), { recursive: true });
	copyFileSync(programPath('cat') ?? '', join(home, 'bin/java'));
	return home;
}
