import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	chownSync,
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/catalogue/digest.ts';
import { openCatalogue } from '../../src/catalogue/open.ts';
import { ourPaths } from '../../src/catalogue/paths.ts';
import { type Asking, ensureTrusted, type Standing, standingOf } from '../../src/catalogue/trust.ts';
import { openTrustStore } from '../../src/catalogue/trust-store.ts';
import { UserError } from '../../src/errors.ts';
import { mergeConfigurations, NO_CONFIGURATION, parseConfiguration } from '../../src/toolkit/configuration.ts';
import type { SourcedToolkit } from '../../src/toolkit/toolkit.ts';
import { aHome, type Home, recipesYaml, SCRIPT, toolkitYaml } from '../support/home.ts';

const RECIPE = 'recipes:\n  hello: {description: Hello, script: scripts/hello.sh}\n';

describe('digestOf', () => {
	it('is what sha256sum says, said once more, so that it can be had by hand', () => {
		const home = aHome();
		home.write('acme/toolkit.yaml', toolkitYaml('acme', RECIPE));
		home.write('acme/scripts/hello.sh', SCRIPT);
		const command = 'sha256sum scripts/hello.sh toolkit.yaml | sha256sum';
		const [byHand = ''] = execFileSync('sh', ['-c', command], {
			cwd: join(home.folder, 'acme'),
			encoding: 'utf8',
		}).split(' ');
		home.remove();
		const parts = { 'toolkit.yaml': toolkitYaml('acme', RECIPE), 'scripts/hello.sh': SCRIPT };
		assert.equal(digestOf(parts), `sha256:${byHand}`);
	});
	it('tells texts from the names they stand under', () => {
		const all: Record<string, string>[] = [{ a: 'b' }, { b: 'a' }, { a: 'b', c: '' }, { a: 'b\n' }, {}];
		const digests = all.map(digestOf);
		assert.equal(new Set(digests).size, digests.length);
		assert.equal(digestOf({ a: '1', b: '2' }), digestOf({ b: '2', a: '1' }));
	});
});

describe('trust', () => {
	let home: Home;
	beforeEach(() => {
		home = aHome();
	});
	afterEach(() => home.remove());

	const writeAcme = (folder: string, script = SCRIPT): void => {
		home.write(join(folder, 'acme/toolkit.yaml'), toolkitYaml('acme', `${RECIPE}include: [common]\n`));
		home.write(join(folder, 'acme/scripts/hello.sh'), script);
		home.write(
			join(folder, 'common/toolkit.yaml'),
			recipesYaml('common', 'recipes:\n  a: {description: A, script: a.sh}\n'),
		);
		home.write(join(folder, 'common/a.sh'), SCRIPT);
	};
	const acme = async (path = ''): Promise<SourcedToolkit> => {
		const catalogue = await openCatalogue({ HOME: home.folder, KUBECTL_EPHEMERAL_PATH: path }, '1');
		const found = catalogue.toolkits.find(({ toolkit }) => toolkit.name === 'acme');
		assert.ok(found, catalogue.problems.join());
		return found;
	};
	/** As from a source that only a digest makes good. */
	const foreign = async (): Promise<SourcedToolkit> => ({
		...(await acme(join(home.folder, 'team'))),
		trust: 'digest',
	});
	const standing = async (sourced: SourcedToolkit, configuration = ''): Promise<Standing> =>
		standingOf(sourced, await parseConfiguration(configuration, 'c.yaml'), ourPaths({ HOME: home.folder }));
	const shown: string[] = [];
	const ensure = async (
		sourced: SourcedToolkit,
		{ configuration = '', answer, yes = false }: { configuration?: string; answer?: boolean; yes?: boolean } = {},
	): Promise<void> => {
		shown.length = 0;
		const asking: Asking = {
			yes,
			ask: answer === undefined ? undefined : async (question) => shown.push(question) > 0 && answer,
			show: (line) => void shown.push(line),
		};
		await ensureTrusted(sourced, await parseConfiguration(configuration, 'c.yaml'), asking, { HOME: home.folder });
	};
	const refused = (work: Promise<void>, message: RegExp, hint: RegExp): Promise<void> =>
		assert.rejects(
			work,
			(error) =>
				(error instanceof UserError && message.test(error.message) && hint.test(error.hint ?? '')) ||
				assert.fail(error instanceof UserError ? `${error.message}\n${error.hint}` : String(error)),
		);

	it('is not asked for what is built in', async () => {
		const { toolkits } = await openCatalogue({ HOME: home.folder }, '1');
		for (const sourced of toolkits) assert.equal((await standing(sourced)).state, 'yes');
	});

	it('covers the document, every script it uses, and the sets of its own source that it includes', async () => {
		writeAcme('team');
		const { parts } = await (await foreign()).contents();
		assert.deepEqual(Object.keys(parts).sort(), [
			'../common/a.sh',
			'../common/toolkit.yaml',
			'scripts/hello.sh',
			'toolkit.yaml',
		]);
		const { digest } = await standing(await foreign());
		for (const file of ['acme/toolkit.yaml', 'acme/scripts/hello.sh', 'common/toolkit.yaml', 'common/a.sh']) {
			const path = join(home.folder, 'team', file);
			const before = readFileSync(path, 'utf8');
			writeFileSync(path, `${before}# more\n`);
			assert.notEqual((await standing(await foreign())).digest, digest, file);
			writeFileSync(path, before);
			assert.equal((await standing(await foreign())).digest, digest, file);
		}
		home.write('team/acme/notes.txt', 'no part of it');
		assert.equal((await standing(await foreign())).digest, digest);
		cpSync(join(home.folder, 'team'), join(home.folder, 'elsewhere'), { recursive: true });
		const other = await acme(join(home.folder, 'elsewhere'));
		assert.equal((await standing(other)).digest, digest, 'wherever it stands');
	});

	it('runs the very bytes that were agreed to, whatever becomes of the files', async () => {
		writeAcme('team');
		const sourced = await foreign();
		await sourced.contents();
		home.write('team/acme/scripts/hello.sh', '#!/bin/sh\nrm -rf /\n');
		assert.equal((await sourced.scripts())['scripts/hello.sh'], SCRIPT);
	});

	describe("of the user's own folder", () => {
		beforeEach(() => writeAcme(home.toolkits));

		it('is given where nobody else can write it', async () => {
			assert.deepEqual(
				[(await standing(await acme())).state, (await standing(await acme())).because],
				['yes', "the user's own"],
			);
			await ensure(await acme());
		});

		for (const path of [
			'acme/toolkit.yaml',
			'acme/scripts/hello.sh',
			'acme/scripts',
			'acme',
			'common/a.sh',
			'common',
			'.',
			'..',
		]) {
			it(`is not given where others may write ${path}, and it is said`, async () => {
				const file = join(home.toolkits, path);
				for (const bits of [0o020, 0o002]) {
					const { mode } = statSync(file);
					chmodSync(file, mode | bits);
					const { state, because } = await standing(await acme());
					assert.deepEqual([state, because], ['no', `${file} may be written by others`]);
					chmodSync(file, mode & ~0o022);
				}
				assert.equal((await standing(await acme())).state, 'yes');
			});
		}

		it('is not given where it is owned by somebody else', async function () {
			if (process.getuid?.() !== 0) return this.skip();
			chownSync(join(home.toolkits, 'acme/scripts/hello.sh'), 12345, 12345);
			assert.equal((await standing(await acme())).state, 'no');
			await refused(
				ensure(await acme(), { yes: true }),
				/is not trusted: .*hello\.sh may be written by others/,
				/trust acme@sha256:/,
			);
		});

		it('follows a link to where the toolkit is kept, and looks at the whole way there', async () => {
			mkdirSync(join(home.folder, 'src'));
			execFileSync('mv', [join(home.toolkits, 'acme'), join(home.folder, 'src/acme')]);
			symlinkSync(join(home.folder, 'src/acme'), join(home.toolkits, 'acme'));
			assert.equal((await standing(await acme())).state, 'yes');
			chmodSync(join(home.folder, 'src'), 0o777);
			assert.equal((await standing(await acme())).because, `${join(home.folder, 'src')} may be written by others`);
			chmodSync(join(home.folder, 'src'), 0o1777);
			assert.equal((await standing(await acme())).state, 'yes', 'as in /tmp');
		});

		it('may be agreed to by digest all the same', async () => {
			chmodSync(join(home.toolkits, 'acme/toolkit.yaml'), 0o666);
			const { digest } = await standing(await acme());
			assert.equal((await standing(await acme(), `trust: {acme: "${digest}"}`)).state, 'yes');
		});
	});

	describe('of a folder that KUBECTL_EPHEMERAL_PATH names', () => {
		beforeEach(() => writeAcme('team'));
		const named = () => acme(join(home.folder, 'team'));

		it('is asked for in each run, and --yes is enough', async () => {
			await ensure(await named(), { yes: true });
			assert.deepEqual(shown, []);
			await ensure(await named(), { answer: true });
			assert.match(
				shown.join('\n'),
				/^toolkit "acme" comes from .*\/team, which .* names; it runs registry\.test\/acme:1\./,
			);
			await refused(
				ensure(await named()),
				/comes from .*\/team, which KUBECTL_EPHEMERAL_PATH names$/,
				/^--yes agrees to it for this run; for good: kubectl ephemeral toolkits trust acme@sha256:[0-9a-f]{64}\n/,
			);
			await refused(ensure(await named(), { answer: false }), /"acme" was not agreed to$/, /For good: /);
		});

		it('is not asked for where its digest is trusted, until it changes; then --yes is enough again', async () => {
			const sourced = await named();
			openTrustStore(ourPaths({ HOME: home.folder })).trust('acme', 'x', (await sourced.contents()).parts);
			await ensure(await named());
			writeAcme('team', '#!/bin/sh\necho changed\n');
			await refused(ensure(await named()), /KUBECTL_EPHEMERAL_PATH/, /--yes/);
			await ensure(await named(), { yes: true });
			await ensure(await named(), { answer: true });
			assert.ok(shown.includes('+echo changed'), shown.join('\n'));
		});
	});

	describe('of everything else', () => {
		beforeEach(() => writeAcme('team'));

		it('takes a digest, and --yes is none', async () => {
			for (const options of [{}, { yes: true }, { yes: true, answer: true }])
				await refused(
					ensure(await foreign(), options),
					/^toolkit "acme" from .*acme\/toolkit\.yaml has not been agreed to on this machine$/,
					/toolkits show acme\. To agree: kubectl ephemeral toolkits trust acme@sha256:[0-9a-f]{64}$/,
				);
		});

		it('is given by the digest in a configuration, of the user or of the machine', async () => {
			const { digest } = await standing(await foreign());
			await ensure(await foreign(), { configuration: `trust: {acme: "${digest}"}` });
			const [user, system] = [
				await parseConfiguration(`trust: {acme: "sha256:${'0'.repeat(64)}"}`, 'u'),
				await parseConfiguration(`trust: {acme: "${digest}"}`, 's'),
			];
			const paths = ourPaths({ HOME: home.folder });
			for (const both of [mergeConfigurations(user, system), mergeConfigurations(system, user)])
				assert.equal((await standingOf(await foreign(), both, paths)).state, 'yes');
			assert.equal((await standingOf(await foreign(), user, paths)).state, 'changed');
			assert.equal((await standing(await foreign(), `trust: {other: "${digest}"}`)).state, 'no');
		});

		it('asks again after a change, and shows what has changed, against a digest in a configuration too', async () => {
			const { digest } = await standing(await foreign());
			const configuration = `trust: {acme: "${digest}"}`;
			await ensure(await foreign(), { configuration });
			writeAcme('team', '#!/bin/sh\necho changed\n');
			await refused(
				ensure(await foreign(), { configuration, yes: true }),
				/^toolkit "acme" from .* has changed since it was agreed to$/,
				/^To agree to it as it is now: kubectl ephemeral toolkits trust acme@sha256:[0-9a-f]{64}$/,
			);
			const difference = [
				'--- agreed/scripts/hello.sh',
				'+++ now/scripts/hello.sh',
				'@@ -1,2 +1,2 @@',
				' #!/bin/sh',
				'-echo hello',
				'+echo changed',
			];
			assert.deepEqual(shown, difference);
			await refused(ensure(await foreign(), { configuration, answer: false }), /was not agreed to/, /Later: /);
			await ensure(await foreign(), { configuration, answer: true });
			assert.deepEqual(shown.slice(0, difference.length), difference);
			await ensure(await foreign());
			assert.deepEqual(shown, [], 'and no more');
		});

		it('says so where the texts that were agreed to are lost, or were tampered with', async () => {
			const store = openTrustStore(ourPaths({ HOME: home.folder }));
			store.trust('acme', 'x', (await (await foreign()).contents()).parts);
			writeAcme('team', '#!/bin/sh\necho changed\n');
			const { trusted } = ourPaths({ HOME: home.folder });
			const [file = ''] = readdirSync(trusted);
			writeFileSync(join(trusted, file), JSON.stringify({ 'toolkit.yaml': 'nothing to see' }));
			await refused(ensure(await foreign()), /has changed/, /To agree/);
			assert.match(shown.join('\n'), /^Its texts as they were agreed to are no longer here\./);
			rmSync(trusted, { recursive: true });
			await refused(ensure(await foreign()), /has changed/, /To agree/);
		});

		it('is not read from a record that is damaged or that others may write', async () => {
			const paths = ourPaths({ HOME: home.folder });
			openTrustStore(paths).trust('acme', 'x', (await (await foreign()).contents()).parts);
			assert.equal(statSync(paths.trust).mode & 0o777, 0o600);
			await ensure(await foreign());
			chmodSync(paths.trust, 0o602);
			await refused(
				ensure(await foreign()),
				/trust\.json, which says what is trusted, may be written by others/,
				/^chmod 600 /,
			);
			for (const text of ['', '{', '[]', '{"toolkits": 5}']) {
				rmSync(paths.trust);
				writeFileSync(paths.trust, text, { mode: 0o600 });
				await refused(ensure(await foreign()), /trust\.json, which says what is trusted, is damaged/, /^Remove it/);
			}
		});

		it('is forgotten when it is taken back', async () => {
			const store = openTrustStore(ourPaths({ HOME: home.folder }));
			store.trust('acme', 'x', (await (await foreign()).contents()).parts);
			assert.equal(store.forget('acme'), true);
			assert.equal(store.forget('acme'), false);
			assert.equal((await standing(await foreign())).state, 'no');
		});
	});

	describe('where a policy says whose toolkits may run', () => {
		it('admits kinds and sources named whole, and nobody else, the box included', async () => {
			writeAcme('team');
			const folder = join(home.folder, 'team');
			const named = await acme(folder);
			const { toolkits } = await openCatalogue({ HOME: home.folder }, '1');
			const [box] = toolkits;
			assert.ok(box);
			for (const [words, forAcme, forBox] of [
				['[team]', true, false],
				['[built-in]', false, true],
				['[built-in, team]', true, true],
				[`[${folder}]`, true, false],
				[`[${folder}/]`, true, false],
				[`[${home.folder}]`, false, false],
				['[]', false, false],
			] as const) {
				const configuration = `policy: {trustedSources: ${words}}`;
				assert.equal((await standing(named, configuration)).state !== 'forbidden', forAcme, words);
				assert.equal((await standing(box, configuration)).state !== 'forbidden', forBox, words);
			}
		});

		it('names the file and the key, and nothing overrules it', async () => {
			writeAcme('team');
			const named = await acme(join(home.folder, 'team'));
			const { digest } = await standing(named);
			const configuration = `trust: {acme: "${digest}"}\npolicy: {trustedSources: [built-in, "@acme/tools"]}`;
			await refused(
				ensure(named, { configuration, yes: true, answer: true }),
				/^toolkit "acme" from .* is not among policy\.trustedSources of c\.yaml$/,
				/^It admits built-in, @acme\/tools\.$/,
			);
			const [strict, lax] = [
				await parseConfiguration('policy: {trustedSources: [built-in]}', 's'),
				await parseConfiguration('policy: {trustedSources: [team]}', 'u'),
			];
			const paths = ourPaths({ HOME: home.folder });
			assert.equal(
				(await standingOf(named, mergeConfigurations(lax, strict), paths)).because,
				'policy.trustedSources of s',
			);
			assert.equal((await standingOf(named, mergeConfigurations(lax, NO_CONFIGURATION), paths)).state, 'asks');
		});
	});
});
