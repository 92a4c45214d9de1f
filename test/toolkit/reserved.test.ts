import assert from 'node:assert/strict';
import { shapesOf } from '../../src/commands/flags.ts';
import { KIND_WORDS } from '../../src/commands/kinds.ts';
import { RECIPE_FLAGS } from '../../src/commands/recipe.ts';
import { ALL_SESSION_FLAGS } from '../../src/commands/session.ts';
import { FLAG_LETTERS, FLAG_NAMES, KIND_NAMES } from '../../src/toolkit/reserved.ts';

describe('names that are taken', () => {
	const shapes = shapesOf({ ...ALL_SESSION_FLAGS, ...RECIPE_FLAGS });

	it('are those of every flag that may stand beside an input', () => {
		assert.deepEqual(
			Object.keys(shapes).filter((name) => !FLAG_NAMES.includes(name)),
			[],
		);
	});

	it('are their letters, but for -i and -t, which stand before a recipe’s name', () => {
		const letters = Object.values(shapes).flatMap(({ char }) => char ?? []);
		assert.deepEqual(letters.toSorted(), [...FLAG_LETTERS, 'i', 't'].toSorted());
	});

	it('are kubectl’s words for kinds that stand for pods', () => {
		assert.deepEqual(
			KIND_WORDS.filter((word) => !KIND_NAMES.includes(word)),
			[],
		);
	});
});
