import assert from 'node:assert/strict';
import { lineOfKey } from '../../src/text/yaml.ts';

describe('lineOfKey', () => {
	const TEXT = `# image: none
apiVersion: x
recipes:
  dump:
    image: own
    inputs:
      a: {type: 5, desc: x}
      b:
        type: z
    output: {kind: file,
      name: x}
  "two": {inputs: {b: {type: 1}}}

image: last
list:
- b: 1
files:
  scripts/a.sh: |
    #!/bin/sh
    test: foo
test: {run: x}
`;
	for (const [path, line] of [
		['image', 14],
		['recipes', 3],
		['recipes.dump', 4],
		['recipes.dump.image', 5],
		['recipes.dump.inputs.a', 7],
		['recipes.dump.inputs.a.type', 7],
		['recipes.dump.inputs.b.type', 9],
		['recipes.dump.output.name', 11],
		['recipes.two', 12],
		['recipes.two.inputs.b.type', 12],
		['recipes.dump.nothing', 4],
		['recipes.nothing.image', 3],
		['list.b', 16],
		['test', 21],
		['nothing', undefined],
		['dump', undefined],
	] as const) {
		it(`finds ${path} in line ${line}`, () => assert.equal(lineOfKey(TEXT, path.split('.')), line));
	}
	it('finds keys of a text in flow style, and none in an empty one', () => {
		assert.equal(lineOfKey('{a: 1,\n b: 2}', ['b']), 2);
		assert.equal(lineOfKey('', ['b']), undefined);
		assert.equal(lineOfKey('a: 1', []), undefined);
	});
	it('takes keys to the letter', () => {
		assert.equal(lineOfKey('aXb: 1\na.b: 2\n', ['a.b']), 2);
		assert.equal(lineOfKey('"(": 1\n', ['(']), 1);
	});
	it('ends soon for long texts', () => {
		const began = Date.now();
		lineOfKey(`${' '.repeat(1 << 19)}\n${'a: 1\n'.repeat(100_000)}`, ['x', 'y', 'z']);
		assert.ok(Date.now() - began < 1000);
	});
});
