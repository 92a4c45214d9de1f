import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Each folder of src/ with those it may use; the order is the flow of the data. */
const MAY_USE: Record<string, string[]> = {
	main: ['commands', 'catalogue'],
	index: ['toolkit'],
	commands: ['session', 'catalogue', 'packages', 'plan', 'cluster', 'formats', 'toolkit', 'text', 'errors'],
	catalogue: ['packages', 'cluster', 'toolkit', 'text', 'errors'],
	packages: ['toolkit', 'text', 'errors'],
	session: ['plan', 'cluster', 'formats', 'inside', 'toolkit', 'text', 'errors'],
	plan: ['toolkit', 'text', 'errors'],
	cluster: ['text', 'errors'],
	formats: ['toolkit', 'text', 'errors'],
	inside: [],
	toolkit: ['text', 'errors'],
	text: ['errors'],
	errors: [],
};

interface Import {
	file: string;
	line: string;
	/** The path from src/, or the package's name. */
	target: string;
	typeOnly: boolean;
}

const imports = globSync('src/**/*.ts', { cwd: root }).flatMap(importsOf);

describe('import directions', () => {
	it('finds imports at all', () => assert.ok(imports.length > 50));

	it('run one way between the folders of src/', () => {
		const wrong = imports.filter(({ file, target }) => {
			if (!target.startsWith('src/')) return false;
			const [from, to] = [roomOf(file), roomOf(target)];
			return from !== to && !MAY_USE[from]?.includes(to);
		});
		assert.deepEqual(
			wrong.map(({ file, line }) => `${file}: ${line}`),
			[],
		);
	});

	it('leave the Kubernetes client to cluster/, but for its types', () => {
		const wrong = imports.filter(
			({ file, target, typeOnly }) => target === '@kubernetes/client-node' && !typeOnly && roomOf(file) !== 'cluster',
		);
		assert.deepEqual(wrong, []);
	});

	it('keep files, network and clock out of plan/, and network out of toolkit/', () => {
		const wrong = imports.filter(({ file, target }) => {
			if (roomOf(file) === 'plan') return target.startsWith('node:') && target !== 'node:crypto';
			return roomOf(file) === 'toolkit' && /^node:(http|https|net|tls|child_process)$/.test(target);
		});
		assert.deepEqual(wrong, []);
		const clocks = globSync('src/plan/**/*.ts', { cwd: root }).filter((file) =>
			/\bDate\.now\(|new Date\(\)|Math\.random\(|performance\.now/.test(readFileSync(join(root, file), 'utf8')),
		);
		assert.deepEqual(clocks, []);
	});

	it('never reach from src/ into test/ or bin/', () => {
		assert.deepEqual(
			imports.filter(({ target }) => /^(test|bin)\//.test(target)),
			[],
		);
	});
});

describe('toolkits are data', () => {
	it('no name of one stands in src/', () => {
		const names =
			/(['"`])(net|java|go)\1|(ephemeral|toolkit) (net|java|go)\b|ke-(net|java|go)\b|plugins\/(net|java|go)/;
		const found = globSync('src/**/*.{ts,sh}', { cwd: root }).flatMap((file) =>
			readFileSync(join(root, file), 'utf8')
				.split('\n')
				.filter((line) => names.test(line))
				.map((line) => `${file}: ${line.trim()}`),
		);
		assert.deepEqual(found, []);
	});
});

function importsOf(file: string): Import[] {
	const text = readFileSync(join(root, file), 'utf8');
	const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)'|import\('([^']+)'\)/gm);
	return [...found].map(([line, type, from, dynamic]) => {
		const path = from ?? dynamic ?? '';
		const target = path.startsWith('.') ? normalize(join(dirname(file), path)) : path;
		return { file, line: line.replace(/\s+/g, ' '), target, typeOnly: type !== undefined };
	});
}

function roomOf(path: string): string {
	const [, room = ''] = path.split('/');
	return room.replace(/\.ts$/, '');
}
