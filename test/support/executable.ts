import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The program under test: what `npm run build` made for this machine.
 * @throws Error when it was not built
 */
export function executable(): string {
	const cpu = process.arch === 'x64' ? 'amd64' : process.arch;
	const file = fileURLToPath(new URL(`../../dist/${process.platform}-${cpu}/kubectl-ephemeral`, import.meta.url));
	if (!existsSync(file)) throw new Error(`${file} is missing: npm run build makes it`);
	return file;
}
