import assert from 'node:assert/strict';
import { checkMany, meansMany, parseParallel } from '../../src/commands/many-pods.ts';
import { exitCodeOfAll } from '../../src/session/many-pods.ts';
import { aRequest } from '../support/requests.ts';

describe('several pods', () => {
	it('are meant by --all-pods, --pods and a table', () => {
		const targets = aRequest().targets;
		assert.equal(meansMany({ targets }, undefined), false);
		assert.equal(meansMany({ targets }, 'json'), false);
		assert.equal(meansMany({ targets }, 'table'), true);
		assert.equal(meansMany({ targets: { ...targets, all: true } }, undefined), true);
		assert.equal(meansMany({ targets: { ...targets, pods: ['a'] } }, undefined), true);
	});

	it('have no shell, no terminal and no standard input', () => {
		assert.throws(() => checkMany(aRequest({ command: [] }), 'net'), /a shell opens in one pod at a time/);
		assert.throws(() => checkMany(aRequest({ command: ['x'], tty: true }), 'net'), /a terminal belongs to one pod/);
		assert.throws(() => checkMany(aRequest({ command: ['x'], stdin: true }), 'net'), /standard input goes to one pod/);
		checkMany(aRequest({ command: ['x'] }), 'net');
	});

	it('are eight at a time, or as many as --parallel says', () => {
		assert.equal(parseParallel(undefined), 8);
		assert.equal(parseParallel('40'), 40);
		for (const text of ['0', '-1', 'all', '1.5', '']) assert.throws(() => parseParallel(text), /--parallel/);
	});

	it('give 125 where any gave it, else the highest', () => {
		const codes = (...all: number[]): number => exitCodeOfAll(all.map((exitCode) => ({ exitCode })));
		assert.deepEqual([codes(), codes(0, 0), codes(0, 3, 1), codes(200, 125, 0)], [0, 0, 3, 125]);
	});
});
