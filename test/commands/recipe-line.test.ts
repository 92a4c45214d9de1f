import assert from 'node:assert/strict';
import { shapesOf } from '../../src/commands/flags.ts';
import { RECIPE_FLAGS } from '../../src/commands/recipe.ts';
import { readRecipeLine, recipeAt } from '../../src/commands/recipe-line.ts';
import { ALL_SESSION_FLAGS } from '../../src/commands/session.ts';
import { UsageError } from '../../src/errors.ts';
import { readDocument } from '../../src/toolkit/parse.ts';
import type { Recipe } from '../../src/toolkit/toolkit.ts';

/** A recipe as a toolkit's file says it. */
function aRecipe(inputs: object, name = 'dns'): Recipe {
	const parsed = readDocument(
		{
			apiVersion: 'ephemeral/v1',
			kind: 'Toolkit',
			name: 'acme',
			description: 'x',
			image: 'r.test/x:1',
			recipes: { [name]: { description: 'x', run: 'true', inputs } },
		},
		'here',
		'acme',
	);
	assert.ok(parsed.kind === 'Toolkit');
	const [recipe] = parsed.toolkit.recipes;
	assert.ok(recipe);
	return recipe;
}

const SHAPES = shapesOf(RECIPE_FLAGS);
const read = (recipe: Recipe, ...behind: string[]) => readRecipeLine(behind, SHAPES, recipe, 'acme dns');

describe('recipeAt', () => {
	const recipes = [aRecipe({}, 'capture'), aRecipe({}, 'dns')];
	const at = (...argv: string[]) => recipeAt(argv, shapesOf(ALL_SESSION_FLAGS), recipes)?.at;
	for (const [argv, where] of [
		[['acme', 'capture', 'web-0'], 1],
		[['-n', 'open', 'acme', '-q', 'capture', 'web-0', '--unknown', '-x'], 4],
		[['acme', '--context=prod', 'dns', '--', '-x'], 2],
		[['acme', 'web-0'], undefined],
		[['acme', 'pod/capture'], undefined],
		[['acme', 'pod', 'capture'], undefined],
		[['acme', '--', 'capture'], undefined],
		[['acme'], undefined],
		[['acme', '--unknown', 'capture'], undefined],
	] as const) {
		it(`finds ${where ?? 'none'} in ${argv.join(' ')}`, () => assert.equal(at(...argv), where));
	}
});

describe('readRecipeLine', () => {
	const dns = aRecipe({
		host: { description: 'Name to ask for', positional: true, required: true },
		type: { description: 'Type', type: 'choice', choices: ['A', 'AAAA'], default: 'A', positional: true },
		resolver: { description: 'Resolver' },
		interface: { description: 'Interface', short: 'i' },
		live: { description: 'Live', type: 'boolean', default: true },
		for: { description: 'How long', type: 'duration', short: 't' },
		most: { description: 'Bytes', type: 'size' },
		port: { description: 'Port', type: 'port', default: 53 },
	});
	for (const [behind, target, values] of [
		[['web-0', 'a.test'], ['web-0'], { host: 'a.test' }],
		[['deploy/web', 'a.test', 'AAAA'], ['deploy/web'], { host: 'a.test', type: 'AAAA' }],
		[['deploy', 'web', 'a.test'], ['deploy', 'web'], { host: 'a.test' }],
		[['-l', 'app=web', 'a.test'], [], { host: 'a.test' }],
		[['--pods', 'a,b', 'a.test'], [], { host: 'a.test' }],
		[['web-0', 'a.test', '-i', 'lo'], ['web-0'], { host: 'a.test', interface: 'lo' }],
		[['web-0', '-ilo', 'a.test'], ['web-0'], { host: 'a.test', interface: 'lo' }],
		[['web-0', 'a.test', '--interface=lo', '--interface', 'eth0'], ['web-0'], { host: 'a.test', interface: 'eth0' }],
		[['web-0', 'a.test', '--no-live'], ['web-0'], { host: 'a.test', live: 'false' }],
		[['web-0', 'a.test', '--live=false', '--live'], ['web-0'], { host: 'a.test', live: 'true' }],
		[['web-0', 'a.test', '-t', '1m30s', '--most', '1.5Ki'], ['web-0'], { host: 'a.test', for: '90', most: '1536' }],
		[['web-0', '--', '-x'], ['web-0'], { host: '-x' }],
		[['web-0', '--resolver', '--', 'x', '--', 'a'], ['web-0'], { host: 'a' }],
	] as [string[], string[], Record<string, string>][]) {
		it(`reads ${behind.join(' ')}`, () => {
			if (behind.includes('--resolver')) {
				// `--` ends the flags wherever it stands, as everywhere.
				assert.throws(() => read(dns, ...behind), /flag needs an argument: --resolver/);
				return;
			}
			const line = read(dns, ...behind);
			assert.deepEqual(line.target, target);
			assert.deepEqual(line.values, { type: 'A', live: 'true', port: '53', ...values });
		});
	}

	it('leaves the flags of every command to them', () => {
		const { flags, target } = read(dns, 'web-0', 'a.test', '-n', 'open', '-q', '--dry-run', '-w', 'out');
		assert.deepEqual(flags, ['--namespace=open', '--quiet', '--dry-run=server', '--write=out']);
		assert.deepEqual(target, ['web-0']);
	});

	for (const [behind, message] of [
		[['web-0'], /^acme dns needs HOST behind NAME: Name to ask for$/],
		[['web-0', 'a', 'B'], /^invalid argument "B" for TYPE: it must be A or AAAA; did you mean A\?$/],
		[['web-0', 'a', 'A', 'more'], /^"more" is a word too many: acme dns takes NAME HOST TYPE$/],
		[['web-0', 'a', '--port', '0'], /^invalid argument "0" for --port: it must be a port, 1 to 65535$/],
		[['web-0', 'a', '--for', 'soon'], /^invalid argument "soon" for --for: it must be a duration/],
		[['web-0', 'a', '--most', '-1'], /^invalid argument "-1" for --most: it must be a size/],
		[['web-0', 'a', '--resolv', 'x'], /^unknown flag: --resolv$/],
		[['web-0', 'a', '--live=maybe'], /^invalid argument "maybe" for "--live" flag: it is true or false$/],
		[
			['web-0', 'a', '--resolver', `x${'y'.repeat(200_000)}`],
			/^invalid argument "xy+…" for --resolver: it is \d+ bytes long/,
		],
		[['web-0', 'a', '--resolver', 'a\0b'], /--resolver: it contains a NUL byte/],
		[['web-0', 'a', '--resolver', 'a\ufffdb'], /--resolver: it is no valid UTF-8/],
		[['web-0', 'a', '--resolver', '\x1b[2J', '--port', 'x\x1b'], /^invalid argument "x␛" for --port/],
	] as [string[], RegExp][]) {
		it(`refuses ${JSON.stringify(behind).slice(0, 60)}`, () => {
			assert.throws(
				() => read(dns, ...behind),
				(error) => error instanceof UsageError && message.test(error.message),
			);
		});
	}

	const hostile = [
		`'; rm -rf / #$(id)\n\`id\``,
		'"$HOME" \\ $x',
		'-n',
		'--',
		'a\nb\n\n',
		'ä€𝄞',
		'*',
		' ',
		'%s\\n',
		'=x=',
		'\t\x01\x7f',
	];
	for (const value of hostile) {
		it(`takes ${JSON.stringify(value)} to the letter`, () => {
			assert.equal(read(dns, 'web-0', 'a', `--resolver=${value}`).values.resolver, value);
			assert.equal(read(dns, 'web-0', '--', value).values.host, value);
		});
	}

	it('holds a value against its pattern, whole', () => {
		const recipe = aRecipe({ word: { description: 'x', pattern: '[a-z]+' } });
		assert.deepEqual(read(recipe, 'web-0', '--word', 'abc').values, { word: 'abc' });
		for (const word of ['abc1', '1abc', 'abc\n', ''])
			assert.throws(() => read(recipe, 'web-0', `--word=${word}`), /for --word: it must match \[a-z\]\+$/);
	});
});
