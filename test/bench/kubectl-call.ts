import { spawn } from 'node:child_process';

/** Run kubectl and give what it printed. @throws Error with what it said when it fails */
export function runKubectl(program: string, words: string[], env: NodeJS.ProcessEnv, input?: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'pipe'] });
		const out: Buffer[] = [];
		const err: Buffer[] = [];
		child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
		child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
		child.on('error', reject);
		child.on('close', (code) => {
			if (code === 0) resolve(Buffer.concat(out).toString());
			else reject(new Error(`kubectl ${words[0]} ended with ${code}: ${Buffer.concat(err)}`));
		});
		child.stdin.end(input ?? '');
	});
}
