import assert from 'node:assert/strict';
import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePrograms, newFolder, programPath, type Run, runScript, SHELLS } from './script.ts';
import { endTargets, startTarget, type Target } from './target.ts';

/** A real Go program that is on every machine with these tests: the TypeScript compiler; it waits for its stdin. */
const [GO_PROGRAM = ''] = globSync('node_modules/@typescript/typescript-*/lib/tsc', {
	cwd: fileURLToPath(new URL('../..', import.meta.url)),
}).map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** What `go version -m FILE` says of a small program. */
const TOLD = [
	'go1.26.10',
	'\tpath\texample.test/web',
	'\tmod\texample.test/web\tv1.2.3\th1:abc=',
	'\tdep\tgolang.org/x/sync\tv0.7.0\th1:def=',
	'\tdep\texample.test/forked\tv1.0.0',
	'\t=>\t../forked\t(devel)\t',
	'\tbuild\t-ldflags="-s -w"',
	'\tbuild\tCGO_ENABLED=0',
	'\tbuild\tvcs=git',
	'\tbuild\tvcs.revision=0123456789abcdef',
	'\tbuild\tvcs.time=2026-05-01T10:02:33Z',
	'\tbuild\tvcs.modified=false',
];
const PRINTED = [
	'go        go1.26.10',
	'path      example.test/web',
	'module    example.test/web v1.2.3',
	'revision  0123456789abcdef, 2026-05-01 10:02 UTC',
	'modules   2',
	'settings  -ldflags="-s -w"',
	'          CGO_ENABLED=0',
	'',
];

for (const shell of SHELLS)
	describe(`go info, by ${shell.name}`, function () {
		this.slow(6000);
		afterEach(endTargets);
		const info = ({ env }: Target, more = {}): Promise<Run> => runScript(shell, 'go/info', { env, ...more });

		it('reads a real program without go', async () => {
			const target = await startTarget({ program: GO_PROGRAM, words: ['--lsp', '--stdio'] });
			const { code, stdout, stderr } = await info(target, { programs: makePrograms({ go: '#!/bin/sh\nexit 1\n' }) });
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^go {8}go1\.\d+(\.\d+)?.*\npath {6}github\.com\/microsoft\/typescript-go\/cmd\/tsgo\n/);
			assert.match(stdout, /\nmodule {4}github\.com\/microsoft\/typescript-go v\S+\n/);
			assert.match(
				stdout,
				/\nrevision {2}[0-9a-f]{40}, \d{4}-\d\d-\d\d \d\d:\d\d UTC(, with changes)?\nmodules {3}\d+\n/,
			);
			assert.match(stdout, /\n {10}CGO_ENABLED=[01]\n {10}GOARCH=\w+\n {10}GOOS=linux\n/);
		});

		it('takes what go says where it says something', async () => {
			const target = await startTarget();
			const text = `#!/bin/sh\necho "$* $GOROOT $HOME $GOTOOLCHAIN" >"$0.words"\necho "$3: ${TOLD[0]}"\ncat <<'X'\n${TOLD.slice(1).join('\n')}\nX\n`;
			const programs = makePrograms({ go: text });
			const { code, stdout, stderr } = await info(target, { programs });
			assert.deepEqual([code, stderr], [0, '']);
			assert.deepEqual(stdout.split('\n'), PRINTED);
			const words = readFileSync(join(programs, 'go.words'), 'utf8');
			assert.equal(words, `version -m /proc/${target.pid}/exe /nowhere /nowhere local\n`);
		});

		it('finds the same in the bytes, past what only looks like it', async () => {
			const { code, stdout, stderr } = await info(await startProgram(inline(TOLD[0] ?? '', modinfo())));
			assert.deepEqual([code, stderr], [0, '']);
			assert.deepEqual(stdout.split('\n'), PRINTED);
		});

		it('says what a program without module information has', async () => {
			const { code, stdout, stderr } = await info(await startProgram(inline('devel go1.27-abc Fri Nov 20 2026', '')));
			assert.deepEqual([code, stdout], [0, 'go        devel go1.27-abc Fri Nov 20 2026\n']);
			assert.equal(stderr, 'it was built without module information: only the version of Go is in it\n');
		});

		it('says that it cannot read a program from before 1.18', async () => {
			const pointers = Buffer.concat([MAGIC, Buffer.from([8, 0]), Buffer.alloc(16, 0x5a), Buffer.alloc(64)]);
			const { code, stdout, stderr } = await info(await startProgram(pointers));
			assert.deepEqual([code, stdout], [1, '']);
			assert.match(stderr, /^error: \/\S+ was built by a Go before 1\.18, and the image has no go to read that\n$/);
		});

		it('says that a program is none of Go, and whose it is where it is closed', async () => {
			const none = await info(await startTarget({ argv0: '\u001b[2J' }));
			assert.deepEqual([none.code, none.stdout], [1, '']);
			assert.match(none.stderr, /^error: \/\S+, process \d+, is no Go program; ps shows .*\n$/);
			const closed = await info(await startTarget(), { user: { uid: 4321, gid: 4321 } });
			assert.deepEqual([closed.code, closed.stdout], [1, '']);
			assert.match(closed.stderr, /^error: the program of process \d+ is closed to 4321:4321; it takes .* 0:0, .*\n$/);
		});

		it('goes by the name it was called by where it is closed in the root of the target', async () => {
			const target = await startProgram(inline(TOLD[0] ?? '', modinfo()));
			const env = { ...target.env, TARGET_ROOT: '/' };
			const { code, stdout } = await info({ ...target, env }, { user: { uid: 4321, gid: 4321 } });
			assert.equal(code, 0);
			assert.deepEqual(stdout.split('\n'), PRINTED);
		});

		it('lets nothing hostile through', async () => {
			const evil = 'go1.26.10\n\tpath\tx\u001b[2J\u009b$(id)\n\tbuild\t-ldflags=\u202ea';
			const text = `#!/bin/sh\ncat <<'X'\n/proc/1/exe: ${evil}\nX\n`;
			const { stdout } = await info(await startTarget(), { programs: makePrograms({ go: text }) });
			assert.match(stdout, /^path {6}x\?\[2J\?+\$\(id\)$/m);
			assert.match(stdout, /^settings {2}-ldflags=\?+a$/m);
		});
	});

const MAGIC = Buffer.from('\u00ff Go buildinf:', 'latin1');

function modinfo(): string {
	return TOLD.slice(1)
		.map((line) => `${line.slice(1)}\n`)
		.join('');
}

/** What the linker writes (cmd/link/internal/ld/data.go): the magic, 8, 2, 16 bytes, two strings behind their lengths. */
function inline(version: string, info: string): Buffer {
	const marks = ['3077af0c9274080241e1c107e6d618e6', 'f932433186182072008242104116d8f2'];
	const text =
		info === ''
			? ''
			: Buffer.concat([Buffer.from(marks[0] ?? '', 'hex'), Buffer.from(info), Buffer.from(marks[1] ?? '', 'hex')]);
	const decoy = Buffer.concat([MAGIC, Buffer.from('\0cannot read\0path\tdecoy\nmod\tdecoy\n')]);
	const head = Buffer.concat([MAGIC, Buffer.from([8, 2]), Buffer.alloc(16)]);
	return Buffer.concat([decoy, head, sized(Buffer.from(version)), sized(Buffer.from(text))]);
}

function sized(bytes: Buffer): Buffer {
	const length = bytes.length;
	return Buffer.concat([Buffer.from(length < 128 ? [length] : [128 | (length & 127), length >> 7]), bytes]);
}

/** A program with some bytes behind it, running. */
async function startProgram(bytes: Buffer): Promise<Target> {
	const file = join(newFolder(), 'app');
	copyFileSync(programPath('cat') ?? '', file);
	writeFileSync(file, bytes, { flag: 'a' });
	return startTarget({ program: file });
}
