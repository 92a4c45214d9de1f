import assert from 'node:assert/strict';
import { planContainer } from '../../src/plan/container.ts';
import { planRecipe, spareCapabilities, toolkitFor } from '../../src/plan/recipe.ts';
import type { RecipeRequest } from '../../src/plan/request.ts';
import type { Recipe, Toolkit } from '../../src/toolkit/toolkit.ts';
import { aPlanInput, aToolkit } from '../support/requests.ts';

function aRecipe(changes: Partial<Recipe> = {}): Recipe {
	return {
		name: 'dump',
		description: 'x',
		inputs: [],
		body: { run: 'true' },
		needs: [],
		wants: [],
		control: false,
		output: { kind: 'text' },
		pods: 'never',
		...changes,
	};
}

const asked = (recipe: Recipe, values: Record<string, string> = {}): RecipeRequest => ({
	recipe,
	values,
	write: undefined,
	overwrite: false,
	yes: false,
	localPort: undefined,
});

/** The container planned for a recipe, or for the shell. */
function containerFor(toolkit: Toolkit, recipe?: Recipe) {
	const planned = toolkitFor(toolkit, recipe);
	const request = recipe ? { command: [recipe.name], recipe: asked(recipe) } : {};
	return planContainer(aPlanInput(request, { toolkit: planned, image: planned.image })).candidates[0];
}

describe('a toolkit as its container is planned for', () => {
	const sniff = aRecipe({ name: 'sniff', needs: ['NET_RAW'], wants: ['NET_ADMIN'] });
	const trace = aRecipe({ name: 'trace', needs: ['SYS_PTRACE'] });
	const toolkit = aToolkit({ wants: ['SYS_CHROOT'], recipes: [sniff, trace] });

	it('has what the shell and all recipes need and want together, so that all share it', () => {
		const names = [undefined, sniff, trace].map((recipe) => containerFor(toolkit, recipe).container.name);
		assert.equal(new Set(names).size, 1);
		const { container } = containerFor(toolkit);
		assert.deepEqual(container.securityContext?.capabilities?.add?.toSorted(), [
			'NET_ADMIN',
			'NET_RAW',
			'SYS_CHROOT',
			'SYS_PTRACE',
		]);
	});

	it('is another for a recipe with an image or a profile of its own', () => {
		const other = aRecipe({ name: 'other', image: 'r.test/other:1', needs: ['SYS_TIME'] });
		const all = aToolkit({ wants: [], recipes: [sniff, other] });
		assert.equal(containerFor(all, other).container.image, 'r.test/other:1');
		assert.ok(!containerFor(all).container.securityContext?.capabilities?.add?.includes('SYS_TIME'));
		assert.equal(toolkitFor(all, aRecipe({ profile: 'sysadmin' })).profile, 'sysadmin');
	});

	it('needs what the recipe needs, and no more', () => {
		assert.deepEqual(toolkitFor(toolkit, sniff).needs, ['NET_RAW']);
		assert.deepEqual(toolkitFor(toolkit, undefined).needs, []);
	});

	it('gives up for a recipe what was added for others, and keeps what any container has', () => {
		const candidate = containerFor(toolkit);
		assert.deepEqual(spareCapabilities(sniff, candidate, []), ['SYS_PTRACE']);
		assert.deepEqual(spareCapabilities(trace, candidate, []), ['NET_ADMIN']);
		assert.deepEqual(spareCapabilities(trace, candidate, ['cap_net_admin']), []);
		const privileged = {
			container: { name: 'x', securityContext: { privileged: true, capabilities: { add: ['BPF'] } } },
		};
		assert.deepEqual(spareCapabilities(trace, privileged, []), []);
	});

	it('is refused where a recipe must be root and cannot', () => {
		const rootly = aRecipe({ user: 'root' });
		const planned = toolkitFor(aToolkit({ recipes: [rootly] }), rootly);
		const input = aPlanInput({ command: ['dump'], recipe: asked(rootly), profile: 'restricted' }, { toolkit: planned });
		assert.throws(() => planContainer(input), /net dump works as root, and no container here can be root/);
	});
});

describe('what a recipe runs', () => {
	it('has each input in its environment, and positional ones as arguments as far as they are given', () => {
		const word = { type: 'string', description: 'x', required: false } as const;
		const recipe = aRecipe({
			body: { script: 'scripts/x.sh' },
			inputs: [
				{ ...word, name: 'host-name', positional: true },
				{ ...word, name: 'server', positional: true },
				{ ...word, name: 'type', positional: false },
			],
		});
		const plan = planRecipe(aToolkit(), asked(recipe, { 'host-name': "a'b" }), { 'scripts/x.sh': '#!/bin/sh\n' });
		assert.deepEqual(plan.env, [
			{ name: 'INPUT_HOST_NAME', value: "a'b" },
			{ name: 'INPUT_SERVER', value: '' },
			{ name: 'INPUT_TYPE', value: '' },
		]);
		assert.deepEqual([plan.args, plan.script], [["a'b"], '#!/bin/sh\n']);
		assert.deepEqual(planRecipe(aToolkit(), asked(recipe, { server: 'x' }), { 'scripts/x.sh': '' }).args, ['', 'x']);
		assert.throws(() => planRecipe(aToolkit(), asked(recipe), {}), /no script scripts\/x\.sh/);
	});
});
