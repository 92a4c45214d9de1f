import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable } from '../support/executable.ts';
import { toolkitYaml } from '../support/home.ts';
import type { Row } from './row.ts';

const TOOLKITS = 30;
const RECIPES = 10;
/** Those of the box. */
const BOX = 3;

/** `--help` with 30 toolkits of 10 recipes, as a ratio of our own with those of the box alone; `end` removes what it made. */
export function manyToolkits(): { row: Row; end(): void } {
	const folder = mkdtempSync(join(tmpdir(), 'ke-bench-'));
	const [many, few] = [join(folder, 'many'), join(folder, 'few')];
	for (let i = BOX; i < TOOLKITS; i++) {
		const name = `team-${i}`;
		const at = join(many, '.config/kubectl-ephemeral/toolkits', name);
		mkdirSync(join(at, 'scripts'), { recursive: true });
		writeFileSync(join(at, 'toolkit.yaml'), toolkitYaml(name, recipes()));
		for (let recipe = 0; recipe < RECIPES; recipe++)
			writeFileSync(join(at, 'scripts', `work-${recipe}.sh`), '#!/bin/sh\necho done\n');
	}
	mkdirSync(few);
	const help = (home: string) => () => ({
		program: executable(),
		words: ['--help'],
		env: { PATH: process.env.PATH, HOME: home },
	});
	return {
		row: { name: '--help with 30 toolkits / with 3', target: 1.2, ours: help(many), theirs: help(few) },
		end: () => rmSync(folder, { recursive: true, force: true }),
	};
}

function recipes(): string {
	const lines = Array.from(
		{ length: RECIPES },
		(_, i) => `  work-${i}:
    description: Work number ${i}, and what it is good for
    inputs:
      process: {type: integer, description: Which process}
      duration: {type: duration, default: 30s, description: For how long}
      all: {type: boolean, default: true, description: All of it}
    needs: [SYS_PTRACE]
    script: scripts/work-${i}.sh
    timeout: 15m
    output: {kind: file, format: hprof, name: "{pod}-{time}.hprof"}
    pods: each
    test: {run: command -v jcmd}
`,
	);
	return `recipes:\n${lines.join('')}`;
}
