import assert from 'node:assert/strict';
import { copyRequest } from '../../src/commands/cp.ts';
import { type CopyWord, onePod, parseCopyWord, parseRemotePath } from '../../src/commands/remote-path.ts';
import { UsageError } from '../../src/errors.ts';

describe('a word of cp', () => {
	const inPod: [string, string | undefined, string | undefined, string][] = [
		['web-0:/var/log', 'web-0', undefined, '/var/log'],
		['deploy/web:/x', 'deploy/web', undefined, '/x'],
		['pod/web-0:x', 'pod/web-0', undefined, 'x'],
		['shop/web-0:/x', 'web-0', 'shop', '/x'],
		['web-0:/a:b', 'web-0', undefined, '/a:b'],
		['c:/x', 'c', undefined, '/x'],
		['web-0:-', 'web-0', undefined, '-'],
	];
	for (const [word, target, namespace, path] of inPod) {
		it(`${word} is in a pod`, () => {
			assert.deepEqual(parseCopyWord(word, false, 'linux'), { where: 'pod', remote: { target, namespace, path } });
		});
	}
	for (const word of ['file', './a:b', '../a:b', '/tmp/a:b', 'C:\\temp\\x', '-', '.', 'dir/']) {
		it(`${word} is on this machine`, () => {
			assert.deepEqual(parseCopyWord(word, false, 'linux'), { where: 'here', path: word });
		});
	}
	it('C:/x is a drive on Windows', () => {
		assert.deepEqual(parseCopyWord('C:/x', false, 'win32'), { where: 'here', path: 'C:/x' });
	});
	it(':/x takes its pod from a selector', () => {
		assert.deepEqual(parseCopyWord(':/x', true), {
			where: 'pod',
			remote: { target: undefined, namespace: undefined, path: '/x' },
		});
	});
	const wrong: [string, boolean][] = [
		['', false],
		['web-0:', false],
		[':/x', false],
		['a/b/c:/x', false],
		['shop/:/x', false],
		['web-0:/x', true],
	];
	for (const [word, chosen] of wrong) {
		it(`"${word}" is refused${chosen ? ' with -l' : ''}`, () => {
			assert.throws(() => parseCopyWord(word, chosen), UsageError);
		});
	}
	it('ls takes only paths in a pod', () => assert.throws(() => parseRemotePath('/var', false), UsageError));
});

describe('the words of cp together', () => {
	const words = (...all: string[]): CopyWord[] => all.map((word) => parseCopyWord(word, false));
	it('download', () => {
		assert.deepEqual(copyRequest(words('a:/x', 'a:/y', '.')), {
			direction: 'download',
			remotes: [
				{ target: 'a', namespace: undefined, path: '/x' },
				{ target: 'a', namespace: undefined, path: '/y' },
			],
			local: '.',
		});
	});
	it('upload', () => {
		assert.deepEqual(copyRequest(words('x', 'y', 'a:/')), {
			direction: 'upload',
			locals: ['x', 'y'],
			remotes: [{ target: 'a', namespace: undefined, path: '/' }],
		});
	});
	for (const all of [[], ['a'], ['a', 'b'], ['a:/x', 'b:/y'], ['a:/x', 'y', 'z'], ['x', 'a:/y', 'b:/z']]) {
		it(`${all.join(' ') || 'nothing'} is refused`, () => assert.throws(() => copyRequest(words(...all)), UsageError));
	}
	it('names one pod', () => {
		const remotes = [parseRemotePath('shop/a:/x', false), parseRemotePath('shop/a:/y', false)];
		assert.deepEqual(onePod(remotes, 'shop'), { target: 'a', namespace: 'shop' });
		assert.throws(() => onePod(remotes, 'other'), UsageError);
		assert.throws(() => onePod([...remotes, parseRemotePath('b:/x', false)], undefined), UsageError);
	});
});
